import { formatCounted } from "../counted.ts";
import type { ManagedPosition } from "./engine_state.ts";
import type { ExitReason } from "../exit/exit_rules.ts";
import { decideExit, isCloseDue } from "../exit/decide_exit.ts";
import { formatNy } from "../time/ny_time.ts";
import { ceilQty } from "./position_account.ts";
import type { ShareCount } from "./share_count.ts";
import {
  countFleeting,
  decideLosses,
  NO_STOPS,
  type StopLook,
  type StopLosses,
  type StopWatch,
} from "./stop_losses.ts";

/** What a position waits for: an exit, a stop, or that its exits can be decided at all. */
export type Due = ExitReason | "stop" | "unknown";

/** Why a position stands as it does. Causes that are said in one message have one code. */
export interface StandingReason {
  readonly code: string;
  /** In words that an operator understands. */
  readonly text: string;
}

/** How one managed position stands when a cycle can do nothing more (pipeline 5, "Nothing waits in silence"). Shares whole. */
export interface Standing {
  readonly symbol: string;
  readonly positionId: string;
  readonly sureQty: number;
  readonly doubtfulQty: number;
  readonly mostHeldQty: number;
  /** Shares that working sells cover, and of these those that outlive the day; as last seen where that can't be read. */
  readonly coveredQty: number;
  readonly gtcQty: number;
  readonly isCoverRead: boolean;
  /** Whether only a good-till-canceled stop counts now: near the close, after it, and while nothing may be sent. */
  readonly isGtcNeeded: boolean;
  /** The most that may be held, less what is protected as it has to be now, by a stop that lasts. */
  readonly bareQty: number;
  readonly due: Due | null;
  /** Code of the first reason, and all of them in words; empty where nothing is bare or due. */
  readonly cause: string;
  readonly why: string;
  /** Since when shares are bare, and something but a stop is due, Unix ms; `null` where they are not. */
  readonly bareSinceMs: number | null;
  readonly dueSinceMs: number | null;
  /** Its stops, and whether they last. */
  readonly stops: StopWatch;
}

/** The latest trade, as far as the exit rules may use it. */
export type PriceLook =
  | { readonly kind: "read"; readonly priceUsd: number }
  /** One print alone says it, which decides nothing: what it would make due waits for a later trade. */
  | { readonly kind: "doubted"; readonly priceUsd: number }
  /** Answered, and of no use: no trade in this session yet. */
  | { readonly kind: "none" }
  | { readonly kind: "unread" }
  /** Closed, or the clock can't be read: what was due stays due. */
  | { readonly kind: "not_asked" };

/** What a cycle knows of one managed position at its end. */
export interface StandingInputs {
  readonly position: ManagedPosition;
  /** `null` where the position's past can't be read. */
  readonly count: ShareCount | null;
  /** `null` where open orders, or one of them, can't be read. */
  readonly cover: { readonly coveredQty: number; readonly gtcQty: number } | null;
  /** Shares that positions showed last; `null` where they can't be read. */
  readonly shownQty: number | null;
  /** Whether this process has looked at the broker at all. */
  readonly hasLooked: boolean;
  /** Whether the standing before holds while it has not: with the market closed nothing changes it. */
  readonly isBeforeTrusted: boolean;
  readonly isGtcNeeded: boolean;
  /** Whether the market is open: what only works again from the next session protects nothing now. */
  readonly isOpen: boolean;
  readonly price: PriceLook;
  /** What keeps the exit rules from being decided at all; the first that applies. */
  readonly blind: StandingReason | null;
  /** What became of the engine's own stops; `null` where this process has not looked at the broker. */
  readonly stops: StopLook | null;
  /** Everything else that keeps shares bare or exits waiting, the most telling first. */
  readonly reasons: readonly StandingReason[];
  /** The position's standing at the end of the cycle before, restarts included. */
  readonly before: Standing | undefined;
  /** By the broker's clock, Unix ms. */
  readonly nowMs: number;
}

/** What keeps exits undecided, market open or closed: the broker shows no such position, and no sell explains it. */
export const ABSENT: StandingReason = {
  code: "absent",
  text: "the broker shows no such position, and no sell explains that",
};
/** Codes of what only says that a position could not be looked at. */
const UNLOOKED: ReadonlySet<string> = new Set(["clock", "row", "positions", "past"]);
const NO_PRICE: StandingReason = { code: "price", text: "no price of it can be read" };
const NO_COVER: StandingReason = { code: "orders", text: "its orders at the broker can't be read" };
const TAKEN: StandingReason = {
  code: "taken",
  text:
    "each stop that is placed is gone when it is looked at (cancelled or rejected at the broker)",
};
const IDLE: StandingReason = {
  code: "obstacle",
  text: "each stop that is placed is suspended when it is looked at, or does not trade otherwise",
};
const SOON: StandingReason = { code: "pending", text: "not done yet, looked at again within 30 s" };

