import {
  type AlertMessage,
  type DiskFault,
  formatCloseCommand,
  formatPosition,
  formatSignedUsd,
  formatWatchlist,
  LIST_LINES_MAX,
  type PositionFact,
  sortPositions,
  type WatchlistFact,
} from "./alert_facts.ts";
import type { DayLoss } from "../account/day_loss.ts";
import type { Alerted } from "../account/engine_state.ts";
import { type ExitReason, isTrim } from "../exit/exit_rules.ts";
import { formatGateLines, type LiveDecision } from "../gate/gate.ts";
import { formatCents, formatPriceUsd } from "../order/money.ts";
import { formatNy } from "../time/ny_time.ts";
import { formatRepeats, type Repeats } from "./repetition.ts";

/** What the engine knows of itself when it starts. */
export interface StartFacts {
  readonly version: string;
  /** `paper`, `live-money` or `custom`, by the host itself. */
  readonly endpoint: string;
  readonly host: string;
  readonly pollSeconds: number;
  /** Where processes end again and again: how often one started; else `null`. */
  readonly loop: Repeats | null;
  readonly watchlist: WatchlistFact;
  /** `null` where the records are not read yet: the first cycle makes them, or waits for them. */
  readonly managedSymbols: readonly string[] | null;
}

/** Builds `Execution started` (INFO). */
export function buildExecutionStarted(facts: StartFacts): AlertMessage {
  const { managedSymbols, loop } = facts;
  const lines = [
    ...(loop === null ? [] : [
      `It has started again and again${formatRepeats(loop)}`,
      "Do: see why it ends, `journalctl -u avwap-execution -n 100`; a start is told hourly now",
    ]),
    `avwap-execution ${facts.version}, a cycle every ${facts.pollSeconds} s`,
    `Broker endpoint=${facts.endpoint} host=${facts.host}`,
    `Watchlist: ${formatWatchlist(facts.watchlist)}`,
    `Managed positions: ${
      managedSymbols === null
        ? "unknown before the first cycle"
        : managedSymbols.length === 0
        ? "none"
        : managedSymbols.join(", ")
    }`,
  ];
  return { level: "INFO", title: "Execution started", text: lines.join("\n") };
}

/**
 * Builds `Live trading enabled` (INFO; runbook 5): the gate's own three lines, so that Slack and the log agree.
 * @param broker The endpoint that orders go to.
 */
export function buildLiveTradingEnabled(
  decision: LiveDecision,
  broker: { readonly endpoint: string; readonly host: string },
): AlertMessage {
  const lines = [
    `Orders go to endpoint=${broker.endpoint} host=${broker.host}`,
    ...formatGateLines(decision, decision),
  ];
  return { level: "INFO", title: "Live trading enabled", text: lines.join("\n") };
}

/** What the operator asks first after he made the switch. */
export interface KillSwitchFacts {
  readonly source: "env" | "file";
  /** `null` where the records can't be read. */
  readonly positions: readonly PositionFact[] | null;
  /** When the broker was last asked for orders, Unix ms; `null` where it could not be. */
  readonly seenAtMs: number | null;
}

/** Those that `Kill switch active` names, the urgent ones first. */
export function listNamedPositions(positions: readonly PositionFact[]): PositionFact[] {
  return sortPositions(positions).slice(0, LIST_LINES_MAX);
}

/**
 * Builds `Kill switch active` (WARNING; runbook 7): each managed position, its protection at the broker and the command
 * that closes it, because from now on the engine sells nothing.
 */
