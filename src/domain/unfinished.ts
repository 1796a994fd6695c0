import type { SellReason } from "./client_order_id.ts";
import type { ExitReason } from "./exit_plan.ts";

/**
 * What a cancel or a shrinking of protection began for a position: ended in its own cycle, under the record made before it
 * left; in a later one the rules decide anew, and what is bare gets its stop (pipeline 5, "How, at the broker").
 */
export interface Begun {
  /** The cycle that it belongs to: of this process, begun then, Unix ms by the broker's clock. */
  readonly processId: string;
  readonly cycleStartedAtMs: number;
  /** The exit that it makes room for; `stop`: one stop takes the place of what was cancelled. */
  readonly reason: SellReason;
  /** Client order ids of the records made with it; `null` where it sells, or leaves, nothing. */
  readonly sellId: string | null;
  readonly stopId: string | null;
  /** Where the stop for the rest belongs once it has sold, USD per share. */
  readonly restUsd: number;
  /** Broker ids of what is cancelled, one a group of sells, and where their stops were, USD per share, 0 for none. */
  readonly cancels: readonly { readonly orderId: string; readonly stopUsd: number }[];
  /** Whether the position was bare before, which it is again where no cancel leaves. */
  readonly wasBare: boolean;
  /** Whether a cancel or replacement has left: only the operator ends it then. */
  readonly hasLeft: boolean;
}

/** What last kept a sell, a stop or a cancel from being done. */
export interface Held {
  readonly atMs: number;
  /** In words that an operator understands. */
  readonly why: string;
}

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
  /** When a stop was last tried beside an entry that will not end. */
  readonly besideEntryAtMs: number | null;
  /** When the broker last refused an exit's sell, by its reason. */
  readonly sellRefusedAtMs: Readonly<Partial<Record<ExitReason, number>>>;
  /** Of this process alone, so that no file has them: what is begun, what was held up, and at which price a stop was refused. */
  readonly begun: Begun | null;
  readonly held: Held | null;
  readonly stopRefusedUsd: number | null;
}

/** What is unfinished of a position: nothing, where no record says otherwise. */
export function findUnfinished(all: readonly Unfinished[], positionId: string): Unfinished {
  return all.find((each) => each.positionId === positionId) ?? {
    positionId,
    isBare: false,
    stopRefusedAtMs: null,
    spentHandStopUsd: null,
    besideEntryAtMs: null,
    sellRefusedAtMs: {},
    ...OF_NO_PROCESS,
  };
}

/** What a new process knows of what the one before had begun. */
export const OF_NO_PROCESS = { begun: null, held: null, stopRefusedUsd: null } as const;

/** The records with one position's changed; one that says nothing any more is left out. */
export function putUnfinished(
  all: readonly Unfinished[],
  positionId: string,
  change: Partial<Omit<Unfinished, "positionId">>,
): readonly Unfinished[] {
  const next = { ...findUnfinished(all, positionId), ...change };
  const others = all.filter((each) => each.positionId !== positionId);
  const isNothing = !next.isBare && next.stopRefusedAtMs === null &&
    next.spentHandStopUsd === null && next.besideEntryAtMs === null &&
    next.begun === null && next.held === null && next.stopRefusedUsd === null &&
    Object.keys(next.sellRefusedAtMs).length === 0;
  return isNothing ? others : [...others, next];
}
