import { isDone } from "../simulator/order.ts";
import {
  findLedgerFault,
  findObjection,
  isDocumentUnreadable,
  isEngineOrder,
  isOfAnotherAccount,
  readCoverage,
} from "./truth.ts";
import { LEDGER_PATH, type World } from "./world.ts";

/** What kept shares without a stop; the first that happened to them. */
export const GAP_CAUSES = [
  "undisturbed",
  "broker's refusal",
  "broker away",
  "operator's switch",
  "our own sequence",
  "host away",
  "somebody else",
] as const;
export type GapCause = typeof GAP_CAUSES[number];

/** How long shares were without a stop in session, in milliseconds, by cause. */
export type GapTimes = Readonly<Record<GapCause, readonly number[]>>;

/**
 * Without a stop during an exit that nothing disturbed for longer than this is too long. Most of it is the wait for the
 * request budget (2 s a read at most), where minutes of looking at a half filled order have emptied it.
 */
export const GAP_MS_MAX = 20_000;

/** An entry that is filled in parts has no stop for so long before its rest is cancelled (pipeline 4). */
const PARTIAL_MS = 60_000;

interface Gap {
  readonly sinceMs: number;
  /** Whether an exit or a conversion of ours began it; else an entry filled in parts (since its first share), or a hand. */
  readonly isExit: boolean;
  cause: GapCause | null;
  /** Who else kept it open, where nothing disturbed: it names the gap, and excuses nothing. */
  obstacle: GapCause | null;
}

/** Who caused a trouble, by its first words. */
const CAUSES: readonly (readonly [RegExp, GapCause])[] = [
  [/^operator /, "operator's switch"],
  [/^(outage|net) |^field (clock|keys)/, "broker away"],
  [/^(field|mood|cancels) |^account is /, "broker's refusal"],
  [/^(crash|disk) |^clock of the host/, "host away"],
];

/** No times at all. */
export function buildGapTimes(): Record<GapCause, number[]> {
  return {
    "undisturbed": [],
    "broker's refusal": [],
    "broker away": [],
    "operator's switch": [],
    "our own sequence": [],
    "host away": [],
    "somebody else": [],
  };
}

/** Follows, for each symbol with an exit under way and each managed one, since when nothing covers its shares. */
export class Gaps {
  readonly times = buildGapTimes();
  readonly #open = new Map<string, Gap>();
  #lastCause: GapCause = "somebody else";
  #startedMs = -Infinity;

  constructor(readonly world: World) {}

  /** A fault, an act of somebody else: what comes when the time is over excuses nothing any more. */
  disturbed(what: string): void {
    this.#lastCause = CAUSES.find(([pattern]) => pattern.test(what))?.[1] ?? "somebody else";
    for (const gap of this.#open.values()) {
      const maxMs = gap.isExit ? GAP_MS_MAX : PARTIAL_MS + GAP_MS_MAX;
      if (this.world.trueMs - gap.sinceMs <= maxMs) gap.cause ??= this.#lastCause;
    }
  }

