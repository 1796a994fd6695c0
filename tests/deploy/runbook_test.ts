import { parseOptions } from "../../src/cli/options.ts";
import { COMMANDS } from "../../src/cli/program.ts";
import { assert, assertEquals } from "../assert.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);
const RUNBOOK = await Deno.readTextFile(new URL("RUNBOOK.md", DEPLOY));

Deno.test("the runbook has the sections of the live-trading runbook, in its order", () => {
  const numbers = [...RUNBOOK.matchAll(/^## ([\d.]+)\) /gm)].map((match) => match[1]);
  assertEquals(numbers, ["1", "2", "3", "3.5", "4", "5", "6", "7", "8", "9", "10", "11"]);
  const steps = [...RUNBOOK.matchAll(/^### (4\.\d) /gm)].map((match) => match[1]);
  assertEquals(steps, ["4.1", "4.2", "4.3", "4.4", "4.5", "4.6"]);
});

/** The words after the program's name, wherever the runbook gives a command to type. */
function listCalls(): string[][] {
  return [...RUNBOOK.matchAll(/(?:^|`)avwap-execution ([^`\n#|&>]+)/gm)]
    .map((match) => (match[1] ?? "").trim().split(/\s+/))
    .filter(([word = ""]) => /^[a-z]+$/.test(word));
}

Deno.test("every command of the runbook is one that the program knows, with its options", () => {
  const calls = listCalls();
  assert(calls.length > 20);
  for (const words of calls) {
    const command = COMMANDS.find((each) =>
      each.name === words.slice(0, each.name.split(" ").length).join(" ")
    );
    assert(command !== undefined, words.join(" "));
    const given = command.argument === undefined ? 0 : 1;
    const options = words.slice(command.name.split(" ").length + given);
    parseOptions(options, [...command.options, { name: "help", valueName: null, help: "" }]);
  }
});

Deno.test("every script of the runbook is in deploy/, and may be executed", async () => {
  const scripts = new Set(
    [...RUNBOOK.matchAll(/\b([a-z]+\.sh)\b/g)].map((match) => match[1] ?? ""),
  );
  const needed = ["install.sh", "rollback.sh", "uninstall.sh", "upgrade.sh", "verify.sh"];
  assertEquals(needed.filter((script) => !scripts.has(script)), []);
  for (const script of scripts) {
    const { mode } = await Deno.stat(new URL(script, DEPLOY));
    assertEquals((mode ?? 0) & 0o111, 0o111, script);
  }
});

Deno.test("each switch of the runbook edits a line, or names a file, that the installation writes", async () => {
  const unit = await Deno.readTextFile(new URL("unit.sh", DEPLOY));
  const releases = await Deno.readTextFile(new URL("releases.sh", DEPLOY));
  const edits = [...RUNBOOK.matchAll(/sed -i 's\/(.+?)\/Environment=DRY_RUN=[01]\/' (\S+)/g)];
  assertEquals(edits.length, 1);
  for (const [, pattern = "", path = ""] of edits) {
    assert(new RegExp(pattern, "m").test(unit), pattern);
    assertEquals(path, "/etc/systemd/system/execution.service.d/50-dry-run.conf");
  }
  const named = [
    ...RUNBOOK.matchAll(/EnvironmentFile=(\/etc\/avwap-execution\/[a-z-]+)\\n' > (\S+)/g),
  ];
  assertEquals(named.map(([, , path]) => path), [
    "/etc/systemd/system/execution.service.d/zz-dry-run.conf",
    "/etc/systemd/system/execution.service.d/zz-kill.conf",
    "/etc/systemd/system/execution.service.d/zz-dry-run.conf",
  ]);
  for (const [, path = ""] of named) assert(releases.includes(`"$ROOT${path}" 0600`), path);
});
