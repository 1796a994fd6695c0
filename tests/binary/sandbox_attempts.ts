// Put into a test build only (`compile --self-test`): tries, from inside the artefact, what its sandbox must refuse, and
// as a control what it must allow. Prints one JSON line an attempt: {"attempt", "outcome", "error"}.
// Usage: avwap-execution self-test STATE_DIR BASE_DIR ALLOWED_HOST:PORT OTHER_PORT

const [, stateDir = "", baseDir = "", allowed = "", otherPort = ""] = Deno.args;
const [allowedHost = "", allowedPort = ""] = allowed.split(":");

async function connect(hostname: string, port: string): Promise<void> {
  const connection = await Deno.connect({ hostname, port: Number(port) });
  connection.close();
}

const ATTEMPTS: Readonly<Record<string, () => unknown>> = {
  // What trading needs.
  "read the state directory": () => Deno.readDirSync(stateDir).next(),
  "write the state directory": () => Deno.writeTextFileSync(`${stateDir}/self-test`, "x"),
  "read the base directory": () => Deno.readTextFileSync(`${baseDir}/daily_candidates.csv`),
  "connect to the allowed host": () => connect(allowedHost, allowedPort),
  // Asked for instead of called: no host of that name is there.
  "reach the healthcheck's host": () => {
    const { state } = Deno.permissions.querySync({ name: "net", host: "healthcheck.invalid:443" });
    if (state !== "granted") throw new Deno.errors.NotCapable(state);
  },
  "read a variable of the interface": () => Deno.env.get("DRY_RUN"),
  // What nobody needs.
  "read /etc/passwd": () => Deno.readTextFileSync("/etc/passwd"),
  "read beside the base directory": () => Deno.readTextFileSync(`${baseDir}/../outside.txt`),
  "read another process's environment": () => Deno.readFileSync("/proc/1/environ"),
  "read our own environment as a file": () => Deno.readFileSync("/proc/self/environ"),
  "write the base directory": () => Deno.writeTextFileSync(`${baseDir}/written`, "x"),
  "write /tmp": () => Deno.writeTextFileSync("/tmp/avwap-self-test", "x"),
  "write past the state directory": () => Deno.writeTextFileSync(`${stateDir}/../written`, "x"),
  "remove the watchlist": () => Deno.removeSync(`${baseDir}/daily_candidates.csv`),
  "link out of the state directory": () => Deno.symlinkSync("/etc/passwd", `${stateDir}/link`),
  "connect to another port": () => connect(allowedHost, otherPort),
  "connect to another address of this machine": () => connect("127.0.0.2", allowedPort),
  "connect to another host": () => connect("192.0.2.1", "443"),
  "connect to the broker without TLS": () => connect("api.alpaca.markets", "80"),
  "connect to the healthcheck's host without TLS": () => connect("healthcheck.invalid", "80"),
  "connect to a healthcheck that was not compiled in": () => connect("hc-ping.com", "443"),
  "fetch from another host": () => fetch("https://example.com/"),
  "be redirected to another port": () =>
    fetch(`http://${allowed}/sim-self-test-redirect`, { redirect: "follow" }),
  "listen": () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
  "read another variable": () => Deno.env.get("HOME"),
  "read all variables": () => Deno.env.toObject(),
  "set a variable": () => Deno.env.set("PATH", "/tmp"),
  "start a process": () => new Deno.Command("/bin/true").outputSync(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
  "import over the network": () => import(`http://${allowed}/module.js`),
  "ask for the host's name": () => Deno.hostname(),
  "change the working directory's files": () => Deno.mkdirSync("avwap-self-test"),
  "kill another process": () => Deno.kill(1, "SIGCONT"),
  "be asked for a permission": async () => {
    const { state } = await Deno.permissions.request({ name: "run" });
    if (state !== "granted") throw new Deno.errors.NotCapable(state);
  },
};

const lines: string[] = [];
for (const [attempt, act] of Object.entries(ATTEMPTS)) {
  let outcome = "allowed";
  let error = "";
  try {
    await act();
  } catch (thrown) {
    outcome = "failed";
    error = thrown instanceof Error ? thrown.name : String(thrown);
  }
  lines.push(JSON.stringify({ attempt, outcome, error }));
}
Deno.stdout.writeSync(new TextEncoder().encode(`${lines.join("\n")}\n`));
Deno.exit(0);
