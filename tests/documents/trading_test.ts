import { formatSignedUsd } from "../../src/domain/alert/alert_facts.ts";
import { checkCaps, formatVerdict } from "../../src/domain/gate/caps.ts";
import type { Candidate } from "../../src/domain/entry/candidate.ts";
import {
  buildTradeResult,
  formatR,
  type TradeFacts,
} from "../../src/domain/account/trade_result.ts";
import type { ManagedPosition } from "../../src/domain/account/engine_state.ts";
import type { EntryIntent } from "../../src/domain/account/entry_intent.ts";
import { buildEntryIntents } from "../../src/domain/entry/entry_plan.ts";
import { decideExit, markTrimmed } from "../../src/domain/exit/decide_exit.ts";
import { type Bar, BAR_MS } from "../../src/domain/time/market.ts";
import { buildNotional, formatCents, microsToUsd } from "../../src/domain/order/money.ts";
import { parseWatchlist } from "../../src/domain/entry/watchlist.ts";
import { assert, assertEquals } from "../assert.ts";
import { ALLOWED_ENTRY, liveDecision } from "../domain/fixtures.ts";
import { managedPosition } from "../domain/position_fixtures.ts";
import { cutSection, flatten, listRows } from "./page.ts";
import { readText } from "./texts.ts";

const EQUITY_USD = 50_000;
/** The bar that closes at 10:00 New York is the second one. */
const NOW_MS = Date.parse("2026-11-23T15:00:35Z");
const B1_CLOSE_USD = 125.1;
const B2_CLOSE_USD = 126.2;
const TRADE_USD = 126.3;
/** What the three sales are filled at. */
const SOLD_USD = [129.5, 136.7, 132.75];

/** A step of the example: what happens, and what comes of it, as the page has them. */
type Step = readonly [string, string];

Deno.test("the example of the trading rules is what the program computes", async () => {
  const page = await readText("deploy/TRADING.md");
  const rows = listRows(cutSection(page, "An example in numbers"));
  const candidate = await readFirstCandidate();
  const intent = decideIntent(candidate);
  const exits = decideExits(intent);
  const steps = [
    ...listEntrySteps(candidate, intent),
    ...exits.steps,
    describeEnd(intent, exits.soldQty),
  ];
  assertEquals(
    rows.map((row) => row.map(flatten).join(" | ")),
    steps.map((step) => step.join(" | ")),
  );
});

async function readFirstCandidate(): Promise<Candidate> {
  const lines = (await readText("deploy/daily_candidates.example.csv")).split("\n").slice(0, 2);
  const watchlist = parseWatchlist(
    lines.map((line, index) => ({ line: index + 1, fields: line.split(",") })),
  );
  const candidate = watchlist.kind === "parsed" ? watchlist.candidates[0] : undefined;
  assert(candidate !== undefined);
  return candidate;
}

function buildBars(): Bar[] {
  const endMs = Math.floor(NOW_MS / BAR_MS) * BAR_MS;
  return [
    { startMs: endMs - 2 * BAR_MS, closeUsd: B1_CLOSE_USD },
    { startMs: endMs - BAR_MS, closeUsd: B2_CLOSE_USD },
  ];
}

/** The intent, its wait in the middle of the two delays. */
function decideIntent(candidate: Candidate): EntryIntent {
  const { intents } = buildEntryIntents({
    candidates: [candidate],
    bars: new Map([[candidate.symbol, buildBars()]]),
    nowMs: NOW_MS,
    dateNy: "2026-11-23",
    session: null,
    equityUsd: EQUITY_USD,
    accountId: "account",
    waiting: new Set(),
    findBar: () => null,
    countRejections: () => 0,
    delayMinSeconds: 60,
    delayMaxSeconds: 240,
    uniform: () => 0.5,
  });
  const [intent] = intents;
  assert(intent !== undefined);
  return intent;
}

