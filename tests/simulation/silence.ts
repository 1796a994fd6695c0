import type { Auditor } from "./auditor.ts";
import {
  findObjection,
  findOwner,
  isHiding,
  isSplit,
  listPositions,
  type RawPosition,
  readCoverage,
} from "./truth.ts";

/** So far may the broker's clock, as the engine has it, be ahead. */
const CLOCK_MS = 1_000;
/** The engine's two minutes, for which it wakes, and what its idea of the time may be off by. */
const SILENT_MS_MAX = 2 * 60_000 + 25_000;
/** Once in each hour, by the poll after its end. */
const AGAIN_MS_MAX = 70 * 60_000;
/** Before the open it is said once more: by the second look after that moment. */
const BEFORE_OPEN_MS = 30 * 60_000;
const SECOND_LOOK_MS = 6 * 60_000;

/** What is bare or overdue by the exchange's own books, and whether the operator was told (pipeline 5). */
export class Silence {
  /** Cause and symbol to the end of the first cycle that could see it. */
  readonly #sinceMs = new Map<string, number>();
  /** What stood so already when the cycle began. */
  #begun: ReadonlySet<string> = new Set();
  readonly #saidMs = new Map<string, number>();
  #wasBlind = false;

  constructor(readonly auditor: Auditor) {}

  /** An alert on its way to Slack. */
  alerted({ title, text }: { readonly title: string; readonly text: string }): void {
    const isBare = title === "Position without stop";
    if (!isBare && !/^(Exits wait|Broker clock unreadable)/.test(text)) return;
    for (const { symbol } of listPositions(this.auditor.world)) {
      if (text.includes(`${symbol} `)) this.#saidMs.set(symbol, this.auditor.world.trueMs);
    }
  }

  /** When the operator was last told of a symbol, Unix ms. */
  saidMs(symbol: string): number {
    return this.#saidMs.get(symbol) ?? -Infinity;
  }

  /** A process starts: what a failing disk did not keep of the since begins anew. */
  started(): void {
    if (this.auditor.world.profile.families.has("disk")) this.#sinceMs.clear();
  }

  /** A cycle begins. */
  begin(): void {
    this.#begun = this.#list();
  }

  /** A cycle ends: what waits since one before it has been told, or will have been in time. */
  end(): void {
    const { world } = this.auditor;
    // A closed market is looked at now and then: a cycle without a look can't see more than the one before it.
    if (!this.#isOpen() && !this.auditor.closedChecks.isLooking) return;
    const now = this.#list();
    // A cycle without the broker's clock sees neither prices nor orders, and the host may sleep before it asks again.
    const isBlind = this.#isOpen() && this.auditor.cycle.mode === null;
    const isFirstBlind = isBlind && !this.#wasBlind;
    this.#wasBlind = isBlind;
    for (const key of this.#sinceMs.keys()) if (!now.has(key)) this.#sinceMs.delete(key);
    if (!this.#isKnown()) {
      this.#sinceMs.clear();
      return;
    }
    for (const key of now) {
      // What is not to be seen at its end is as the engine left it, by all that it can know: covered, where its stop was taken.
      const isSeen = this.#begun.has(key) && !this.#isHidden(key) && this.#isShown(key);
      const sinceMs = isSeen ? this.#sinceMs.get(key) : undefined;
      if (sinceMs === undefined) {
        if (isSeen && !isFirstBlind) this.#sinceMs.set(key, world.trueMs);
        else this.#sinceMs.delete(key);
        continue;
      }
      if (world.trueMs - sinceMs < SILENT_MS_MAX) continue;
      world.count(`checked for silence: ${key.slice(key.indexOf(" ") + 1)}`);
      if (this.saidMs(key.split(" ")[0] ?? "") >= this.#findDueMs()) continue;
      const seconds = Math.round((world.trueMs - sinceMs) / 1000);
      world.violate("bare or overdue for 2 minutes without an alert", `${key} for ${seconds} s`);
    }
  }

  /** Whether the engine can know its positions at all: its own files, and its own account. */
  #isKnown(): boolean {
    const { world } = this.auditor;
    if (world.profile.families.has("files")) return false;
    return findOwner(world) === world.exchange.accountId;
  }

  /** What the exchange keeps from everybody's eyes for a moment no cycle can have seen. */
  #isHidden(key: string): boolean {
    const { world, cycle } = this.auditor;
    return isHiding(world, key.split(" ")[0] ?? "", cycle.startMs);
  }

  /** A quantity that changed is seen in an answer of positions alone; what was seen once is told, whatever is read after. */
  #isShown(key: string): boolean {
    const { cycle, shown } = this.auditor;
    if (!key.endsWith(" changed") || this.#sinceMs.has(key)) return true;
    return shown.positions.readMs >= cycle.startMs;
  }

  #isOpen(): boolean {
    const { world } = this.auditor;
    return world.exchange.sessions.at(world.trueMs) !== null;
  }

