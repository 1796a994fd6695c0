import type { Environment } from "../../src/runtime/environment.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { breakRows, rewriteClock, rewriteList } from "../support/rewritten.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

const START_MS = sampleOpenMs() + 40 * 60_000;
const AT_ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const TOKEN = "token-of-the-flatten-test";
const LIVE: Environment = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
const SHOW = ["flatten", "--close-positions", "--all"];
const YES = [...SHOW, "--yes"];

/** A LIVE day: NVDA bought by the engine with its bracket, TSLA held by somebody else with an order of theirs. */
function withPositions(act: (program: SimulatedProgram) => Promise<void>): Promise<void> {
  return withSimulatedProgram({ startMs: START_MS, speed: 20 }, async (program) => {
    await Deno.mkdir(program.stateDir);
    await Deno.writeTextFile(`${program.stateDir}/live_confirm_token.txt`, TOKEN);
    for (let cycle = 0; cycle < 3; cycle++) {
      await program.run(AT_ONCE, LIVE);
      program.simulator.advanceTo(program.simulator.nowMs() + 2_000);
    }
    const { exchange } = program.simulator;
    exchange.setPosition("TSLA", 3, 160);
    exchange.placeByHand({
      symbol: "TSLA",
      qty: "3",
      side: "sell",
      type: "limit",
      limit_price: "400",
      time_in_force: "gtc",
    });
    program.simulator.advanceTo(program.simulator.nowMs() + 2_000);
    await act(program);
  });
}

function listChanges({ simulator }: SimulatedProgram) {
  return simulator.exchange.requests.filter(({ method }) => method !== "GET");
}

/** Positions and working orders as they really are at the broker. */
function readAccount({ simulator }: SimulatedProgram) {
  simulator.nowMs();
  const { exchange } = simulator;
  const working = [...exchange.desk.active.values()].flatMap((book) => [...book.working]);
  return {
    positions: [...exchange.portfolio.positions.values()].map(({ symbol, qty }) =>
      `${symbol} ${qty}`
    ),
    orders: working.map(({ symbol, type }) => `${symbol} ${type}`),
  };
}

async function hasKillSwitch({ stateDir }: SimulatedProgram): Promise<boolean> {
  for await (const { name } of Deno.readDir(stateDir)) if (name === "KILL_SWITCH") return true;
  return false;
}

Deno.test("flatten shows orders and positions with values, marks foreign ones, and does nothing", () =>
  withPositions(async (program) => {
    const before = listChanges(program).length;
    const { status, lines, error } = await program.run(SHOW);
    const text = lines.join("\n");
    assertEquals([status, error], [0, ""]);
    assertMatch(text, /^NVDA +sell +limit +7 +136\.60 +956\.20 +new$/m);
    assertMatch(text, /^NVDA +sell +stop +7 +117\.10 +819\.70 +held$/m);
    assertMatch(text, /^TSLA +sell +limit +3 +400\.00 +1200\.00 +new +FOREIGN$/m);
    assertMatch(text, /^NVDA +7 +\d+\.\d\d +market sell$/m);
    assertMatch(text, /^TSLA +3 +\d+\.\d\d +market sell +FOREIGN$/m);
    assertMatch(
      text,
      /Nothing was done\. To do it:\n {2}avwap-execution flatten --close-positions --all --yes$/,
    );
    assert(text.split("\n").every((line) => line.length <= 80), text);
    assertEquals(listChanges(program).length, before);
    assertFalse(await hasKillSwitch(program));
  }));

Deno.test("flatten --close-positions closes what the engine manages, and names what it leaves", () =>
  withPositions(async (program) => {
    const plan = (await program.run(["flatten", "--close-positions"])).lines.join("\n");
    assertMatch(plan, /^NVDA +7 +\d+\.\d\d +market sell$/m);
    assertStringIncludes(plan, "TSLA 3 stays: this engine does not manage it (--all closes it)");
    assertStringIncludes(plan, "avwap-execution flatten --close-positions --yes");
    const { status, lines } = await program.run(["flatten", "--close-positions", "--yes"]);
    const text = lines.join("\n");
    assertEquals(status, 0, text);
    assertEquals(readAccount(program), { positions: ["TSLA 3"], orders: [] });
    assertStringIncludes(text, "No position of this engine is left.");
    assertStringIncludes(text, "Not this engine's, and still held (--all closes them): TSLA 3");
    assertStringIncludes(text, "TSLA 3 has NO STOP for 3 shares");
    assertEquals((await program.run(["flatten", "--all"])).status, 64);
  }));

