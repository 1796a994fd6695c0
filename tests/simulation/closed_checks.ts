import { isDone } from "../simulator/order.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import type { Auditor } from "./auditor.ts";
import type { ChangeRequest } from "./change_request.ts";
import {
  findOwner,
  isHiding,
  listEntries,
  listPositions,
  type RawPosition,
  readCoverage,
} from "./truth.ts";
import type { World } from "./world.ts";
import type { Family } from "./families.ts";

const MINUTE_MS = 60_000;
/** One increment of the broker's prices, and what a double adds to it. */
const INCREMENT_USD = 0.0101;
/** A look asks in its own seconds; a repeat of a question is no other look. */
const LOOK_MS_MAX = 45_000;
/** So far may the broker's clock, as the engine has it, be off. */
const CLOCK_MS = 1_000;
/** Five minutes, by a clock that may be some seconds off. */
const BETWEEN_LOOKS_MS = 5 * MINUTE_MS - 5_000;
const BEFORE_OPEN_MS = 30 * MINUTE_MS;
/** What lists show so soon after the close may be of before it: one more look may follow. With what two clocks differ. */
const SETTLED_MS = 12_000;
/** A fill so short a time ago the engine need not have seen. */
const FILLED_MS = 10_000;

/** One look at a closed market: when it began, and whether it found all covered with nothing amiss. */
interface Look {
  readonly atMs: number;
  isCovered: boolean;
}

/** What must hold while the market is closed (pipeline 5, "While the market is closed"). */
export class ClosedChecks {
  /** The last look of this process, and the one before it. */
  #look: Look | null = null;
  #before: Look | null = null;
  #isLooking = false;
  /** By symbol, the stage of a night in which the broker judged a stop, and the cycle that sent it. */
  readonly #judged = new Map<string, { readonly stage: string; readonly cycleMs: number }>();

  constructor(readonly auditor: Auditor) {}

  /** A process starts. */
  started(): void {
    this.#look = null;
    // What the broker judged in a cycle that never ended need not be on record.
    for (const [symbol, { cycleMs }] of this.#judged) {
      if (cycleMs === this.auditor.cycle.startMs) this.#judged.delete(symbol);
    }
  }

  /** A cycle begins. */
  begin(): void {
    this.#isLooking = false;
  }

  /** Whether the cycle that ends looked at a closed market. */
  get isLooking(): boolean {
    return this.#isLooking;
  }