  /** A process starts: what the one before left bare stays so until this one has looked, and what came since it is told then. */
  restarted(): void {
    this.#startedMs = this.world.trueMs;
    for (const gap of this.#open.values()) gap.cause ??= "host away";
  }

  /**
   * @param cancelled Symbols of which a cancel or a replacement left in this cycle.
   * @param managed Those that the engine manages, at the end of a cycle.
   */
  watch(cancelled: ReadonlySet<string>, managed: readonly string[] = []): void {
    const { world } = this;
    for (const symbol of new Set([...cancelled, ...managed, ...this.#open.keys()])) {
      if (world.strange.has(symbol)) continue;
      const { heldQty, coveredQty, replacingQty, isSelling } = readCoverage(world, symbol);
      const isBare = heldQty > 0 && coveredQty + replacingQty < heldQty && !isSelling;
      const gap = this.#open.get(symbol);
      const obstacle = this.#findObstacle(symbol);
      if (gap !== undefined) {
        this.#judge(symbol, gap);
        gap.obstacle ??= obstacle;
      }
      if (isBare && gap === undefined) {
        const cause = this.#findCauseNow(symbol);
        const isExit = cancelled.has(symbol);
        const partMs = isExit ? null : findPartMs(world, symbol);
        const sinceMs = Math.max(partMs ?? world.trueMs, this.#startedMs);
        this.#open.set(symbol, { sinceMs, isExit, cause, obstacle });
      } else if (!isBare && gap !== undefined) {
        this.#open.delete(symbol);
        this.#keep(gap);
      }
    }
  }

  /** The session or the run is at its end: what is still bare is not forgotten. */
  ended(): void {
    for (const gap of this.#open.values()) this.#keep(gap);
    this.#open.clear();
  }

  #findCauseNow(symbol: string): GapCause | null {
    const { world } = this;
    if (findObjection(world) !== null) return "operator's switch";
    // The keys are the operator's, and hold for a process: however long ago it started with another account's.
    if (isOfAnotherAccount(world)) return "operator's switch";
    const standing = this.#findStanding(symbol);
    if (standing !== null) return standing;
    const isDisturbed = world.troubles > 0 || world.trueMs - world.lastTroubleMs < GAP_MS_MAX;
    return isDisturbed ? this.#lastCause : null;
  }

  /** What of the broker's lasts, however long ago it began: the next process meets it too. */
  #findStanding(symbol: string): GapCause | null {
    const { world } = this;
    if (world.isHung(symbol) || world.isBlocked()) return "broker's refusal";
    return world.exchange.behaviour.clockFault === null ? null : "broker away";
  }

  /**
   * A sell that the exchange lets rest without trading; a buy of somebody's, beside which it takes no stop; or what locks LIVE until
   * the operator has looked (pipeline 6): another engine on the account, and what is no file in the ledger's or the document's
   * place.
   */
  #findObstacle(symbol: string): GapCause | null {
    const working = (this.world.exchange.desk.active.get(symbol)?.working ?? [])
      .filter((order) => !isDone(order));
    if (working.some((order) => order.side === "sell" && order.asleep !== null)) {
      return "broker's refusal";
    }
    if (findLedgerFault(this.world)?.includes("mismatches") === true) return "somebody else";
    if (this.world.disk.isOther(LEDGER_PATH) || isDocumentUnreadable(this.world)) {
      return "somebody else";
    }
    const isBarred = working.some((order) => order.side === "buy" && !isEngineOrder(order));
    return isBarred ? "somebody else" : null;
  }

  /** Also while it is open: what is never closed is the worst of them. */
  #judge(symbol: string, gap: Gap): void {
    const { world } = this;
    gap.cause ??= this.#findStanding(symbol);
    const gapMs = world.trueMs - gap.sinceMs;
    if (gap.cause !== null || (!gap.isExit && gap.obstacle !== null)) return;
    if (gapMs <= (gap.isExit ? GAP_MS_MAX : PARTIAL_MS + GAP_MS_MAX)) return;
    world.violate("the time without a stop is bounded", `${symbol} had none for ${gapMs} ms`);
  }

  #keep({ sinceMs, cause, isExit, obstacle }: Gap): void {
    const gapMs = this.world.trueMs - sinceMs;
    this.times[cause ?? (isExit ? "undisturbed" : obstacle ?? "our own sequence")].push(gapMs);
  }
}

/** When the first share of an entry came that is filled in part: none of them has a stop; `null` where there is none. */
function findPartMs({ exchange }: World, symbol: string): number | null {
  const entry = exchange.orders.find((order) =>
    order.symbol === symbol && order.side === "buy" && isEngineOrder(order) && !isDone(order)
  );
  return entry?.fills[0]?.atMs ?? null;
}