Deno.test("flatten closes nothing by the records of another account, and says whose they are", () =>
  withPositions(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const text = await Deno.readTextFile(path);
    const id = /"account_id": "([^"]+)"/.exec(text)?.[1] ?? "";
    await Deno.writeTextFile(path, text.replaceAll(id, "another-account"));
    const before = readAccount(program);
    const shown = await program.run(["flatten", "--close-positions"]);
    assertEquals(shown.status, 1);
    const { status, lines } = await program.run(["flatten", "--close-positions", "--yes"]);
    assertEquals([status, readAccount(program)], [1, before]);
    for (const said of [shown.error, lines.join("\n")]) {
      assertStringIncludes(said, "NOT DONE: it is not known which positions the engine manages");
      assertStringIncludes(said, "account another-account, and the keys of");
    }
  }));

Deno.test("flatten of a symbol in which nothing is says so, and what the account does hold", () =>
  withPositions(async (program) => {
    const before = readAccount(program);
    const args = ["flatten", "--close-positions", "--symbol", "nvad"];
    const nothing = "The broker shows neither an order nor a position in NVAD; " +
      "the account holds NVDA 7, TSLA 3.";
    assertStringIncludes((await program.run(args)).lines.join("\n"), `\n${nothing}\n`);
    const { status, lines } = await program.run([...args, "--yes"]);
    assertEquals([status, readAccount(program)], [0, before]);
    assertFalse(lines.includes("No position is left."), lines.join("\n"));
    assert(lines.includes("No position is left in NVAD."), lines.join("\n"));
    assertEquals(
      lines.at(-1),
      `Done. ${nothing} The kill switch stays on; avwap-execution resume takes it away.`,
    );
  }));

Deno.test("flatten takes one symbol, and does nothing for a list of them", () =>
  withPositions(async (program) => {
    const before = readAccount(program);
    for (const list of ["NVDA,TSLA", "NVDA TSLA", "NVDA;"]) {
      const { status, error } = await program.run(["flatten", "--symbol", list, "--yes"]);
      assertEquals(status, 64);
      assertStringIncludes(error, "Option --symbol takes one symbol");
    }
    assertEquals([readAccount(program), await hasKillSwitch(program)], [before, false]);
  }));

Deno.test("flatten closes what the engine bought a moment ago and does not remember yet", () =>
  withPositions(async (program) => {
    await Deno.remove(`${program.stateDir}/execution_state.json`);
    const path = `${program.stateDir}/live_orders_today.json`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"status": "accepted"', '"status": "unknown"'));
    const { status, lines } = await program.run(["flatten", "--close-positions", "--yes"]);
    assertEquals(status, 0, lines.join("\n"));
    assertEquals(readAccount(program).positions, ["TSLA 3"]);
  }));

Deno.test("flatten closes what the engine bought and has not taken into its memory yet, filled as it is", () =>
  withPositions(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const state = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...state, positions: [] }));
    const { status, lines } = await program.run(["flatten", "--close-positions", "--yes"]);
    assertEquals(status, 0, lines.join("\n"));
    assertEquals(readAccount(program).positions, ["TSLA 3"]);
  }));

Deno.test("flatten closes what the engine bought by its document, where the ledger can't be read", () =>
  withPositions(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const state = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...state, positions: [] }));
    await Deno.writeTextFile(`${program.stateDir}/live_orders_today.json`, "{");
    const { lines } = await program.run(["flatten", "--close-positions", "--yes"]);
    assertEquals(readAccount(program).positions, ["TSLA 3"], lines.join("\n"));
  }));

for (const lost of ["no copy of it", "no ledger of the day"]) {
  Deno.test(`flatten closes what the engine bought where its memory is missing, and ${lost} is there`, () =>
    withPositions(async (program) => {
      await Deno.remove(`${program.stateDir}/execution_state.json`);
      await Deno.remove(
        `${program.stateDir}/${lost === "no copy of it" ? "archive" : "live_orders_today.json"}`,
        { recursive: true },
      );
      const { status, lines } = await program.run(["flatten", "--close-positions", "--yes"]);
      assertEquals(status, 0, lines.join("\n"));
      assertEquals(readAccount(program).positions, ["TSLA 3"]);
    }));
}

Deno.test("flatten is NOT DONE, and touches nothing, where nobody knows what the engine manages", () =>
  withPositions(async (program) => {
    await Deno.writeTextFile(`${program.stateDir}/execution_state.json`, "{");
    const before = readAccount(program);
    const { status, lines } = await program.run(["flatten", "--close-positions", "--yes"]);
    assertEquals(status, 1);
    assertStringIncludes(lines.join("\n"), "NOT DONE: it is not known which positions");
    assertEquals(readAccount(program), before);
    assert(await hasKillSwitch(program));
    const all = await program.run(YES);
    assertEquals(all.status, 0, all.lines.join("\n"));
    assertEquals(readAccount(program).positions, []);
  }));

