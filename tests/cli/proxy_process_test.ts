import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { runToEnd, UNREACHABLE_BROKER } from "../support/real_program.ts";
import { listProxyVariables, startSilentSocket } from "../support/silent_socket.ts";

/** Every command that talks to the broker, with what makes it do so. */
const TALKING = [
  ["run", "--run-once", "--ignore-market-hours"],
  ["check"],
  ["status", "--broker"],
  ["flatten"],
  ["ledger", "verify"],
  ["ledger", "rebuild"],
];

const WATCHLIST =
  "Symbol,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R2\nNVDA,120,124.2,-3.4,117.1,136.6\n";
const ENTRIES = JSON.stringify({ date_ny: "2026-01-05", entries: [] });

/** Runs `act` with a state directory that holds a ledger, so that every command has something to ask about. */
async function inDir(act: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-proxy-" });
  try {
    await Deno.mkdir(`${dir}/state`, { mode: 0o700 });
    await Deno.writeTextFile(`${dir}/state/live_orders_today.json`, ENTRIES, { mode: 0o600 });
    await Deno.writeTextFile(`${dir}/daily_candidates.csv`, WATCHLIST);
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

for (const args of TALKING) {
  for (const scheme of ["http", "https"]) {
    Deno.test(`${args.join(" ")} sends no byte to a proxy that the environment names, over ${scheme}`, () =>
      inDir(async (dir) => {
        const proxy = startSilentSocket();
        const broker = startSilentSocket();
        const url = `${scheme}://127.0.0.1:${broker.port}`;
        await runToEnd({
          args,
          env: {
            ...UNREACHABLE_BROKER,
            APCA_API_BASE_URL: url,
            APCA_API_DATA_URL: url,
            AVWAP_BASE_DIR: dir,
            AVWAP_STATE_DIR: `${dir}/state`,
          },
          runtimeEnv: listProxyVariables(proxy.port),
          writeDir: dir,
        });
        const [toProxy, toBroker] = [await proxy.stop(), await broker.stop()];
        assertEquals(toProxy, 0);
        assert(toBroker > 0, "it did not talk at all");
      }));
  }
}

Deno.test("run refuses to start, and check asks nobody, where the runtime would tell a collector of each request", () =>
  inDir(async (dir) => {
    for (const args of [["run", "--run-once"], ["check"]]) {
      const told: string[] = [];
      const collector = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        (request) => {
          told.push(new URL(request.url).pathname);
          return new Response();
        },
      );
      const broker = startSilentSocket();
      const url = `http://127.0.0.1:${broker.port}`;
      const { status, stdout, stderr } = await runToEnd({
        args,
        env: {
          ...UNREACHABLE_BROKER,
          APCA_API_BASE_URL: url,
          APCA_API_DATA_URL: url,
          AVWAP_BASE_DIR: dir,
          AVWAP_STATE_DIR: `${dir}/state`,
          OTEL_DENO: "TRUE",
        },
        runtimeEnv: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}` },
        writeDir: dir,
      });
      await collector.shutdown();
      assertEquals(await broker.stop(), 0);
      // How long the runtime's own housekeeping took: that leaves before the program has begun, and tells nothing.
      assertEquals(told.filter((path) => path !== "/v1/metrics"), []);
      assert(status === 78 || args[0] === "check", `${status} ${stderr}`);
      assertStringIncludes(`${stdout}${stderr}`, 'OTEL_DENO is "TRUE"');
    }
  }));

Deno.test("run names the certificate authorities that the environment adds, and check warns of them", () =>
  inDir(async (dir) => {
    const bundle = `${dir}/lab.pem`;
    await Deno.writeTextFile(bundle, "");
    const start = {
      env: {
        ...UNREACHABLE_BROKER,
        AVWAP_BASE_DIR: dir,
        AVWAP_STATE_DIR: `${dir}/state`,
        NODE_EXTRA_CA_CERTS: bundle,
      },
      writeDir: dir,
    };
    const words = "the runtime trusts the certificate authorities of";
    const run = await runToEnd({ ...start, args: ["run", "--run-once"] });
    assertStringIncludes(run.stdout, `NODE_EXTRA_CA_CERTS is set: ${words} "${bundle}"`);
    const check = await runToEnd({ ...start, args: ["check"] });
    assertStringIncludes(check.stdout.replace(/\s+/g, " "), `NODE_EXTRA_CA_CERTS: ${words}`);
  }));