/**
 * Decides how a managed position stands. What can't be read counts as not covered, and exits that can't be decided as due; a
 * since of the standing before goes on, and shares whose stops are taken away one after the other are bare since the first was.
 */
export function decideStanding(inputs: StandingInputs): Standing {
  const { position, before, nowMs, isGtcNeeded, isOpen } = inputs;
  const { sureQty, doubtfulQty, mostHeldQty } = readCount(inputs);
  const cover = readCover(inputs);
  const { coveredQty, gtcQty } = cover ?? before ?? { coveredQty: 0, gtcQty: 0 };
  const lastingQty = isOpen ? Math.min(coveredQty, gtcQty) : gtcQty;
  const safeQty = isGtcNeeded ? lastingQty : coveredQty;
  // What can't be read covers nothing now, whatever was seen last.
  const protectedQty = cover === null ? 0 : safeQty;
  // Of less than nothing there is no share to be stopped, whatever orders say.
  const openQty = isShort(position) ? 0 : Math.max(0, ceilQty(mostHeldQty - protectedQty));
  const stops = decideStops(inputs);
  const fleetingQty = isShort(position) ? 0 : Math.min(mostHeldQty, countFleeting(stops.losses));
  const bareQty = Math.max(openQty, fleetingQty);
  const blinds = listBlinds(inputs);
  const waiting = decideDue(inputs, { blind: blinds[0], qty: sureQty > 0 ? sureQty : mostHeldQty });
  const due = waiting ?? (bareQty > 0 ? "stop" : null);
  const reasons = due === null ? [] : listReasons(inputs, {
    blinds,
    isCoverUnread: cover === null,
    losses: fleetingQty > 0 ? stops.losses : null,
  });
  return {
    symbol: position.symbol,
    positionId: position.positionId,
    sureQty,
    doubtfulQty,
    mostHeldQty,
    coveredQty,
    gtcQty,
    isCoverRead: cover !== null,
    isGtcNeeded,
    bareQty,
    due,
    cause: reasons[0]?.code ?? "",
    why: [...new Set(reasons.map(({ text }) => text))].join("; "),
    bareSinceMs: bareQty > 0 ? findBareSince(inputs, fleetingQty > 0 ? stops.losses : null) : null,
    dueSinceMs: waiting === null ? null : findDueSince(waiting, before) ?? nowMs,
    stops,
  };
}

function decideStops({ stops: look, before, nowMs }: StandingInputs): StopWatch {
  const { restingIds, losses } = before?.stops ?? NO_STOPS;
  return {
    restingIds: look?.restingIds ?? restingIds,
    losses: decideLosses(losses, look, nowMs),
  };
}

function findBareSince({ before, nowMs }: StandingInputs, losses: StopLosses | null): number {
  const sinceMs = before?.bareSinceMs ?? nowMs;
  return losses === null ? sinceMs : Math.min(sinceMs, losses.sinceMs);
}

function readCount(
  { position, count, shownQty, hasLooked, before }: StandingInputs,
): Pick<Standing, "sureQty" | "doubtfulQty" | "mostHeldQty"> {
  if (count !== null && hasLooked) {
    if (position.unexplainedQty === null) return count;
    // Orders do not tell whose it is what they don't explain: all that is shown may be ours, and an answer without it is not
    // "nothing held".
    const riddleQty = shownQty ?? before?.mostHeldQty ?? position.unexplainedQty;
    return { ...count, mostHeldQty: Math.max(count.mostHeldQty, Math.floor(riddleQty)) };
  }
  // In doubt what was held last is still held, and so is what positions show.
  const mostHeldQty = Math.max(before?.mostHeldQty ?? position.qty ?? 0, shownQty ?? 0);
  return {
    sureQty: before?.sureQty ?? 0,
    doubtfulQty: before?.doubtfulQty ?? 0,
    mostHeldQty: Math.floor(mostHeldQty),
  };
}

function readCover(
  { position, cover, hasLooked, isBeforeTrusted, before }: StandingInputs,
): StandingInputs["cover"] {
  // Stops for another count of shares protect nobody knows what.
  if (position.unexplainedQty !== null) return { coveredQty: 0, gtcQty: 0 };
  if (hasLooked) return cover;
  return isBeforeTrusted && before?.isCoverRead === true ? before : null;
}