Deno.test("flatten --close-positions --all --yes leaves nothing, and its trail everywhere", () =>
  withPositions(async (program) => {
    const before = listChanges(program).length;
    const { status, lines, error } = await program.run(YES);
    assertEquals([status, error], [0, ""], lines.join("\n"));
    assertEquals(readAccount(program), { positions: [], orders: [] });
    assert(await hasKillSwitch(program));
    assertStringIncludes(lines[0] ?? "", "Kill switch is on:");
    const sells = listChanges(program).slice(before).filter(({ method }) => method === "POST");
    assertEquals(sells.length, 2);
    for (const { body } of sells) assertStringIncludes(body ?? "", '"avwap-flatten-');
    const events = await Deno.readTextFile(`${program.stateDir}/events-2026-11-23.jsonl`);
    assertStringIncludes(events, '"path":"/v2/orders"');
    assertStringIncludes(events, "avwap-flatten-NVDA-");
    const ledger = await Deno.readTextFile(`${program.stateDir}/live_orders_today.json`);
    assertEquals(ledger.match(/"client_order_id": "avwap-flatten-/g)?.length, 2);
    assertStringIncludes(ledger, '"mismatches": 0');
    assertEquals((await program.run(["ledger", "verify"])).status, 0);
    // The engine finds its position closed, and nothing to complain of.
    await program.run(["resume"]);
    const cycle = (await program.run(AT_ONCE, LIVE)).lines.join("\n");
    assertStringIncludes(cycle, "Gate mode=LIVE status=PASS");
    assertStringIncludes(cycle, "Position NVDA: closed");
    assertFalse(cycle.includes("ERROR"), cycle);
  }));

Deno.test("flatten --yes without --close-positions says which positions end without a stop", () =>
  withPositions(async (program) => {
    const { status, lines } = await program.run(["flatten", "--yes"]);
    const text = lines.join("\n");
    assertEquals(status, 0);
    assertEquals(readAccount(program), { positions: ["NVDA 7", "TSLA 3"], orders: [] });
    assertStringIncludes(text, "NVDA 7 stays, and LOSES ITS STOP");
    assertStringIncludes(text, "NVDA 7 has NO STOP for 7 shares");
    assertStringIncludes(text, "TSLA 3 has NO STOP for 3 shares");
  }));

Deno.test("flatten --symbol touches that symbol alone", () =>
  withPositions(async (program) => {
    const { status, lines } = await program.run([...YES, "--symbol", "nvda"]);
    assertEquals(status, 0, lines.join("\n"));
    assertEquals(readAccount(program), { positions: ["TSLA 3"], orders: ["TSLA limit"] });
    assertEquals(listChanges(program).filter(({ path }) => path === "/v2/orders/").length, 0);
    const none = await program.run([...YES, "--symbol=ZZZZ"]);
    assertEquals(none.status, 0);
    assertStringIncludes(none.lines.join("\n"), "Nothing to cancel and nothing to close.");
    assertEquals((await program.run([...YES, "--symbol="])).status, 64);
  }));

Deno.test("flatten has the broker close what is short or a fraction of a share", () =>
  withPositions(async (program) => {
    const { exchange } = program.simulator;
    exchange.behaviour.isShortingAllowed = true;
    exchange.setPosition("MSFT", -2, 420);
    exchange.setPosition("AAPL", 1.5, 230);
    const plan = await program.run(SHOW);
    assertMatch(plan.lines.join("\n"), /^MSFT +-2 +\d+\.\d\d +the broker's own close +FOREIGN$/m);
    const { status, lines } = await program.run(YES);
    assertEquals(status, 0, lines.join("\n"));
    assertEquals(readAccount(program), { positions: [], orders: [] });
    const closed = listChanges(program).filter(({ path }) => path.startsWith("/v2/positions/"));
    assertEquals(closed.map(({ path }) => path).sort(), [
      "/v2/positions/AAPL",
      "/v2/positions/MSFT",
    ]);
  }));

for (const path of ["/v2/positions", "/v2/orders"]) {
  Deno.test(`flatten ends what it can't read in ${path} too, and everything else as ever`, () =>
    withPositions(async (program) => {
      program.simulator.setFaults(breakRows(path, "TSLA", { side: "sideways" }));
      const plan = await program.run(SHOW);
      assertStringIncludes(plan.lines.join("\n"), "can't be read (side is");
      const { status, lines, error } = await program.run(YES);
      assertEquals([status, error], [0, ""], lines.join("\n"));
      assertEquals(readAccount(program), { positions: [], orders: [] });
    }));
}

Deno.test("flatten cancels an order that it can't read by its id, where one symbol alone is meant", () =>
  withPositions(async (program) => {
    program.simulator.setFaults(breakRows("/v2/orders", "TSLA", { qty: "?" }));
    const { status, lines } = await program.run(["flatten", "--symbol=TSLA", "--yes"]);
    assertEquals(status, 0, lines.join("\n"));
    assertEquals(readAccount(program).orders.filter((each) => each.startsWith("TSLA")), []);
    assertEquals(readAccount(program).orders.length, 2);
  }));

Deno.test("flatten is NOT DONE while a row that it can't read may be what it was to end, and names it", () =>
  withPositions(async (program) => {
    const left = { client_order_id: "by-hand", status: "new", type: "limit" };
    program.simulator.setFaults(rewriteList("/v2/orders", (rows) => [...rows, left]));
    const { status, lines } = await program.run(YES);
    assertEquals(status, 1);
    assertEquals(readAccount(program), { positions: [], orders: [] });
    const end = lines.slice(lines.indexOf("No working order is left.")).join("\n");
    assertStringIncludes(end, "order by-hand without a symbol can't be read");
    assertStringIncludes(end, "NOT DONE");
  }));

Deno.test("flatten takes a clock that contradicts itself for one that can't be read", () =>
  withPositions(async (program) => {
    program.simulator.setFaults(rewriteClock({ next_close: "2026-11-20T16:00:00-05:00" }));
    const { status, lines } = await program.run(YES);
    assertEquals(status, 0);
    assertStringIncludes(lines.join("\n"), "Market unknown");
    assertEquals(readAccount(program), { positions: [], orders: [] });
  }));

Deno.test("flatten names both key variables where the broker forbids the keys", () =>
  withPositions(async (program) => {
    program.simulator.setFaults(({ method }) =>
      method === "GET" ? null : { kind: "status", status: 403, body: '{"message":"forbidden."}' }
    );
    const { status, lines } = await program.run(["flatten", "--yes"]);
    assertEquals(status, 1);
    assertStringIncludes(lines.join("\n"), "check APCA_API_KEY_ID, APCA_API_SECRET_KEY");
  }));

Deno.test("flatten refuses without credentials in one line, and before anything is touched", () =>
  inOperatorDir(async (dir) => {
    const ended = await runOperator(YES, { AVWAP_STATE_DIR: dir });
    assertEquals([ended.status, ended.out], [78, ""]);
    assertStringIncludes(ended.error, "APCA_API_KEY_ID is not set");
    assertEquals(ended.error.indexOf("\n"), ended.error.length - 1);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("flatten goes by what it needs: a bad setting of the loop does not stop it", () =>
  withPositions(async (program) => {
    const environment = { EXECUTION_POLL_SECONDS: "x", MAX_LIVE_POSITIONS: "x", DRY_RUN: "1" };
    assertEquals((await program.run(YES, environment)).status, 0);
    assertEquals(readAccount(program), { positions: [], orders: [] });
  }));

Deno.test("flatten --yes exits 69 without a broker, with the kill switch on, and says that nothing was done", () =>
  withPositions(async (program) => {
    program.simulator.setFaults(() => ({ kind: "status", status: 503 }));
    const { status, lines, error } = await program.run(YES);
    assertEquals(status, 69);
    assertMatch(
      lines.at(-1) ?? "",
      /^NOT DONE: nothing was cancelled or closed\. The kill switch stays on/,
    );
    assertStringIncludes(error, "broker unreachable");
    assert(await hasKillSwitch(program));
  }));

Deno.test("flatten --yes exits 1 and names what is left when a cancel never ends", () =>
  withPositions(async (program) => {
    program.simulator.exchange.behaviour.cancelOutcome = () => "stuck";
    const { status, lines } = await program.run([...YES, "--symbol=NVDA"]);
    const text = lines.join("\n");
    assertEquals(status, 1);
    assertStringIncludes(text, "its shares are still reserved by an order");
    assertMatch(text, /Orders left: NVDA sell 7 \(pending_cancel\)/);
    assertStringIncludes(text, "Positions left: NVDA 7");
    assertStringIncludes(text, "NOT DONE");
  }));

Deno.test("flatten takes a cancel that a fill overtook as it is", () =>
  withPositions(async (program) => {
    program.simulator.exchange.behaviour.cancelOutcome = () => "filled";
    const { status } = await program.run(YES);
    assertEquals(status, 0);
    const { positions, orders } = readAccount(program);
    assertEquals([positions, orders], [[], []]);
  }));

Deno.test("flatten asks again, one by one, for what the bulk cancel did not take", () =>
  withPositions(async (program) => {
    let refusals = 0;
    program.simulator.exchange.behaviour.failsBulkItem = () => ++refusals <= 3;
    const { status, lines } = await program.run(YES);
    assertEquals(status, 0, lines.join("\n"));
    assertStringIncludes(lines.join("\n"), "refused: HTTP 500");
    assertEquals(readAccount(program), { positions: [], orders: [] });
  }));

for (const kind of ["lost_after", "lost_before"] as const) {
  Deno.test(`flatten sells once and no more when an answer is ${kind}`, () =>
    withPositions(async (program) => {
      let lost = 0;
      program.simulator.setFaults((request) =>
        request.method === "POST" && ++lost === 1 ? { kind } : null
      );
      const { status, lines } = await program.run([...YES, "--symbol=NVDA"]);
      assertEquals(status, 0, lines.join("\n"));
      const sells = program.simulator.exchange.orders.filter(({ clientOrderId }) =>
        clientOrderId.startsWith("avwap-flatten-")
      );
      assertEquals(sells.map(({ filledQty }) => filledQty), [7]);
      assertEquals(readAccount(program).positions, ["TSLA 3"]);
    }));
}

Deno.test("flatten sells under another id when the broker rejects its sell later", () =>
  withPositions(async (program) => {
    const { exchange } = program.simulator;
    let sells = 0;
    exchange.behaviour.rejectsLater = (order) =>
      order.clientOrderId.startsWith("avwap-flatten-") && ++sells === 1;
    const { status, lines } = await program.run([...YES, "--symbol=NVDA"]);
    assertEquals(status, 0, lines.join("\n"));
    const ids = exchange.orders.map(({ clientOrderId }) => clientOrderId)
      .filter((id) => id.startsWith("avwap-flatten-"));
    assertEquals([ids.length, new Set(ids).size], [2, 2]);
    assertEquals(readAccount(program).positions, ["TSLA 3"]);
  }));

Deno.test("flatten after the close cancels, and says that its sells wait for the open", () =>
  withPositions(async (program) => {
    program.simulator.advanceTo(sampleOpenMs() + 7 * 3_600_000);
    const { status, lines } = await program.run([...YES, "--symbol=TSLA"]);
    const text = lines.join("\n");
    assertEquals(status, 1);
    assertStringIncludes(
      text,
      "Market CLOSED until 2026-11-24 09:30:00 EST: stops end now,\n" +
        "and a sell waits for the open, at whatever price",
    );
    assertStringIncludes(text, "TSLA 3 has NO STOP; a sell of 3 is working");
    assertEquals(readAccount(program).orders, ["TSLA market"]);
    program.simulator.advanceTo(sampleOpenMs("2026-11-24") + 60_000);
    assertFalse(readAccount(program).positions.includes("TSLA 3"));
  }));

Deno.test("flatten stops a running loop first, and leaves the ledger to it", () =>
  withPositions(async (program) => {
    const loop = program.run(
      ["--poll-seconds=1", "--entry-delay-min=0", "--entry-delay-max=0"],
      LIVE,
    );
    const path = `${program.stateDir}/live_orders_today.json`;
    const { promise, resolve } = Promise.withResolvers<void>();
    program.onLine("Gate mode=LIVE", resolve);
    await promise;
    const { status, lines } = await program.run(YES);
    assertEquals(status, 0, lines.join("\n"));
    assertStringIncludes(lines.join("\n"), "A loop runs");
    const after = listChanges(program).length;
    const printed = Promise.withResolvers<void>();
    program.onLine("Gate mode=DRY_RUN", printed.resolve);
    await printed.promise;
    program.raise("SIGTERM");
    assertEquals((await loop).status, 0);
    assertEquals(listChanges(program).length, after);
    assertEquals(readAccount(program), { positions: [], orders: [] });
    assertFalse((await Deno.readTextFile(path)).includes('"mismatches": 1'));
  }));

Deno.test("flatten does nothing when it can't make the kill switch", () =>
  withPositions(async (program) => {
    const before = listChanges(program).length;
    const file = `${program.dir}/file`;
    await Deno.writeTextFile(file, "");
    const { status, error } = await program.run(YES, { AVWAP_STATE_DIR: file });
    assertEquals(status, 78);
    assertStringIncludes(error, "NOT on");
    assertStringIncludes(error, "systemctl stop execution.service");
    assertEquals(listChanges(program).length, before);
  }));