export function buildKillSwitchActive(
  facts: KillSwitchFacts,
): AlertMessage {
  const { positions, seenAtMs } = facts;
  const shown = listNamedPositions(positions ?? []);
  const hiddenCount = (positions ?? []).length - shown.length;
  const lines = [
    `Kill switch active (${facts.source}): no entries and no exits; stops resting at the broker stay`,
    facts.source === "file"
      ? "It stays until it is removed: `avwap-execution resume`"
      : "It stays while KILL_SWITCH is set: take it out and restart the service",
    ...(shown.length === 0 || seenAtMs === null
      ? []
      : [`As the broker showed it at ${formatNy(seenAtMs)}:`]),
    ...shown.flatMap((position) => [
      formatPosition(position),
      `  close it: ${formatCloseCommand(position.symbol)}`,
    ]),
    ...(positions === null
      ? ["Managed positions: UNKNOWN, the records can't be read; look at the broker"]
      : shown.length === 0
      ? ["No managed positions"]
      : []),
    ...(hiddenCount > 0
      ? [`and ${hiddenCount} more: see \`avwap-execution status --broker\``]
      : []),
  ];
  return { level: "WARNING", title: "Kill switch active", text: lines.join("\n") };
}

/** Builds `Entries paused` (WARNING; interface, `pause`). */
export function buildEntriesPaused(): AlertMessage {
  const lines = [
    "ENTRIES_PAUSED is there: no new entry; exits, stops and protection go on",
    "It stays until it is removed: `avwap-execution unpause`",
  ];
  return { level: "WARNING", title: "Entries paused", text: lines.join("\n") };
}

/** Builds `Daily loss limit` (WARNING; interface, `MAX_LIVE_LOSS_PER_DAY`). */
export function buildDailyLossLimit({ resultUsd, limitUsd, reachedAtMs }: DayLoss): AlertMessage {
  const lines = [
    `Day result ${formatSignedUsd(resultUsd)} USD at ${formatNy(reachedAtMs)}, ` +
    `limit ${formatCents(limitUsd)} USD (MAX_LIVE_LOSS_PER_DAY)`,
    "No further entry today, and entries that are not filled are cancelled",
    "Exits, stops and protection go on; what is open: `avwap-execution status --broker`",
  ];
  return { level: "WARNING", title: "Daily loss limit", text: lines.join("\n") };
}

/** Positions that wait for one cause, and the market as it is. */
export interface AlarmFacts {
  /** Bare shares, or exits that are due. */
  readonly kind: "bare" | "due";
  /** Code of the cause that their standings have. */
  readonly cause: string;
  readonly positions: readonly PositionFact[];
  /** The gate's first line of this cycle; `null` where the gate was not asked. */
  readonly gateLine: string | null;
  /** The day's close, Unix ms; `null` where it is not known or the market is closed. */
  readonly closesAtMs: number | null;
}

/**
 * Builds the alarm of bare shares, `Position without stop`, or of exits that wait, `Execution error` (ERROR; pipeline 5,
 * "Nothing waits in silence"): each symbol with its shares, since when and why, and what the operator can do.
 */
export function buildAlarm(facts: AlarmFacts): AlertMessage {
  const { kind, positions, gateLine, closesAtMs } = facts;
  const shown = positions.slice(0, ALARM_POSITIONS_MAX);
  const hiddenCount = positions.length - shown.length;
  const lines = [
    ...(kind === "due" ? [`Exits wait: ${shown.map(({ symbol }) => symbol).join(", ")}`] : []),
    ...shown.map(formatPosition),
    ...(hiddenCount > 0
      ? [`and ${hiddenCount} more: see \`avwap-execution status --broker\``]
      : []),
    ...(gateLine === null ? [] : [gateLine]),
    ...(closesAtMs === null ? [] : [`The market closes at ${formatNy(closesAtMs)}`]),
    `Do: ${findRemedy(facts)}; or close it yourself:`,
    ...shown.map(({ symbol }) => `  ${formatCloseCommand(symbol)}`),
  ];
  const title = kind === "bare" ? "Position without stop" : "Execution error";
  return { level: "ERROR", title, text: lines.join("\n") };
}

