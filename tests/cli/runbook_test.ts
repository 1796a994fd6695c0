import type { Environment } from "../../src/runtime/environment.ts";
import { sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { runRemedy } from "./remedy.ts";

/** The operator's host: a service with its environment, a shell with the same, and Slack. */
class Host {
  environment: Environment;
  readonly slack: string[] = [];
  #service: ReturnType<SimulatedProgram["run"]> | null = null;

  constructor(readonly program: SimulatedProgram, environment: Environment) {
    this.environment = environment;
  }

  /** `systemctl edit`: the drop-in's lines; an empty value takes a variable out. */
  edit(lines: Environment): void {
    this.environment = { ...this.environment, ...lines };
  }

  /** `systemctl restart execution.service`, and the log until a line with `text`. */
  async restart(text: string): Promise<void> {
    await this.stop();
    const seen = this.untilLine(text);
    const options = ["--poll-seconds=20", "--entry-delay-min=0", "--entry-delay-max=0"];
    this.#service = this.program.run(["run", ...options], this.environment);
    await seen;
  }

  /** `systemctl stop execution.service`; what the journal has of this start. */
  async stop(): Promise<readonly string[]> {
    if (this.#service === null) return [];
    this.program.raise("SIGTERM");
    const { status, lines, error } = await this.#service;
    this.#service = null;
    assertEquals([status, error], [0, ""]);
    return lines;
  }

  untilLine(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.program.onLine(text, resolve);
    return promise;
  }

  /** A command in the operator's shell. */
  async shell(...args: string[]): Promise<{ status: number; text: string }> {
    const { status, lines, error } = await this.program.run(args, this.environment);
    return { status, text: [...lines, error].join("\n") };
  }

  /** Pastes the remedy that `check` prints for an item. */
  async followRemedy(name: string): Promise<void> {
    const { text } = await this.shell("check", "--json");
    const report: { items: { name: string; remedy: { text: string } | null }[] } = JSON.parse(text);
    const item = report.items.find((each) => each.name === name);
    this.environment = await runRemedy(this.program, item?.remedy?.text ?? "", this.environment);
  }

  countOrders(): number {
    const { requests } = this.program.simulator.exchange;
    return requests.filter(({ method }) => method !== "GET").length;
  }
}

async function onHost(act: (host: Host) => Promise<void>): Promise<void> {
  const startMs = sampleOpenMs() + 40 * 60_000;
  await withSimulatedProgram({ startMs, speed: 20 }, async (program) => {
    const host = new Host(program, {
      DRY_RUN: "1",
      ALLOWLIST_SYMBOLS: "NVDA",
      MAX_LIVE_ORDERS_PER_DAY: "2",
      MAX_LIVE_POSITIONS: "1",
      MAX_LIVE_GROSS_NOTIONAL: "1000",
      MAX_LIVE_NOTIONAL_PER_SYMBOL: "1000",
    });
    const slack = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        host.slack.push(await request.text());
        return new Response("ok");
      },
    );
    host.edit({ SLACK_WEBHOOK_URL: `http://127.0.0.1:${slack.addr.port}/hook` });
    try {
      await act(host);
    } finally {
      await host.stop();
      await slack.shutdown();
    }
  });
}

