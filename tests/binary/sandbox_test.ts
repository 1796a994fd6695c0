import { z } from "zod";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { listProxyVariables, startSilentSocket } from "../support/silent_socket.ts";
import { type Artefact, buildArtefact, findFreePort, runArtefact } from "./artefact.ts";

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

const PLAIN = { HOME: "/root", PATH: "/usr/bin:/bin" };

/**
 * What whoever writes the service's environment could try: to be dialled instead of the broker, to be trusted, to have code
 * loaded or run, to have permissions given or asked for.
 */
function buildHostile({ baseDir }: Artefact, port: number): Record<string, string> {
  return {
    ...PLAIN,
    ...listProxyVariables(port),
    NO_PROXY: "",
    no_proxy: "",
    DENO_TLS_CA_STORE: "system,mozilla",
    DENO_CERT: `${baseDir}/daily_candidates.csv`,
    NODE_EXTRA_CA_CERTS: `${baseDir}/daily_candidates.csv`,
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_OPTIONS: "--allow-all --require=/tmp/avwap-hostile.js",
    NODE_PATH: "/tmp",
    DENO_V8_FLAGS: "--allow-natives-syntax,--expose-gc",
    DENO_DIR: "/tmp",
    DENO_AUTH_TOKENS: `token@127.0.0.1:${port}`,
    DENO_NO_PROMPT: "0",
    DENO_TRACE_PERMISSIONS: "1",
    DENO_UNSTABLE_WORKER_OPTIONS: "1",
    DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    LD_LIBRARY_PATH: "/tmp",
  };
}

Deno.test("the sandbox of the compiled binary refuses everything but what trading needs, whatever the environment says", async () => {
  const artefact = await buildArtefact(["--self-test", "--healthcheck-host=healthcheck.invalid"]);
  const proxy = startSilentSocket();
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
    const words = ["self-test", stateDir, baseDir, `127.0.0.1:${port}`, String(otherPort)];
    for (const env of [PLAIN, buildHostile(artefact, proxy.port)]) {
      asked.length = 0;
      const { status, lines } = await runArtefact(artefact, words, env);
      assertEquals(status, 0, lines.join("\n"));
      checkAttempts(lines);
      assertEquals(asked, ["/sim-self-test-redirect"]);
    }
    assertEquals([...Deno.readDirSync(stateDir)].map(({ name }) => name), ["self-test"]);
    const { lines: version } = await runArtefact(artefact, ["--version"]);
    assertStringIncludes(version.join("\n"), "healthcheck host: healthcheck.invalid");
    assertStringIncludes(version.join("\n"), "self-test: inside, not for production");
    assertEquals(await proxy.stop(), 0);
  } finally {
    other.close();
    await server.shutdown();
    await artefact.remove();
  }
});

/** Each attempt ended as it must, the refused ones by the sandbox. */
function checkAttempts(lines: readonly string[]): void {
  const attempts = lines.map((line) => AttemptLine.parse(JSON.parse(line)));
  assert(attempts.length > 30);
  for (const { attempt, outcome, error } of attempts) {
    const isNeeded = ALLOWED.includes(attempt);
    assertEquals(outcome, isNeeded ? "allowed" : "failed", attempt);
    if (isNeeded || NOT_LOADED.includes(attempt)) continue;
    assertEquals(error, "NotCapable", attempt);
  }
}
