import { createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import { HttpFailure } from "../../src/broker/transport.ts";
import { flattenAccount } from "../../src/cli/flatten_act.ts";
import { FlattenBook } from "../../src/cli/flatten_book.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import { createExecutionState } from "../../src/state/execution_state.ts";
import { writeRequest } from "../../src/state/operator_requests.ts";
import { StateError } from "../../src/engine/ports.ts";
import { KILL_PATH, STATE_DIR, type TradingDay } from "../engine/trading_day.ts";
import { SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import { createSimulatedSend } from "../simulator/in_process.ts";

/** How long `flatten` gives a running loop to see the kill switch. */
const LOOP_WAIT_MS = 3_000;

/** What `flatten` is asked for. */
interface FlattenAsked {
  /** Absent: the whole account. */
  readonly symbol?: string;
  readonly isClosing: boolean;
}

/** The act of `flatten --yes` beside the loop: the kill switch, then its cancels and sells, while the engine goes on. */
export function startFlatten(
  day: TradingDay,
  { symbol = null, isClosing }: { symbol?: string | null; isClosing: boolean },
): void {
  day.disk.put(KILL_PATH, "made by flatten");
  void day.time.plan(day.time.nowMs() + LOOP_WAIT_MS, () => {
    // Not waited for: it sleeps while the engine does.
    void flatten(day, { ...(symbol === null ? {} : { symbol }), isClosing });
  });
}

async function flatten(day: TradingDay, { symbol, isClosing }: FlattenAsked): Promise<void> {
  const clock = day.time.passenger();
  const broker = createAlpacaClient({
    tradingUrl: "https://paper-api.alpaca.markets",
    dataUrl: "https://data.alpaca.markets",
    keyId: SIM_KEY_ID,
    secretKey: SIM_SECRET_KEY,
    send: createSimulatedSend({
      exchange: day.exchange,
      clock,
      latencyMs: 12,
      faults: null,
      fail: (failure, message) => new HttpFailure(failure, message),
    }),
    clock,
    chance: { uniform: () => 0.5 },
    feed: "sip",
    timeoutMs: 10_000,
    log: day.log,
    onExchange: () => {},
  });
  const state = await readState(day);
  const ledger = await createLiveLedger({ fs: day.disk, stateDir: STATE_DIR }).read();
  const entries = ledger.kind === "ok" ? ledger.ledger.entries : [];
  await flattenAccount({
    broker,
    clock,
    events: { record: () => Promise.resolve() },
    scope: {
      symbol: symbol ?? null,
      isClosing,
      closes: isClosing ? new Set(state.positions.map((each) => each.symbol)) : null,
    },
    book: new FlattenBook(broker, clock.nowMs, entries),
    startedAtMs: clock.nowMs(),
    isMarketOpen: true,
    say: () => {},
  });
}

/** What `release SYMBOL --yes` writes for a running engine. */
export async function askRelease(day: TradingDay, symbol: string): Promise<void> {
  const position = (await readState(day)).positions.find((each) => each.symbol === symbol);
  if (position === undefined) throw new Error(`${symbol} is not managed`);
  const { positionId } = position;
  const atMs = day.time.nowMs();
  await writeRequest(day.disk, STATE_DIR, { kind: "release", symbol, positionId, atMs });
}

/** What `adopt SYMBOL --yes` writes for a running engine. @param plan `null`: by today's list. */
export function askAdopt(
  day: TradingDay,
  symbol: string,
  plan: { readonly stopUsd: number; readonly r1Usd: number; readonly r2Usd: number } | null = null,
): Promise<void> {
  const atMs = day.time.nowMs();
  return writeRequest(day.disk, STATE_DIR, { kind: "adopt", symbol, atMs, plan });
}

async function readState(day: TradingDay) {
  const read = await createExecutionState({ fs: day.disk, stateDir: STATE_DIR }).read();
  if (read.kind !== "ok") throw new StateError(`the document is ${read.kind}`);
  return read.state;
}