  /** A question leaves: each look asks for the account, and nothing else does while the market is known to be closed. */
  asked(path: string): void {
    const { world } = this.auditor;
    if (!path.startsWith("/v2/account") || this.#isOpen()) return;
    if (this.#look !== null && world.trueMs - this.#look.atMs < LOOK_MS_MAX) return;
    this.#before = this.#look;
    this.#look = { atMs: world.trueMs, isCovered: false };
    this.#isLooking = true;
  }

  #judgeLook(look: Look): void {
    const { world } = this.auditor;
    const before = this.#before;
    world.count("looks at a closed market");
    // By its own clock the engine may have been in the next stage already, or still in the one before.
    if (
      before === null ||
      this.#findStage(before.atMs - CLOCK_MS) !== this.#findStage(look.atMs + CLOCK_MS)
    ) return;
    const sinceMs = look.atMs - before.atMs;
    if (sinceMs < BETWEEN_LOOKS_MS) {
      const seconds = Math.round(sinceMs / 1000);
      world.violate("a closed market is looked at every five minutes at most", `${seconds} s`);
    }
    if (before.isCovered && world.lastTroubleMs < before.atMs) {
      world.violate(
        "a closed market in which all is covered is let be",
        this.#findStage(look.atMs),
      );
    }
  }

  /** An order-changing request leaves while the market is closed. */
  leaving({ op, symbol, qty, clientOrderId }: ChangeRequest): void {
    const { world, cycle } = this.auditor;
    const what = `${op} ${symbol} left`;
    if (op !== "stop") return world.violate("no order while the market is closed but a stop", what);
    world.count("stops sent while closed");
    const due = this.#findAction(symbol);
    if (due !== null) {
      world.violate("no stop at night beside a corporate action", `${what}: ${due}`);
    }
    const { heldQty, coveredQty } = readCoverage(world, symbol);
    // The same id again is harmless: the exchange has it already.
    if (world.exchange.findOrder(clientOrderId ?? "") !== null) return;
    if (world.troubles === 0 && !world.strange.has(symbol) && coveredQty + (qty ?? 0) > heldQty) {
      world.violate("a stop at night is for bare shares", `${what}: ${coveredQty} of ${heldQty}`);
    }
    const judged = this.#judged.get(symbol);
    if (judged?.stage === this.#findStage() && judged.cycleMs !== cycle.startMs) {
      world.violate("a stop leaves once in each stage of a night", what);
    }
  }

  /** It was answered. */
  answered(
    { op, symbol }: ChangeRequest,
    answer: { readonly status: number; readonly body: string },
  ) {
    const { world, cycle } = this.auditor;
    const isJudged = answer.status === 200 ||
      ([400, 403, 422].includes(answer.status) && answer.body.includes('"code"'));
    if (this.#isOpen() || op !== "stop" || !isJudged || hasLostMemory(this.auditor)) return;
    world.count(`stops while closed answered ${answer.status}`);
    this.#judged.set(symbol, { stage: this.#findStage(), cycleMs: cycle.startMs });
  }

  /** A cycle ends: after an undisturbed look what is bare has been told. */
  end(): void {
    const { world, cycle, silence } = this.auditor;
    const look = this.#look;
    if (look === null || !this.#isLooking) return;
    if (cycle.mode !== null) {
      // By a clock that says open, and no calendar to hold it against, it was a cycle of a session.
      this.#look = this.#before;
      return;
    }
    this.#judgeLook(look);
    if (cycle.isFailed || world.troubles > 0) return;
    if (this.#isOpen() || hasLostMemory(this.auditor)) return;
    // Another account's positions are none of this process.
    if (findOwner(world) !== world.exchange.accountId) return;
    const positions = listPositions(world);
    const bare = positions.filter(({ symbol }) => {
      const { heldQty, gtcQty } = readCoverage(world, symbol);
      return gtcQty < heldQty;
    });
    // Stops for another count of shares cover nobody knows what; one below the engine's, where a hand has moved it, protects nothing.
    const closedMs = world.exchange.sessions.closesBefore(world.trueMs, 1)[0] ?? Infinity;
    const isSettled = look.atMs - closedMs >= SETTLED_MS;
    // An entry of unknown fate may have bought what nobody shows yet.
    const isUnresolved = listEntries(world, "now").some(({ side, status }) =>
      side === "buy" && ["pending", "unknown"].includes(status)
    );
    look.isCovered = isSettled && bare.length === 0 && !isUnresolved &&
      !positions.some((each) => hasLowStop(world, each)) &&
      positions.every(({ symbol, unexplained_qty }) =>
        unexplained_qty === null && !world.strange.has(symbol)
      );
    for (const { symbol, unexplained_qty } of bare) {
      if (world.strange.has(symbol) || unexplained_qty !== null) continue;
      if (isHiding(world, symbol, cycle.startMs) || this.#isFilled(symbol)) continue;
      world.count("bare at night, checked for an alert");
      if (silence.saidMs(symbol) >= closedMs) continue;
      world.violate("a bare position has its stop or an alert while closed", symbol);
    }
  }

  #isFilled(symbol: string): boolean {
    const { world, cycle } = this.auditor;
    return world.exchange.orders.some((order) =>
      order.symbol === symbol && (order.fills.at(-1)?.atMs ?? 0) > cycle.startMs - FILLED_MS
    );
  }

  #isOpen(): boolean {
    const { world } = this.auditor;
    return world.exchange.sessions.at(world.trueMs) !== null;
  }

  #findStage(atMs: number = this.auditor.world.trueMs): string {
    const nextOpenMs = this.auditor.world.exchange.sessions.nextOpenMs(atMs);
    return `${nextOpenMs} ${nextOpenMs - atMs <= BEFORE_OPEN_MS ? "before the open" : "night"}`;
  }

  /** An action with a day from the last session's on, up to the next one's. */
  #findAction(symbol: string): string | null {
    const { trueMs, exchange } = this.auditor.world;
    const lastMs = exchange.sessions.closesBefore(trueMs, 1)[0] ?? 0;
    const fromNy = nyDateAt(lastMs);
    const toNy = nyDateAt(exchange.sessions.nextOpenMs(trueMs));
    const due = exchange.corporateActions.find(({ row }) =>
      row["symbol"] === symbol &&
      [row["ex_date"], row["process_date"]].some((day) =>
        typeof day === "string" && day >= fromNy && day <= toNy
      )
    );
    return due === undefined ? null : JSON.stringify(due.row);
  }
}

function hasLowStop({ exchange }: World, { symbol, stop }: RawPosition): boolean {
  return (exchange.desk.active.get(symbol)?.working ?? []).some((order) =>
    order.side === "sell" && !isDone(order) && order.stopPriceUsd !== null &&
    order.stopPriceUsd < stop - INCREMENT_USD / 2
  );
}

/** Where files or a disk fail, or the account or the clock is another, a process need not know what the one before it did. */
function hasLostMemory({ world }: Auditor): boolean {
  const lost: readonly Family[] = ["disk", "files", "account", "clock"];
  return lost.some((family) => world.profile.families.has(family));
}
