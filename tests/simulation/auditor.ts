import type { EngineEvent } from "../../src/domain/events.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import { checkClose, checkCycle } from "./cycle_checks.ts";
import { checkFiles } from "./file_checks.ts";
import { type ChangeRequest, checkRequest, parseChange } from "./request_checks.ts";
import { readCoverage } from "./truth.ts";
import type { World } from "./world.ts";

/** A bracket that left, and whether its fate is certain. */
export interface SentEntry {
  readonly symbol: string;
  readonly leftMs: number;
  readonly qty: number;
  readonly notionalUsd: number;
  readonly dateNy: string;
  isCertain: boolean;
}

/** What the auditor knows of the cycle that runs. */
export interface CycleFacts {
  readonly startMs: number;
  /** Mode as the gate last printed it; `null` where the market path was not reached. */
  mode: "LIVE" | "DRY_RUN" | null;
  isFailed: boolean;
  /** Symbols of which a cancel or a replacement left in this cycle. */
  readonly cancelled: Set<string>;
  /** Warnings and errors. */
  readonly said: string[];
  readonly hadFreshList: boolean;
  readonly pricesUsd: ReadonlyMap<string, number>;
}

/**
 * Without a stop during an exit for longer than this, in a cycle that nothing disturbed, is too long. Most of it is the
 * wait for the request budget (2 s a read at most), where minutes of looking at a half filled order have emptied it.
 */
export const GAP_MS_MAX = 20_000;

/** Holds a run against the invariants, by the exchange's own record, the files' bytes and the operator's settings. */
export class Auditor {
  readonly sentEntries = new Map<string, SentEntry>();
  /** Client order ids of sells that left without a certain answer. */
  readonly openSells = new Set<string>();
  /** The last answer to a question for positions, as the engine saw it. */
  positionsRead = { isUsable: false, atMs: -Infinity };
  dayOrdersAskedMs = -Infinity;
  cycle: CycleFacts;
  /** Cycles on the market-hours path since the process started. */
  openCycles = 0;
  /** Whether the process started on a state file that it could not use, though it had traded. */
  hasLostState = false;
  /** Since when every completed cycle was LIVE. */
  liveSinceMs = Infinity;
  lastLiveEndMs = -Infinity;
  readonly saidLately: { readonly atMs: number; readonly line: string }[] = [];
  /** Milliseconds without a stop in each exit of a managed position. */
  readonly gapsMs: number[] = [];
  readonly #openGaps = new Map<string, number>();

  constructor(readonly world: World) {
    this.cycle = this.#buildCycle();
  }

  /** A process starts: what it finds must be whole. */
  started(): void {
    this.openCycles = 0;
    this.liveSinceMs = Infinity;
    this.positionsRead = { isUsable: false, atMs: -Infinity };
    this.hasLostState = checkFiles(this).hasLostState;
    this.#openGaps.clear();
    this.cycle = this.#buildCycle();
  }

  /** An event on its way to the audit trail: gates and ends of cycles are seen by them. */
  event(event: EngineEvent): void {
    if (this.world.isDead) return;
    if (event.type === "gate") {
      this.cycle.mode = event["mode"] === "LIVE" ? "LIVE" : "DRY_RUN";
      this.world.count(`gate ${this.cycle.mode}`);
    }
    if (event.type === "error" && String(event["message"]) !== "") this.cycle.isFailed = true;
    if (event.type === "cycle") this.#endCycle();
  }

  /** A line of the log. */
  logged(level: string, line: string): void {
    if (level === "info") return;
    this.cycle.said.push(line);
    this.saidLately.push({ atMs: this.world.trueMs, line });
    if (this.saidLately.length > 400) this.saidLately.splice(0, 200);
  }

  /** A question leaves. */
  readLeaving(path: string): void {
    if (path.startsWith("/v2/orders?status=all") && !path.includes("symbols=")) {
      this.dayOrdersAskedMs = this.world.trueMs;
    }
  }

  /** A question was answered, or not. */
  readAnswered(path: string, status: number, body: string): void {
    if (path.startsWith("/v2/positions")) {
      this.positionsRead = { isUsable: status === 200 && isList(body), atMs: this.world.trueMs };
    }
    this.#watchGaps();
  }