/** Whether the broker shows less than nothing of it: the engine never sells short, and never buys back. */
export function isShort({ unexplainedQty }: Pick<ManagedPosition, "unexplainedQty">): boolean {
  return unexplainedQty !== null && unexplainedQty < 0;
}

/** What keeps exits undecided, the most telling first: what was absent is so until a look shows it, and not until none can be made. */
function listBlinds({ blind, hasLooked, before }: StandingInputs): StandingReason[] {
  const isUnlooked = blind === null ? !hasLooked : UNLOOKED.has(blind.code);
  const isAbsentStill = isUnlooked && before?.cause === ABSENT.code;
  return [...(isAbsentStill ? [ABSENT] : []), ...(blind === null ? [] : [blind])];
}

function decideDue(
  inputs: StandingInputs,
  { blind, qty }: { readonly blind: StandingReason | undefined; readonly qty: number },
): Exclude<Due, "stop"> | null {
  const { position, price, before, isOpen } = inputs;
  // Open or closed: nobody but the operator ends it.
  if (isShort(position)) return "unknown";
  if (qty <= 0) return null;
  // A stop that rests for what is not there hides that nothing may be protected.
  if (blind?.code === ABSENT.code) return "unknown";
  if (price.kind === "not_asked") {
    const due = before?.due ?? null;
    // A session in which they could not be decided goes on, though the clock can't be read.
    return due === "stop" || (due === "unknown" && !isOpen) ? null : due;
  }
  if (blind !== undefined || price.kind === "unread") return "unknown";
  if (price.kind === "none") return null;
  // By one print too: it may be the last one before a halt.
  if (isCloseDue(position, qty, price.priceUsd)) return "stop_exit";
  const { due } = decideExit(position, qty, price.priceUsd);
  return due === null || due.qty === 0 ? null : due.reason;
}

/** Another exit is due from now on; one that can't be decided for a moment goes on waiting. */
function findDueSince(waiting: Due, before: Standing | undefined): number | null {
  if (before === undefined) return null;
  const isSame = before.due === waiting || before.due === "unknown" || waiting === "unknown";
  return isSame ? before.dueSinceMs : null;
}

function listReasons(
  { price, reasons }: StandingInputs,
  { blinds, isCoverUnread, losses }: {
    readonly blinds: readonly StandingReason[];
    readonly isCoverUnread: boolean;
    readonly losses: StopLosses | null;
  },
): StandingReason[] {
  const listed = [
    ...blinds,
    ...(isCoverUnread ? [NO_COVER] : []),
    ...(losses === null ? [] : [losses.isIdle ? IDLE : TAKEN]),
    ...reasons,
    ...(price.kind === "unread" ? [NO_PRICE] : []),
    ...(price.kind === "doubted" ? [buildDoubt(price.priceUsd)] : []),
  ];
  return listed.length === 0 ? [SOON] : listed;
}

function buildDoubt(priceUsd: number): StandingReason {
  return {
    code: "print",
    text: `one trade alone, at ${priceUsd}, says so, more than 15 % from the price before it: ` +
      "nothing is sold until a later trade says it too (an error, or a halt?)",
  };
}

/** The managed positions of which something is bare or due, each with its symbol and in words. */
export function listTroubles(standings: readonly Standing[]): string[] {
  return standings.flatMap((standing) => {
    const text = formatTrouble(standing);
    return text === null ? [] : [`${standing.symbol}: ${text}`];
  });
}

/**
 * What is wrong with a position, in the one wording of alarms, `status`, heartbeat, summary and the kill switch's message.
 * @returns `null` where nothing is bare or due.
 */
export function formatTrouble(standing: Standing): string | null {
  const { bareQty, mostHeldQty, bareSinceMs, due, dueSinceMs, why, doubtfulQty } = standing;
  const parts: string[] = [];
  if (bareSinceMs !== null) {
    const kind = standing.isGtcNeeded ? "good-till-canceled stop" : "stop";
    const lasting = countFleeting(standing.stops.losses) > 0 ? `${kind} that lasts` : kind;
    const what = standing.isCoverRead ? `without a ${lasting}` : "whose stop can't be seen";
    parts.push(
      `${bareQty} of ${formatCounted(mostHeldQty, "share")} ${what} since ${formatNy(bareSinceMs)}`,
    );
  }
  if (dueSinceMs !== null) {
    const what = due === "unknown" ? "no exit decided" : `${due} due`;
    parts.push(`${what} since ${formatNy(dueSinceMs)}`);
  }
  if (parts.length === 0) return null;
  if (doubtfulQty > 0) parts.push(`${doubtfulQty} that a sell of unknown fate may have sold`);
  return `${parts.join(", ")}: ${why}`;
}