  /** What waits must have been told since then: hourly in session, at the close, and 30 minutes before the open. */
  #findDueMs(): number {
    const { trueMs, exchange: { sessions } } = this.auditor.world;
    if (this.#isOpen()) return trueMs - AGAIN_MS_MAX;
    const beforeOpenMs = sessions.nextOpenMs(trueMs) - BEFORE_OPEN_MS;
    // By the broker's clock it may have been a moment earlier.
    if (trueMs >= beforeOpenMs + SECOND_LOOK_MS) return beforeOpenMs - CLOCK_MS;
    return sessions.closesBefore(trueMs, 1)[0] ?? -Infinity;
  }

  #list(): Set<string> {
    const { world } = this.auditor;
    const waiting = new Set<string>();
    for (const position of listPositions(world)) {
      const { symbol } = position;
      // What no order explains has no stop that is worth anything, whatever rests.
      if (this.#isChanged(position)) waiting.add(`${symbol} changed`);
      if (world.strange.has(symbol) || position.unexplained_qty !== null) continue;
      const { heldQty, coveredQty, gtcQty, replacingQty, isSelling } = readCoverage(world, symbol);
      if (heldQty <= 0) continue;
      if (!this.#isOpen()) {
        if (gtcQty < heldQty) waiting.add(`${symbol} bare at night`);
        continue;
      }
      // A sell at work is on its way, and what is due with it: it may wait in a halt, and is told then.
      if (coveredQty + replacingQty < heldQty && !isSelling) waiting.add(`${symbol} bare`);
      else {
        const due = this.#findDue(position, heldQty);
        if (due !== null) waiting.add(`${symbol} ${due} overdue`);
      }
    }
    return waiting;
  }

  /** Whether an issuer changed it since it was bought, or the engine says that nothing explains it; a short one is told as that. */
  #isChanged(position: RawPosition): boolean {
    const { world } = this.auditor;
    // A part of a share can't be stopped, and is told as the operator's.
    if (world.exchange.portfolio.qty(position.symbol) < 1) return false;
    return position.unexplained_qty !== null || isSplit(world, position);
  }

  /** The exit that is due: another one is due from then on. Under the operator's own switch exits are his. */
  #findDue(position: RawPosition, heldQty: number): "close" | "R1" | "R2" | null {
    const { world } = this.auditor;
    const trade = world.exchange.quotes.lastTrade(position.symbol, world.trueMs);
    const openMs = world.exchange.sessions.at(world.trueMs)?.openMs ?? Infinity;
    if (trade === null || trade.atMs < openMs || findObjection(world) !== null) return null;
    // A disk that takes nothing still shows as due what the engine has done since.
    if (position.r2 <= position.pivot || world.profile.families.has("disk")) return null;
    if (trade.priceUsd <= position.stop) return "close";
    if (heldQty < 2) return null;
    if (trade.priceUsd >= position.r1 && !position.trimmed_r1) return "R1";
    return trade.priceUsd >= position.r2 && !position.trimmed_r2 ? "R2" : null;
  }
}