/** Each with a line of its own and its command: more would be cut by Slack. */
const ALARM_POSITIONS_MAX = 6;
const PLACE = "place a good-till-canceled stop at the broker";
/** What a stop of the operator's own would not help: what holds the shares keeps it away too. */
const LOOK =
  "look at the symbol and its orders in the broker's dashboard (a halt? an order that hangs?)";

function findRemedy({ kind, cause, positions }: AlarmFacts): string {
  const remedy = (kind === "due" ? DUE_REMEDIES[cause] : undefined) ?? REMEDIES[cause] ??
    (kind === "due" ? LOOK : PLACE);
  const [first, ...others] = positions;
  return first === undefined || others.length > 0
    ? remedy
    : remedy.replaceAll("release SYMBOL", `release ${first.symbol}`);
}

/** Where an exit waits, and not a stop. */
const DUE_REMEDIES: Readonly<Record<string, string>> = {
  gate: "let the gate be LIVE (`avwap-execution check` says what keeps it)",
  closed: "nothing is sold before the open",
  refused: LOOK,
};
/** What the operator can do about a cause, by its code; every command is one of ours. */
const REMEDIES: Readonly<Record<string, string>> = {
  gate: "let the gate be LIVE (`avwap-execution check` says what keeps it), or " + PLACE,
  closed: PLACE + ", which queues it for the open; where a corporate action is due, only after it",
  refused: "look at the symbol in the broker's dashboard (halted, not tradable?), and " + PLACE +
    " where it takes one",
  account: "look at the account in the broker's dashboard; nothing is taken until it is released",
  buy: "cancel the buy at the broker",
  entry: "cancel the entry's order at the broker",
  split:
    "look at it at the broker, cancel its old stops there and place one for what is held now; " +
    "`avwap-execution release SYMBOL --yes` takes the engine's hands off it",
  short: "buy it back by hand; the engine does not touch it",
  absent: "look at it at the broker: sold there, renamed or taken away; " +
    "`avwap-execution release SYMBOL --yes` takes the engine's hands off it",
  unknown:
    "look at the order in the broker's dashboard, and cancel it there if it does not trade: " +
    "the engine then places its own stop",
  bound: "wait for the broker to settle that order, and look at it in its dashboard",
  obstacle: "look at the order in the broker's dashboard (is the symbol halted?); " +
    "the engine tries a new stop once a minute",
  taken:
    "look at the symbol's orders in the broker's dashboard: who cancels its stops there? The " +
    "engine goes on placing them; `avwap-execution release SYMBOL --yes` takes its hands off it",
  lowered: "raise it in the broker's dashboard; " +
    "`avwap-execution release SYMBOL --yes` takes the engine's hands off it",
  hand: "cancel the order in the broker's dashboard; " +
    "`avwap-execution release SYMBOL --yes` takes the engine's hands off it",
  row: "look at the position or order at the broker, and cancel or close it there",
  clock: "`avwap-execution check` asks the broker; look at its status page and dashboard",
  positions: "`avwap-execution check` asks the broker; look at its status page and dashboard",
  orders: "`avwap-execution check` asks the broker; look at its status page and dashboard",
  past: "`avwap-execution check` asks the broker; look at its status page and dashboard",
  print:
    "look at the symbol yourself: halted, or one wrong trade? The engine sells at the next trade " +
    "that says the same",
  price: "`avwap-execution check` asks the data API; look at the price yourself",
};

/** What went wrong, in one clear line each. */
export interface ErrorFacts {
  /** Names the symbol that it is about, if there is one. */
  readonly problem: string;
  /** What the operator can do. */
  readonly remedy: string;
}

/** Builds `Execution error` (ERROR). */
export function buildExecutionError({ problem, remedy }: ErrorFacts): AlertMessage {
  return { level: "ERROR", title: "Execution error", text: `${problem}\nDo: ${remedy}` };
}

/** The disk of the state directory, where it keeps records from being made. */
export interface DiskFaultFacts {
  readonly fault: DiskFault;
  readonly stateDir: string;
  /** `null`: not known. */
  readonly freeBytes: number | null;
}