Deno.test("the runbook, sections 3, 3.5, 4, 5, 7 and 9, can be followed with the commands", () =>
  onHost(async (host) => {
    const { program } = host;

    // 3 Preconditions: the service runs in DRY_RUN, and everything is healthy.
    await host.restart("SUBMITTED NVDA: qty=7 order_id=dry-run");
    const preflight = await host.shell("check", "--verbose", "--slack-test");
    assertEquals(preflight.status, 0, preflight.text);
    for (const name of ["credentials", "watchlist", "broker", "calendar", "lock", "slack"]) {
      assertMatch(preflight.text, new RegExp(`^PASS ${name}`, "m"));
    }
    assert(host.slack.some((text) => text.includes("Slack test")));
    assertMatch((await host.shell("status")).text, /^Mode +DRY_RUN: DRY_RUN enabled$/m);

    // 3.5 Go or no-go: caps and allowlist are set and conservative, the gate says why it is in DRY_RUN.
    assertMatch(preflight.text, /^PASS allowlist +NVDA$/m);
    assertMatch(preflight.text, /^PASS caps +MAX_LIVE_ORDERS_PER_DAY=2 /m);
    assertMatch(preflight.text, /^\d+ PASS, \d+ WARN, 0 FAIL: GO$/m);
    const dryLines = await host.stop();
    assert(
      dryLines.some((line) =>
        line.endsWith("Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled")
      ),
    );
    assertEquals(host.countOrders(), 0);

    // 4.1 and 4.2 The two keys, before DRY_RUN goes: check finds the second one missing, and its remedy makes it.
    host.edit({ LIVE_TRADING: "1" });
    const noToken = await host.shell("check");
    assertEquals(noToken.status, 78);
    assertMatch(noToken.text, /^FAIL token +no token file that can be read/m);
    await host.followRemedy("token");
    assertMatch(host.environment.LIVE_CONFIRM_TOKEN ?? "", /^[0-9a-f]{32}$/);
    assertMatch((await host.shell("check", "--verbose")).text, /^PASS token/m);
    assertMatch((await host.shell("status")).text, /^Mode +DRY_RUN: DRY_RUN enabled$/m);

    // 4.4 The live ledger must exist: lost, it blocks LIVE, and the remedy builds it from the broker's orders.
    host.edit({ DRY_RUN: "" });
    await Deno.remove(`${program.stateDir}/live_orders_today.json`);
    assertMatch(
      (await host.shell("status")).text,
      /^Mode .*ledger unavailable \(ledger missing\)$/m,
    );
    assertMatch((await host.shell("check")).text, /^FAIL live ledger +missing/m);
    await host.followRemedy("live ledger");
    assertEquals((await host.shell("ledger", "verify")).status, 0);
    const go = await host.shell("check");
    assertEquals(go.status, 0, go.text);
    assertMatch(go.text, /^run would start LIVE: live trading confirmed$/m);

    // 4.3 and 5 DRY_RUN is gone, the service restarted: the log and Slack prove LIVE.
    await host.restart("SUBMITTED NVDA: qty=7 order_id=");
    assertMatch((await host.shell("status")).text, /^Mode +LIVE: live trading confirmed$/m);
    await host.stop();
    await host.restart("Gate caps(");
    const liveLines = await host.stop();
    for (
      const text of [
        "Gate mode=LIVE status=PASS reason=live trading confirmed",
        "Gate allowlist=NVDA",
        "Gate caps(orders/day=2, positions=1, gross_notional=1000.0, per_symbol=1000.0)",
      ]
    ) assert(liveLines.some((line) => line.endsWith(text)), text);
    assertEquals(host.slack.filter((text) => text.includes("Live trading enabled")).length, 1);
    assertMatch((await host.shell("ledger", "show")).text, /buy +NVDA +7 +\d+\.\d\d +accepted/);
    const shown = (await host.shell("status", "--broker")).text;
    assertMatch(shown, /NVDA +7 .*stop 117\.10/);

    // 7 Emergency: the kill switch, then the broker side.
    await host.restart("Gate mode=LIVE");
    const killed = host.untilLine("WARNING Kill switch active (file)");
    const gate = host.untilLine("Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)");
    assertStringIncludes((await host.shell("kill", "--reason", "drill")).text, "no exit is sent");
    await Promise.all([killed, gate]);
    const orders = host.countOrders();
    assertStringIncludes(
      (await host.shell("flatten", "--close-positions")).text,
      "Nothing was done",
    );
    assertEquals(host.countOrders(), orders);
    const flattened = await host.shell("flatten", "--close-positions", "--yes");
    assertEquals(flattened.status, 0, flattened.text);
    assertStringIncludes(flattened.text, "No position is left.");
    assertEquals(program.simulator.exchange.portfolio.positions.size, 0);
    await host.stop();
    const active = host.slack.filter((text) => text.includes("Kill switch active"));
    assertEquals(active.length, 1);
    assertStringIncludes(active[0] ?? "", "NVDA");
    assertMatch((await host.shell("status")).text, /^Kill switch +ON \(file\): \S+ drill$/m);

    // 9 Recovery: ledger integrity, a new token, the kill switch cleared, a safe restart without duplicates.
    assertEquals((await host.shell("ledger", "verify")).status, 0);
    assertEquals((await host.shell("check")).status, 78);
    const old = host.environment.LIVE_CONFIRM_TOKEN ?? "";
    const { text: printed } = await host.shell("token");
    assertStringIncludes(
      (await host.shell("resume")).text,
      "LIVE stays off: LIVE_CONFIRM_TOKEN mismatch",
    );
    const fresh = /^LIVE_CONFIRM_TOKEN=(\S+)$/m.exec(printed)?.[1] ?? "";
    assertFalse(fresh === old);
    host.edit({ LIVE_CONFIRM_TOKEN: fresh });
    const ready = await host.shell("check");
    assertEquals(ready.status, 0, ready.text);
    const before = host.countOrders();
    await host.restart("Gate mode=LIVE status=PASS");
    await host.stop();
    const lines = (await host.shell("ledger", "show")).text;
    assertEquals(lines.match(/buy +NVDA/g)?.length, 1, lines);
    assertEquals(host.countOrders(), before);
    assertEquals((await host.shell("ledger", "verify")).status, 0);

    // 4.5 After the close LIVE is turned off again.
    program.simulator.advanceTo(sampleOpenMs() + 7 * 3_600_000);
    assertMatch((await host.shell("check")).text, /^WARN overnight +LIVE is on after the close/m);
    host.edit({ DRY_RUN: "1", LIVE_TRADING: "" });
    assertMatch(
      (await host.shell("check", "--verbose")).text,
      /^PASS overnight +LIVE is not left on$/m,
    );
  }));
