import { z } from "zod";
import type { EngineEvent } from "../../src/domain/day/events.ts";
import type { Alert } from "../../src/engine/ports.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import { ClosedChecks } from "./closed_checks.ts";
import { checkClose, checkCycle, listManaged } from "./cycle_checks.ts";
import { checkFiles } from "./file_checks.ts";
import { Gaps } from "./gaps.ts";
import { Silence } from "./silence.ts";
import { FOREIGN_SYMBOL } from "./market.ts";
import { type ChangeRequest, parseChange } from "./change_request.ts";
import { checkRequest } from "./request_checks.ts";
import { checkMemory, type Memory } from "./position_checks.ts";
import type { Answer, Leaving, Observer } from "./observer.ts";
import { isReason, type Question } from "./reasons.ts";
import { Refusals } from "./refusals.ts";
import { Sendings } from "./sendings.ts";
import { Shown } from "./shown.ts";
import { findOwner, isDocumentUnreadable, isHiding, listPositions, readCoverage } from "./truth.ts";
import type { World } from "./world.ts";

const GateInputsWire = z.looseObject({ ledger_problem: z.string().nullable() });

/** A bracket that left, and whether its fate is certain. */
export interface SentEntry {
  readonly symbol: string;
  readonly leftMs: number;
  readonly qty: number;
  readonly notionalUsd: number;
  readonly dateNy: string;
  isCertain: boolean;
  /** The process that sent it. */
  readonly incarnation: number;
}

/** What the auditor knows of the cycle that runs. */
export interface CycleFacts {
  /** When its first question left; before that, when the one before it ended. */
  readonly startMs: number;
  /** Whether its first question has left: what happened in the wait before it excuses nothing in it. */
  readonly hasBegun: boolean;
  /** Mode as the gate last printed it; `null` where the market path was not reached. */
  mode: "LIVE" | "DRY_RUN" | null;
  isFailed: boolean;
  /** Whether the ledger's file was of no use, so that it was held against nothing of the broker's. */
  isUnreconciled: boolean;
  /** Symbols of which a cancel or a replacement left in this cycle. */
  readonly cancelled: Set<string>;
  /** Symbols of which the broker refused a stop in this cycle because the market is at or below it. */
  readonly belowStop: Set<string>;
  /** Symbols that were taken over in this cycle: it only protects them. */
  readonly adopted: Set<string>;
  /** Warnings and errors. */
  readonly said: string[];
  readonly hadFreshList: boolean;
  readonly pricesUsd: ReadonlyMap<string, number>;
}

/** The engine looks again after 5 s; its idea of the time may be off by a late answer. */
const WAKE_MS_MAX = 45_000;
/** A cycle ends so soon after its last look at an order. */
const LAST_LOOK_MS = 1_000;

/** Holds a run against the invariants, by the exchange's own record, the files' bytes and the operator's settings. */
export class Auditor implements Observer {
  readonly sentEntries = new Map<string, SentEntry>();
  /** Client order ids of sells that left without a certain answer. */
  readonly openSells = new Set<string>();
  readonly shown: Shown;
  readonly refusals: Refusals;
  /**
   * By symbol, what an act that has begun may still send without a gate: the sell after a replacement, all of an exit, or the stop
   * for what an entry bought of which the rest was cancelled.
   */
  readonly rests = new Map<string, "replaced" | "cancelled" | "entry_ended">();
  /** When a symbol's intents are due, Unix ms; the id is known for good only when one leaves. */
  readonly intents = new Map<string, { readonly dueMs: number; readonly madeMs: number }[]>();
  /** What the state file said at the end of the last cycle, by position. */
  readonly memories = new Map<string, Memory>();
  dayOrdersAskedMs = -Infinity;
  cycle: CycleFacts;
  /** Cycles on the market-hours path since the process started. */
  openCycles = 0;
  /** Cycles in a row, this one included, that nothing disturbed. */
  quietCycles = 0;
  /** When the process started. */
  startedMs = -Infinity;
  /** Whether the process started on a state file that it could not use, though it had traded. */
  hasLostState = false;
  /** Since when every completed cycle was LIVE. */
  liveSinceMs = Infinity;
  lastLiveEndMs = -Infinity;
  /** When the log last said that a symbol's position has no stop. */
  readonly bareSaidMs = new Map<string, number>();
  /** Since when a symbol's position has no good-till-canceled stop while not LIVE, as cycles ended. */
  readonly bareSinceMs = new Map<string, number>();
  readonly saidLately: { readonly atMs: number; readonly line: string }[] = [];
  /** Titles of the messages about fills. */
  readonly tradeTitles: string[] = [];
  /** Texts of the daily summaries that left for Slack. */
  readonly summaryTexts = new Set<string>();
  readonly gaps: Gaps;
  readonly silence: Silence;
  readonly closedChecks: ClosedChecks;
  readonly #sendings: Sendings;