function listEntrySteps(candidate: Candidate, intent: EntryIntent): Step[] {
  const { symbol, qty, stopUsd, r2Usd, refPriceUsd, pivotUsd } = intent;
  const notionalMicros = buildNotional(qty, Math.max(refPriceUsd, TRADE_USD));
  assert(notionalMicros !== null);
  const verdict = checkCaps(liveDecision(), {
    ...ALLOWED_ENTRY,
    symbol,
    notionalMicros,
    bracket: { priceUsd: TRADE_USD, stopUsd, targetUsd: r2Usd },
  });
  const waitSeconds = (intent.scheduledAtMs - intent.confirmedAtMs) / 1000;
  const sizeUsd = EQUITY_USD * 0.02 * (1 - candidate.distancePct / 6);
  const { riskUsd } = buildTradeResult(buildTrade(intent, []), null);
  return [
    [
      `bars close at ${cents(B1_CLOSE_USD)} and ${cents(B2_CLOSE_USD)}`,
      `confirmed: above the pivot ${cents(pivotUsd)}, and at it or above`,
    ],
    [
      `size: ${EQUITY_USD} x 2 % x (1 - ${candidate.distancePct} / 6)`,
      `${cents(sizeUsd)} USD / ${cents(candidate.priceUsd)} = ${qty} shares`,
    ],
    [
      `${waitSeconds} s later the latest trade is ${cents(TRADE_USD)}`,
      `${qty} x ${cents(TRADE_USD)} = ${cents(microsToUsd(notionalMicros))} USD: ` +
      formatVerdict(symbol, verdict),
    ],
    [
      `bought ${qty} at ${cents(TRADE_USD)}`,
      `stop ${cents(stopUsd)}, target ${cents(r2Usd)}, risk ${cents(riskUsd)} USD`,
    ],
  ];
}

/** The looks at the price, each with the exit that it makes due and the stop that it leaves. */
function decideExits(intent: EntryIntent) {
  const soldQty: number[] = [];
  let held = intent.qty;
  let position: ManagedPosition = managedPosition({
    ...intent,
    highWaterUsd: TRADE_USD,
    qty: intent.qty,
  });
  const steps = [128, 129.5, 136.7, 139, 132.8].map((priceUsd): Step => {
    const { due, highWaterUsd, stopUsd } = decideExit(position, held, priceUsd);
    position = { ...position, highWaterUsd, stopUsd };
    if (due === null) return [`last price ${cents(priceUsd)}`, `nothing; stop ${cents(stopUsd)}`];
    position = markTrimmed(position, due.reason);
    held -= due.qty;
    soldQty.push(due.qty);
    const left = held === 0 ? "nothing left" : `${held} left, stop ${cents(position.stopUsd)}`;
    return [`last price ${cents(priceUsd)}`, `${due.reason}: ${due.qty} sold; ${left}`];
  });
  assertEquals(held, 0);
  return { steps, soldQty };
}

function buildTrade(intent: EntryIntent, soldQty: readonly number[]): TradeFacts {
  const sales = soldQty.map((qty, index) => ({
    side: "sell" as const,
    qty,
    priceUsd: SOLD_USD[index] ?? null,
  }));
  return {
    adoptedQty: 0,
    adoptedCostUsd: null,
    initialStopUsd: intent.stopUsd,
    fills: [{ side: "buy", qty: intent.qty, priceUsd: TRADE_USD }, ...sales],
  };
}

function describeEnd(intent: EntryIntent, soldQty: readonly number[]): Step {
  const { resultUsd, resultR } = buildTradeResult(buildTrade(intent, soldQty), null);
  return [
    `filled: ${
      soldQty.map((qty, index) => `${qty} at ${cents(SOLD_USD[index] ?? null)}`).join(", ")
    }`,
    `trade result ${formatSignedUsd(resultUsd ?? NaN)} USD, ${formatR(resultR ?? NaN)}`,
  ];
}

function cents(usd: number | null): string {
  return formatCents(usd ?? NaN);
}