/** Builds `Disk full` (ERROR), or what says the same of a device that fails (pipeline 5). */
export function buildDiskFault({ fault, stateDir, freeBytes }: DiskFaultFacts): AlertMessage {
  const path = `'${stateDir.replaceAll("'", String.raw`'\''`)}'`;
  if (fault.kind === "failing") {
    return buildExecutionError({
      problem:
        `The disk of ${stateDir} takes no records: ${fault.message}. No entries; exits and ` +
        "stops go on with what is on record",
      remedy:
        `look at the device (dmesg, findmnt -T ${path}) and mount it writable again; entries ` +
        "go on by themselves",
    });
  }
  const free = freeBytes === null ? "free space not known" : `${formatMb(freeBytes)} MB free`;
  const lines = [
    `The disk of ${stateDir} is full (${free}): ${fault.message}`,
    "No entries and no audit trail until there is room; exits and stops are recorded in the reserve " +
    "that was kept for them",
    `Do: make room (df -h ${path}; du -xh --max-depth=2 / | sort -h | tail); the reserve is made ` +
    "again and entries go on by themselves",
  ];
  return { level: "ERROR", title: "Disk full", text: lines.join("\n") };
}

function formatMb(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(1);
}

/** An entry that left, or in DRY_RUN would have. Prices USD per share. */
export interface SubmissionFacts {
  readonly symbol: string;
  readonly qty: number;
  readonly notionalUsd: number;
  readonly stopUsd: number;
  readonly takeProfitUsd: number;
}

/** Builds the verbose message of a submission (TRADE; `SLACK_VERBOSE`). */
export function buildOrderSubmitted(facts: SubmissionFacts): AlertMessage {
  const { symbol, qty, notionalUsd, stopUsd, takeProfitUsd } = facts;
  const text = `${symbol}: SUBMITTED buy qty=${qty}, about ${formatCents(notionalUsd)} USD, ` +
    `stop ${formatPriceUsd(stopUsd)}, target ${formatPriceUsd(takeProfitUsd)}`;
  return { level: "TRADE", title: "Order submitted", text };
}

/** An exit that left, or in DRY_RUN would have. */
export interface SoldFacts {
  readonly symbol: string;
  readonly qty: number;
  readonly reason: ExitReason;
}

/** Builds the verbose message of a trim or a close (TRADE; `SLACK_VERBOSE`). */
export function buildPositionSold(facts: SoldFacts): AlertMessage {
  const { symbol, qty, reason } = facts;
  return {
    level: "TRADE",
    title: isTrim(reason) ? "Position trimmed" : "Position closed",
    text: `${symbol}: SUBMITTED sell qty=${qty} reason=${reason}`,
  };
}

/** A message that stands for a state; the alert port counts it as sent only when it was delivered. */
export interface StateMessage extends AlertMessage {
  readonly state: { readonly key: string; readonly value: string };
}

/**
 * Builds what is sent for a state in EACH cycle, also in those where nothing changed: the message while the operator has
 * not read it, else a withdrawal, which takes back whatever still waits under the key and is no longer true. (A caller
 * that sends changes alone would leave "kill switch active" in the queue of an unreachable Slack, and deliver it when
 * the switch is long off.)
 * @param alerted What was delivered so far, restarts included.
 * @param message `null` where the state is one that nobody needs to read (the kill switch is off).
 */
export function buildStateMessage(
  state: { readonly key: string; readonly value: string },
  alerted: Alerted,
  message: AlertMessage | null,
): StateMessage {
  if (message === null || alerted[state.key] === state.value) return buildWithdrawal(state);
  return { ...message, state };
}

/**
 * Takes back what waits under the state's key and counts the state as delivered, without a message. The alert port tells
 * it by its empty title.
 */
export function buildWithdrawal(
  state: { readonly key: string; readonly value: string },
): StateMessage {
  return { level: "INFO", title: "", text: "", state };
}