  constructor(readonly world: World) {
    this.shown = new Shown(world);
    this.refusals = new Refusals(world);
    this.gaps = new Gaps(world);
    this.#sendings = new Sendings(world);
    this.silence = new Silence(this);
    this.closedChecks = new ClosedChecks(this);
    world.onTrouble = (what) => this.gaps.disturbed(what);
    this.cycle = this.#buildCycle();
  }

  /** What was seen of processes before is seen of this world too: it begins where theirs ended, at rest. */
  carryOver(before: Auditor): void {
    for (const [id, sent] of before.sentEntries) this.sentEntries.set(id, { ...sent });
    for (const [symbol, intents] of before.intents) this.intents.set(symbol, intents);
    for (const [id, memory] of before.memories) this.memories.set(id, memory);
    for (const text of before.summaryTexts) this.summaryTexts.add(text);
    this.tradeTitles.push(...before.tradeTitles);
  }

  /** A process starts: what it finds must be whole. */
  started(): void {
    this.openCycles = 0;
    this.quietCycles = 0;
    this.startedMs = this.world.trueMs;
    if (!this.world.profile.families.has("once")) this.liveSinceMs = Infinity;
    this.shown.started();
    this.#keepRests();
    this.refusals.restarted();
    this.#sendings.settled();
    this.hasLostState = checkFiles(this).hasLostState;
    this.gaps.restarted();
    this.silence.started();
    this.closedChecks.started();
    // What a crash or a failing disk took of the since begins anew.
    const { families } = this.world.profile;
    if (families.has("crash") || families.has("disk") || families.has("files")) {
      this.bareSinceMs.clear();
    }
    this.cycle = this.#buildCycle();
  }

  /** An event on its way to the audit trail: gates and ends of cycles are seen by them. */
  event(event: EngineEvent): void {
    if (this.world.isDead) return;
    if (event.type === "gate") {
      this.cycle.mode = event["mode"] === "LIVE" ? "LIVE" : "DRY_RUN";
      this.world.count(`gate ${this.cycle.mode}`);
      // A mismatch is what the comparison came to.
      const problem = GateInputsWire.safeParse(event["inputs"]).data?.ledger_problem ?? null;
      if (problem !== null && problem !== "broker mismatch") this.cycle.isUnreconciled = true;
    }
    // An error that was said is no excuse: only a cycle that ended early is none of the promises' "completed" ones.
    if (event.type === "error" && String(event["message"]).startsWith("Cycle failed")) {
      this.cycle.isFailed = true;
    }
    if (event.type === "intent") {
      const dueMs = Date.parse(String(event["scheduled_at"]));
      const symbol = event.symbol ?? "";
      const intent = { dueMs, madeMs: this.world.trueMs };
      this.intents.set(symbol, [...this.intents.get(symbol) ?? [], intent]);
    }
    if (event.type === "position" && event["change"] === "adopted") {
      this.cycle.adopted.add(String(event["symbol"]));
    }
    const isOnce = this.world.profile.families.has("once");
    if (event.type === "engine_stopped" && isOnce) this.#endCycle();
    if (event.type === "cycle") {
      this.#checkWake(Number(event["next_wake_ms"]));
      this.#endCycle();
    }
  }

  /** A line of the log. */
  logged(level: string, line: string): void {
    if (line.startsWith("ERROR: the entries do not add up")) this.#checkSum(line);
    if (level === "info") return;
    this.cycle.said.push(line);
    if (line.startsWith("Not sent, more than is held for sure")) {
      this.world.violate("nothing is asked for beyond what is held for sure", line);
    }
    const bare = /^Position without stop (\S+):/.exec(line)?.[1];
    if (bare !== undefined) this.bareSaidMs.set(bare, this.world.trueMs);
    this.saidLately.push({ atMs: this.world.trueMs, line });
    if (this.saidLately.length > 400) this.saidLately.splice(0, 200);
  }

