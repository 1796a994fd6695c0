import { VERSION } from "../../src/cli/version.ts";
import { assert, assertEquals } from "../assert.ts";
import { readText } from "./texts.ts";

/** The first release has no date. */
const HEADING = /^## (\d+\.\d+\.\d+)(?:, (not released yet|\d{4}-\d{2}-\d{2}))?$/;

/** Releases of the change log, newest first. */
async function listReleases(): Promise<{ version: string; dated: string }[]> {
  const text = await readText("deploy/CHANGELOG.md");
  return text.split("\n").filter((line) => line.startsWith("## ")).map((line) => {
    const [, version = "", dated = ""] = HEADING.exec(line) ?? [];
    assert(
      version !== "",
      `${line}: a release is "## X.Y.Z, YYYY-MM-DD" or "## X.Y.Z, not released yet"`,
    );
    return { version, dated };
  });
}

/** A release as one number. */
function rank(version: string): number {
  return version.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0);
}

Deno.test("the program says the newest release of the change log, under way or not", async () => {
  assertEquals(VERSION, (await listReleases())[0]?.version);
});

Deno.test("the change log has its releases newest first, and only the newest may be under way", async () => {
  const releases = await listReleases();
  releases.forEach(({ version, dated }, index) => {
    const before = releases[index - 1];
    if (before === undefined) return;
    assert(rank(version) < rank(before.version), `${version} after ${before.version}`);
    assert(dated !== "not released yet", version);
  });
});