  /** An order-changing request leaves. */
  checkLeaving(request: { readonly method: string; readonly body: string | null }, path: string) {
    const change = parseChange(this.world, request, path);
    checkRequest(this, change);
    this.world.count(`sent ${change.op}`);
    if (change.op === "entry") this.#noteEntry(change);
    if (change.op === "sell") this.openSells.add(change.clientOrderId ?? "");
    if (change.op === "cancel" || change.op === "replace") this.cycle.cancelled.add(change.symbol);
  }

  /** It was answered, or not. */
  changeAnswered(
    request: { readonly method: string; readonly body: string | null },
    path: string,
    answer: { readonly status: number; readonly body: string },
  ): void {
    const change = parseChange(this.world, request, path);
    const id = change.clientOrderId ?? "";
    const sent = this.sentEntries.get(id);
    const isDefinitive = [200, 400, 401, 403, 422, 429].includes(answer.status) &&
      isObject(answer.body);
    if (sent !== undefined && isDefinitive) sent.isCertain = true;
    if (change.op === "sell" && isDefinitive) this.openSells.delete(id);
    this.#watchGaps();
  }

  /** The market closes now. */
  closed(): void {
    checkClose(this);
  }

  #noteEntry(change: ChangeRequest): void {
    const { world } = this;
    this.sentEntries.set(change.clientOrderId ?? "", {
      symbol: change.symbol,
      leftMs: world.trueMs,
      qty: change.qty ?? 0,
      notionalUsd: change.recordedNotionalUsd ?? 0,
      dateNy: nyDateAt(world.trueMs),
      isCertain: false,
    });
  }

  #endCycle(): void {
    const { world, cycle } = this;
    this.#watchGaps();
    if (cycle.mode !== null) {
      this.openCycles++;
      world.count("cycles");
      checkCycle(this);
      const isLive = cycle.mode === "LIVE" && !cycle.isFailed;
      if (!isLive) this.liveSinceMs = Infinity;
      else if (this.liveSinceMs === Infinity) this.liveSinceMs = cycle.startMs;
      if (isLive) this.lastLiveEndMs = world.trueMs;
    }
    world.troubles = 0;
    world.lostSellAnswers = 0;
    this.cycle = this.#buildCycle();
  }

  #buildCycle(): CycleFacts {
    const { world } = this;
    const pricesUsd = new Map<string, number>();
    if (world.exchange.sessions.at(world.trueMs) !== null) {
      for (const symbol of world.exchange.portfolio.positions.keys()) {
        const trade = world.exchange.quotes.lastTrade(symbol, world.trueMs);
        if (trade !== null) pricesUsd.set(symbol, trade.priceUsd);
      }
    }
    return {
      startMs: world.trueMs,
      mode: null,
      isFailed: false,
      cancelled: new Set(),
      said: [],
      hadFreshList: world.isListFresh(),
      pricesUsd,
    };
  }

  /** Follows, for each symbol with an exit under way, since when nothing covers its shares. */
  #watchGaps(): void {
    const { world, cycle } = this;
    for (const symbol of new Set([...cycle.cancelled, ...this.#openGaps.keys()])) {
      if (world.strange.has(symbol)) continue;
      const { heldQty, coveredQty, replacingQty, isSelling } = readCoverage(world, symbol);
      const sinceMs = this.#openGaps.get(symbol);
      const isBare = heldQty > 0 && coveredQty + replacingQty < heldQty && !isSelling;
      if (isBare && sinceMs === undefined) this.#openGaps.set(symbol, world.trueMs);
      if (isBare || sinceMs === undefined) continue;
      this.#openGaps.delete(symbol);
      const gapMs = world.trueMs - sinceMs;
      this.gapsMs.push(gapMs);
      const isDisturbed = sinceMs < world.lastTroubleMs + GAP_MS_MAX || world.troubles > 0 ||
        world.profile.families.has("cancels");
      if (gapMs > GAP_MS_MAX && !isDisturbed && sinceMs >= cycle.startMs) {
        world.violate("the time without a stop is bounded", `${symbol} had none for ${gapMs} ms`);
      }
    }
  }
}

function isList(body: string): boolean {
  try {
    return Array.isArray(JSON.parse(body));
  } catch {
    return false;
  }
}

function isObject(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && Object.keys(value).length > 0;
  } catch {
    return false;
  }
}
