import { listTroubles } from "../domain/account/standing.ts";
import { formatGateReason, type GateFailReason } from "../domain/gate/gate.ts";
import { isUnsettled } from "../domain/order/ledger.ts";
import { dateNyOf, formatNy } from "../domain/time/ny_time.ts";
import type { LedgerRead, StateRead } from "../domain/account/records_read.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { PROGRAM } from "./version.ts";

/** What is read for `formatNextCycle`. */
export interface NextCycle {
  readonly state: StateRead;
  readonly ledger: LedgerRead;
  /** What of the operator's stands against LIVE by this environment, `null` where nothing does. */
  readonly objection: GateFailReason | null;
  /** What of the records themselves does. */
  readonly recordObjection: GateFailReason | null;
  readonly areEntriesPaused: boolean;
  readonly nowMs: number;
}

/** What the next cycle may send, as far as the records tell: prices and new breakouts are the market's (interface, `resume`). */
export function formatNextCycle(next: NextCycle): string[] {
  const { objection } = next;
  const bar = findBar(next);
  const head = objection === null
    ? [
      "By this environment nothing of the operator's stands against LIVE any more. From the next",
      "cycle on, within caps and allowlist, can leave:",
    ]
    : [
      `By this environment LIVE stays off: ${formatGateReason(objection)}.`,
      "DRY_RUN goes on, and prints without sending:",
    ];
  return [
    ...head,
    ...(objection === null ? listBlock(next) : []),
    ...listEntries(next, bar),
    ...listExits(next),
    ...listUnresolved(next, bar),
    bar !== null
      ? `  no entry: ${bar.reason}`
      : "  entries of breakouts that are confirmed from now on",
    "  exits, stops and stop raises of managed positions, as prices ask for them",
  ];
}

/** What keeps all entries from leaving. */
interface Bar {
  readonly reason: string;
  readonly word: string;
}

function findBar({ state, areEntriesPaused, nowMs }: NextCycle): Bar | null {
  if (areEntriesPaused) return { reason: "entries are paused (ENTRIES_PAUSED)", word: "paused" };
  const loss = state.kind === "ok" ? state.state.dayLoss : null;
  return loss?.dateNy === dateNyOf(nowMs)
    ? {
      reason: "the day's loss has reached its limit (MAX_LIVE_LOSS_PER_DAY)",
      word: "daily loss limit",
    }
    : null;
}

/** Records of no use block the cycle that finds them, and mostly are written anew there; a ledger that is missing is made in it. */
function listBlock({ recordObjection: reason }: NextCycle): string[] {
  if (reason === null || isMissing(reason)) return [];
  const isLocked = reason.code === "ledger_unavailable" && reason.problem === "broker mismatch";
  const until = isLocked ? `, until \`${PROGRAM} ledger rebuild --yes\`` : "";
  return [
    `  nothing while the records block LIVE: ${formatGateReason(reason)}${until}; after that`,
  ];
}

function isMissing(reason: GateFailReason): boolean {
  return reason.code === "ledger_unavailable" && reason.problem === "ledger missing";
}

function listEntries({ state, nowMs }: NextCycle, bar: Bar | null): string[] {
  if (state.kind === "missing") return [];
  if (state.kind !== "ok") {
    return [`  what is scheduled is not known: ${formatOneLine(state.message)}`];
  }
  return state.state.intents.map(({ symbol, qty, scheduledAtMs, expiresAtMs }) => {
    const name = `  entry ${formatOneLine(symbol)} qty=${qty}`;
    if (expiresAtMs <= nowMs) return `${name}: does not leave, it expired ${formatNy(expiresAtMs)}`;
    const due = scheduledAtMs <= nowMs ? "due now" : `due ${formatNy(scheduledAtMs)}`;
    return `${name} ${due}, until ${formatNy(expiresAtMs)}${bar === null ? "" : `: ${bar.word}`}`;
  });
}

function listExits({ state }: NextCycle): string[] {
  if (state.kind !== "ok") return [];
  return listTroubles(state.state.standings).map((text) => `  ${formatOneLine(text)}`);
}

/** An entry without an answer is looked up, and sent again where it is proven absent (pipeline 6). */
function listUnresolved({ ledger }: NextCycle, bar: Bar | null): string[] {
  if (ledger.kind !== "ok") return [];
  return ledger.ledger.entries.filter(isUnsettled).map(({ symbol, side, qty }) => {
    const again = side === "buy" && bar === null ? ", and sent again where it never arrived" : "";
    return `  ${formatOneLine(symbol)} ${side} ${qty ?? "?"}: looked up at the broker${again}`;
  });
}
