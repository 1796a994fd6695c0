import { z } from "zod";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { buildArtefact, findFreePort, runArtefact } from "./artefact.ts";

const AttemptLine = z.strictObject({
  attempt: z.string(),
  outcome: z.enum(["allowed", "failed"]),
  error: z.string(),
});

/** What trading needs: if these failed too, the refusals below would prove nothing. */
const ALLOWED = [
  "read the state directory",
  "write the state directory",
  "read the base directory",
  "connect to the allowed host",
  "reach the healthcheck's host",
  "read a variable of the interface",
];
/** Refused by the module loader, which has an error of its own. */
const NOT_LOADED = ["import over the network"];

Deno.test("the sandbox of the compiled binary refuses everything but what trading needs", async () => {
  const artefact = await buildArtefact(["--self-test", "--healthcheck-host=healthcheck.invalid"]);
  const { root, baseDir, stateDir, port } = artefact;
  const otherPort = findFreePort();
  const asked: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      return pathname === "/sim-self-test-redirect"
        ? Response.redirect(`http://127.0.0.1:${otherPort}/`, 302)
        : new Response("export {}", { headers: { "content-type": "text/javascript" } });
    },
  );
  // A refused connection must be the sandbox's doing, so something listens there.
  const other = Deno.listen({ hostname: "127.0.0.1", port: otherPort });
  try {
    await Deno.writeTextFile(`${baseDir}/daily_candidates.csv`, "x");
    await Deno.writeTextFile(`${root}/outside.txt`, "x");
    const { status, lines } = await runArtefact(
      artefact,
      ["self-test", stateDir, baseDir, `127.0.0.1:${port}`, String(otherPort)],
      { HOME: "/root", PATH: "/usr/bin:/bin" },
    );
    assertEquals(status, 0, lines.join("\n"));
    const attempts = lines.map((line) => AttemptLine.parse(JSON.parse(line)));
    assert(attempts.length > 30);
    for (const { attempt, outcome, error } of attempts) {
      const isNeeded = ALLOWED.includes(attempt);
      assertEquals(outcome, isNeeded ? "allowed" : "failed", attempt);
      if (isNeeded || NOT_LOADED.includes(attempt)) continue;
      assertEquals(error, "NotCapable", attempt);
    }
    assertEquals(asked, ["/sim-self-test-redirect"]);
    assertEquals([...Deno.readDirSync(stateDir)].map(({ name }) => name), ["self-test"]);
    const { lines: version } = await runArtefact(artefact, ["--version"]);
    assertStringIncludes(version.join("\n"), "healthcheck host: healthcheck.invalid");
    assertStringIncludes(version.join("\n"), "self-test: inside, not for production");
  } finally {
    other.close();
    await server.shutdown();
    await artefact.remove();
  }
});
