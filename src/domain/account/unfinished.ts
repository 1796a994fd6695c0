import type { SellReason } from "../order/client_order_id.ts";
import type { ExitReason } from "../exit/exit_rules.ts";
import type { Refusal } from "../order/order_request.ts";

/** What something is begun for: a sell, a stop, or the end of an entry that is not waited for any longer. */
export type BegunReason = SellReason | "entry";

/** One group of sells that gives way, or the entry whose rest is cancelled. */
export interface BegunCancel {
  readonly symbol: string;
  /** The broker's id of the order that is cancelled for the group, and of all its orders with what each had sold by then. */
  readonly orderId: string;
  readonly members: readonly { readonly orderId: string; readonly filledQty: number }[];
  /** Shares that it held, or that the entry had bought, and where its stop was, USD per share, 0 for none. */
  readonly qty: number;
  readonly stopUsd: number;
  /** `asked`: its cancel has left, or is under way already. */
  readonly isAsked: boolean;
}

/**
 * What was begun for a position: ended in its own cycle, under the record made before its cancel left; in a later one the
 * rules decide anew, and what is bare gets its stop (pipeline 5, "How, at the broker").
 */
export interface Begun {
  /** The cycle that it belongs to: of this process, begun then, Unix ms by the broker's clock. */
  readonly processId: string;
  readonly cycleStartedAtMs: number;
  /** By monotonic time, ms. */
  readonly sinceMs: number;
  /** The exit that it makes room for; `stop`: one stop takes the place of what was cancelled; `entry`: one protects what was bought. */
  readonly reason: BegunReason;
  /** Client order ids of the records made with it; `null` where it sells, or leaves, nothing. */
  readonly sellId: string | null;
  readonly stopId: string | null;
  /** Where the stop for the rest belongs once it has sold, USD per share. */
  readonly restUsd: number;
  readonly cancels: readonly BegunCancel[];
  /** The broker's id of our own stop that gives up what is sold, and goes on holding the rest; `null` where orders are cancelled. */
  readonly shrinks: string | null;
  /** Whether a hand had put some of it in the engine's way (pipeline 5). */
  readonly isOfHand: boolean;
  /** What the broker said to a cancel that it would not take. */
  readonly refusal: string | null;
  /** Whether the position was bare before, which it is again where no cancel leaves. */
  readonly wasBare: boolean;
  /** Whether a cancel has left: only the operator ends it then. */
  readonly hasLeft: boolean;
}

/** What last kept a sell, a stop or a cancel from being done. */
export interface Held {
  /** Unix ms by the broker's clock. */
  readonly atMs: number;
  /** In words that an operator understands. */
  readonly why: string;
  /** Whether nothing more is begun for the position in its cycle. */
  readonly isOver: boolean;
}

/** The exit that a cycle has tried. */
export interface Tried {
  /** Unix ms by the broker's clock. */
  readonly cycleStartedAtMs: number;
  /**
   * Whether the cycle begins it again: `bare` where its cancel did not end in time, and once that has ended after all: what was
   * taken down for it is sold before a stop takes its place.
   */
  readonly again: "no" | "bare";
}

/** What one process knows of what it has under way: no file has it, and the next one looks for itself. */
export interface UnderWay {
  readonly begun: Begun | null;
  readonly held: Held | null;
  /** A stop that the market was at or below when it was sent: its price, USD per share, and when by monotonic time, ms. */
  readonly belowStop: { readonly stopUsd: number; readonly atMs: number } | null;
  /** A resting order whose replacement the broker would not have, whoever asks: its id, and when by monotonic time, ms. */
  readonly unreplaceable: { readonly orderId: string; readonly atMs: number } | null;
  /** A replacement that was refused, and may be done all the same: its client order id, and what was said (broker.md). */
  readonly inQuestion: { readonly clientOrderId: string; readonly refusal: Refusal } | null;
  readonly tried: Tried | null;
  /** What protected nothing and gave way to a stop last: order ids, and when, Unix ms by the broker's clock. */
  readonly gaveWay: { readonly orderIds: readonly string[]; readonly atMs: number } | null;
}

/** What a new process has under way. */
export const NOTHING_UNDER_WAY: UnderWay = {
  begun: null,
  held: null,
  belowStop: null,
  unreplaceable: null,
  inQuestion: null,
  tried: null,
  gaveWay: null,
};

/**
 * What a position's sells and stops left unfinished, and what the broker refused of them: a restart is a longer pause, and
 * decides from the same (pipeline 5, "How, at the broker"). Times Unix ms by the broker's clock.
 */
export interface Unfinished {
  readonly positionId: string;
  /** Its protection was cancelled and not put back yet: only the operator may keep that from happening. */
  readonly isBare: boolean;
  /** When the broker last refused its stop because the market is at or below it. */
  readonly stopRefusedAtMs: number | null;
  /** A hand's price, USD a share, that the market has come below: no stop is taken there any more. */
  readonly spentHandStopUsd: number | null;
  /** When the broker last refused its stop as a wash trade, beside a buy that works. */
  readonly besideBuyAtMs: number | null;
  /** When the broker last refused an exit's sell, by its reason. */
  readonly sellRefusedAtMs: Readonly<Partial<Record<ExitReason, number>>>;
  readonly underWay: UnderWay;
}

/** What is unfinished of a position: nothing, where no record says otherwise. */
export function findUnfinished(all: readonly Unfinished[], positionId: string): Unfinished {
  return all.find((each) => each.positionId === positionId) ?? {
    positionId,
    isBare: false,
    stopRefusedAtMs: null,
    spentHandStopUsd: null,
    besideBuyAtMs: null,
    sellRefusedAtMs: {},
    underWay: NOTHING_UNDER_WAY,
  };
}

/** The records with one position's changed; one that says nothing any more is left out. */
export function putUnfinished(
  all: readonly Unfinished[],
  positionId: string,
  change: Partial<Omit<Unfinished, "positionId">>,
): readonly Unfinished[] {
  const next = { ...findUnfinished(all, positionId), ...change };
  const others = all.filter((each) => each.positionId !== positionId);
  const isNothing = !isForFile(next) &&
    Object.values(next.underWay).every((each) => each === null);
  return isNothing ? others : [...others, next];
}

/** Whether it says anything that outlives the process. */
export function isForFile(unfinished: Unfinished): boolean {
  const { isBare, stopRefusedAtMs, spentHandStopUsd, besideBuyAtMs, sellRefusedAtMs } = unfinished;
  return isBare || Object.keys(sellRefusedAtMs).length > 0 ||
    [stopRefusedAtMs, spentHandStopUsd, besideBuyAtMs].some((each) => each !== null);
}