  /** A message on its way to Slack. */
  alerted(alert: Alert): void {
    if (alert.level === "TRADE") this.tradeTitles.push(alert.title);
    if (alert.title.startsWith("Daily execution summary")) this.summaryTexts.add(alert.text);
    this.silence.alerted(alert);
  }

  /** The summary holds the ledger against the trail: only what a crash or a disk took of one of them is a gap. */
  #checkSum(line: string): void {
    const { families } = this.world.profile;
    if (families.has("crash") || families.has("disk") || families.has("files")) return;
    this.world.violate("the day's entries add up", line);
  }

  /** A question leaves. */
  readLeaving(path: string): void {
    this.#sendings.settled();
    if (path.startsWith("/v2/clock") && !this.cycle.hasBegun) this.#beginCycle();
    this.closedChecks.asked(path);
    if (path.startsWith("/v2/orders?status=all") && !path.includes("symbols=")) {
      this.dayOrdersAskedMs = this.world.trueMs;
    }
  }

  /** A question was answered, or not. */
  readAnswered(path: string, status: number, body: string): void {
    this.shown.answered(path, status, body);
    this.gaps.watch(this.cycle.cancelled);
  }

  /** An order-changing request leaves. */
  checkLeaving(request: Leaving, path: string): void {
    const change = parseChange(this.world, request, path);
    this.#sendings.leaving(request, path);
    checkRequest(this, change);
    this.world.count(`sent ${change.op}`);
    if (change.op === "entry") this.#noteEntry(change);
    if (change.op === "sell") this.openSells.add(change.clientOrderId ?? "");
    if (change.op === "cancel" || change.op === "replace") this.cycle.cancelled.add(change.symbol);
    if (change.op === "cancel" && change.side === "sell") {
      this.rests.set(change.symbol, "cancelled");
    } else if (change.op === "cancel" && this.rests.get(change.symbol) === undefined) {
      this.rests.set(change.symbol, "entry_ended");
    } else if (change.op === "replace" && change.qty !== null) {
      // A stop that gives up shares for an exit: they have none until the sell or another stop.
      this.rests.set(change.symbol, "cancelled");
    } else if (change.op === "replace" && this.rests.get(change.symbol) === undefined) {
      this.rests.set(change.symbol, "replaced");
    } else if (change.op === "sell" && this.rests.get(change.symbol) === "replaced") {
      this.rests.delete(change.symbol);
    }
  }

  /** It was answered, or not. */
  changeAnswered(request: Leaving, path: string, answer: Answer): void {
    const change = parseChange(this.world, request, path);
    const id = change.clientOrderId ?? "";
    const sent = this.sentEntries.get(id);
    // Keys that are wrong and too many requests are a no whatever page says so; anything else needs the broker's own words.
    const isDefinitive = [401, 429].includes(answer.status) ||
      (answer.status === 200 && isOrder(answer.body)) ||
      ([400, 403, 422].includes(answer.status) && isObject(answer.body));
    if (isDefinitive || answer.status === 204) this.#sendings.settled();
    if (sent !== undefined && isDefinitive) sent.isCertain = true;
    if (change.op === "sell" && isDefinitive) this.openSells.delete(id);
    if (change.op === "stop" && answer.status === 200 && isDefinitive) {
      this.rests.delete(change.symbol);
    }
    if (change.op === "stop" && isBelowStop(answer)) this.cycle.belowStop.add(change.symbol);
    if (change.op === "entry") this.refusals.answered(change.symbol, id, answer);
    this.closedChecks.answered(change, answer);
    this.gaps.watch(this.cycle.cancelled);
  }

  /** Whether a warning or an error said why since then. */
  isSaid(symbol: string, question: Question, sinceMs: number): boolean {
    return this.saidLately.some(({ atMs, line }) =>
      atMs >= sinceMs && isReason(line, symbol, question)
    );
  }

  /** The market closes now. */
  closed(): void {
    checkClose(this);
    this.gaps.ended();
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
      incarnation: world.incarnation,
    });
  }

  /** What an exit's cancel left bare is looked at again in moments, not at the next poll. */
  #checkWake(nextMs: number): void {
    const { world, cycle } = this;
    if (cycle.mode === null || world.exchange.sessions.at(world.trueMs) === null) return;
    // What the operator may have said, where the disk does not tell it, waits for him.
    if (world.troubles > 0 && world.profile.families.has("disk")) return;
    // Nor does anything leave for as long as something else lies in the document's place (pipeline 6).
    if (isDocumentUnreadable(world)) return;
    // Nor is another account's position ours to look at.
    if (findOwner(world) !== world.exchange.accountId) return;
    for (const [symbol, rest] of this.rests) {
      if (rest !== "cancelled" || world.strange.has(symbol) || symbol === FOREIGN_SYMBOL) continue;
      const { heldQty, coveredQty, replacingQty, isSelling } = readCoverage(world, symbol);
      // Nor are shares that somebody put beside ours.
      const isUnexplained = listPositions(world).some((each) =>
        each.symbol === symbol && each.unexplained_qty !== null
      );
      if (heldQty <= 0 || isUnexplained) this.rests.delete(symbol);
      if (isUnexplained) continue;
      if (heldQty <= coveredQty + replacingQty || isSelling) continue;
      if (isHiding(world, symbol, world.trueMs - LAST_LOOK_MS)) continue;
      if (nextMs - world.trueMs <= WAKE_MS_MAX) continue;
      world.violate(
        "what an exit left bare is looked at again at once",
        `${symbol}: ${coveredQty} of ${heldQty} covered, next look in ${nextMs - world.trueMs} ms`,
      );
    }
  }

  #endCycle(): void {
    const { world, cycle } = this;
    const isOpen = world.exchange.sessions.at(world.trueMs) !== null;
    this.gaps.watch(this.cycle.cancelled, isOpen ? listManaged(world) : []);
    this.silence.end();
    this.closedChecks.end();
    // A look that rebuilt a lost state was blocked, as an open cycle is.
    if (cycle.mode === null && this.closedChecks.isLooking) this.openCycles++;
    if (cycle.mode !== null) {
      this.openCycles++;
      this.quietCycles = world.troubles === 0 && !cycle.isFailed ? this.quietCycles + 1 : 0;
      world.count("cycles");
      checkCycle(this);
      this.shown.endCycle();
      this.#keepRests();
      const isLive = cycle.mode === "LIVE" && !cycle.isFailed;
      if (!isLive) this.liveSinceMs = Infinity;
      else if (this.liveSinceMs === Infinity) this.liveSinceMs = cycle.startMs;
      if (isLive) this.lastLiveEndMs = world.trueMs;
      // In LIVE day legs are cover until the close is near.
      if (isLive) this.bareSinceMs.clear();
    }
    checkMemory(this);
    this.cycle = this.#buildCycle();
  }

  /** A stop that was shrunk and whose sell did not leave has left shares bare, as a cancel does; a restart ends neither. */
  #keepRests(): void {
    for (const [symbol, rest] of this.rests) {
      const { heldQty, coveredQty, replacingQty } = readCoverage(this.world, symbol);
      const isBare = coveredQty + replacingQty < heldQty;
      if (rest === "entry_ended" ? !isBare : !isBare && rest === "replaced") {
        this.rests.delete(symbol);
      } else if (isBare && rest === "replaced") this.rests.set(symbol, "cancelled");
    }
  }

  /** What was done to files, orders and the process before this moment, the cycle finds as it is. */
  #beginCycle(): void {
    const { world } = this;
    world.troubles = 0;
    world.lostSellAnswers = 0;
    world.showHidden();
    // What happened since the last question has happened, whoever asks first.
    world.exchange.advanceTo(world.trueMs);
    this.shown.beginCycle();
    this.silence.begin();
    this.closedChecks.begin();
    this.cycle = this.#buildCycle(true);
  }

  #buildCycle(hasBegun = false): CycleFacts {
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
      hasBegun,
      mode: null,
      isFailed: false,
      isUnreconciled: false,
      cancelled: new Set(),
      belowStop: new Set(),
      adopted: new Set(),
      said: [],
      hadFreshList: world.isListFresh(),
      pricesUsd,
    };
  }
}

function isOrder(body: string): boolean {
  return typeof parseObject(body)["client_order_id"] === "string";
}

/** Whether the broker says that the market is at or below the stop. */
function isBelowStop(
  { status, body }: { readonly status: number; readonly body: string },
): boolean {
  return status === 422 && body.includes("stop price must be less than current price");
}

function isObject(body: string): boolean {
  return Object.keys(parseObject(body)).length > 0;
}

/** Empty for anything that is no JSON object. */
function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
