import type { Exchange } from "../simulator/exchange.ts";
import { isDone, leftQty, rootOf, type SimOrder } from "../simulator/order.ts";
import { nyDateAt, nyTimeAt } from "../simulator/sessions.ts";
import type { SimRequest } from "../simulator/wire.ts";
import type { StateFiles } from "./state_files.ts";

/** Caps that the program runs with; USD. */
export interface LiveCaps {
  readonly ordersPerDay: number;
  readonly positions: number;
  readonly grossUsd: number;
  readonly perSymbolUsd: number;
}

/** A promise of issue 3 that was broken. */
export interface CrashViolation {
  readonly invariant: string;
  readonly detail: string;
}

/** "Not found" proves an entry's absence after this (pipeline 6). */
const ABSENCE_MS = 60_000;
/** What a late request does is done so much after it arrived. */
const LATE_SLACK_MS = 5_000;
const TRACE_MAX = 60;
const OURS = "avwap-";
/** What the ledger says of a sell that the broker was never asked for. */
const NOT_SENT = "not sent";
/** What a whole set of files never makes the program say. */
const NEVER_SAID = /Broker mismatch|ledger (unreadable|invalid)|internal error|is not usable/;

/** Holds the program against the promises of issue 3, by the simulated broker's own record and the files' bytes. */
export class Audit {
  readonly violations: CrashViolation[] = [];
  /** The last requests, kills and warnings, for a failure's report. */
  readonly trace: string[] = [];
  /** Cycles that ended with a LIVE gate. */
  liveCycles = 0;
  /** The same since the program that runs was started. */
  liveCyclesNow = 0;
  #mode: "LIVE" | "DRY_RUN" | null = null;
  #cycleStartMs = 0;
  /** Until then a request of a dead program may change what a cycle has seen. */
  #lateUntilMs = 0;
  /** Brackets that left, by client order id: when last, and USD as the ledger had it. */
  readonly #sent = new Map<string, { readonly atMs: number; readonly notionalUsd: number }>();

  constructor(
    readonly exchange: Exchange,
    readonly files: StateFiles,
    readonly rules: { readonly caps: LiveCaps; readonly secrets: readonly string[] },
  ) {}

  /** Notes a broken promise. */
  violate(invariant: string, detail: string): void {
    if (this.violations.some((each) => each.invariant === invariant)) return;
    this.violations.push({ invariant, detail });
    this.note(`** ${invariant}: ${detail}`);
  }

  /** One step for the report of a failure. */
  note(text: string): void {
    const { nowMs } = this.exchange;
    const seconds = (nowMs % 60_000 / 1000).toFixed(1).padStart(4, "0");
    this.trace.push(`${nyDateAt(nowMs)} ${nyTimeAt(nowMs)}:${seconds} ${text}`);
    if (this.trace.length > TRACE_MAX) this.trace.shift();
  }

  /** A program starts. */
  started(): void {
    this.#mode = null;
    this.liveCyclesNow = 0;
    this.note("== started");
  }

  /** A request of the program that dies now arrives so much later, virtual ms. */
  expectLate(ms: number): void {
    this.#lateUntilMs = this.exchange.nowMs + ms + LATE_SLACK_MS;
  }

  /** A line that the program printed. */
  line(line: string): void {
    const mode = /\] Gate mode=(LIVE|DRY_RUN) /.exec(line)?.[1];
    if (mode === "LIVE" || mode === "DRY_RUN") this.#mode = mode;
    if (/\] (WARNING|ERROR|EXIT|STOP|SUBMITTED|Gate mode=DRY_RUN)/.test(line)) this.note(line);
    if (NEVER_SAID.test(line)) this.violate("a crash leaves nothing that is refused", line);
    if (this.rules.secrets.some((secret) => line.includes(secret))) {
      this.violate("no credential in any line", line);
    }
  }

  /** A request as it arrives. @param isAlive Whether who sent it still lives. */
  arrived(request: SimRequest, isAlive: boolean): void {
    if (request.path === "/v2/clock" && isAlive) this.#endCycle();
    if (request.method === "GET") return;
    this.note(`-> ${request.method} ${request.path} ${request.body ?? ""}`);
    this.#checkRecorded(request);
    this.checkBroker();
  }

  /** The program was killed: what it left. */
  killed(): void {
    this.note("== killed");
    for (const fault of this.files.findFaults(this.rules.secrets)) {
      this.violate("files are whole, private and free of credentials", fault);
    }
    this.checkBroker();
  }

  /** What must be true of the broker's books at every moment. */
  checkBroker(): void {
    const ours = this.exchange.orders.filter((order) =>
      order.parent === null && order.clientOrderId.startsWith(OURS)
    );
    this.#checkLedgerComplete(ours);
    this.#checkEntries(ours.filter((order) => order.side === "buy" && order.status !== "rejected"));
    this.#checkSells(ours);
    for (const { symbol, qty } of this.exchange.portfolio.positions.values()) {
      if (qty < 0) this.violate("nothing is sold twice", `${symbol} is short: ${qty}`);
    }
  }

  /** Shares that nothing protects, by symbol. @param isForNight Only good-till-canceled stops count. */
  listUnprotected(isForNight = false): readonly string[] {
    return [...this.exchange.portfolio.positions.values()].flatMap(({ symbol, qty }) => {
      const coveredQty = this.#countCovered(symbol, isForNight);
      return coveredQty >= qty ? [] : [`${symbol}: ${coveredQty} of ${qty}`];
    });
  }

  /** Ids of the ledger's entries whose fate is not settled. */
  listUnsettled(): readonly string[] {
    return this.files.listEntries()
      .filter(({ status }) => status === "pending" || status === "unknown")
      .map((entry) => `${entry.client_order_id} ${entry.status}`);
  }

  #endCycle(): void {
    if (this.#mode === "LIVE") {
      this.liveCycles++;
      this.liveCyclesNow++;
      const isDisturbed = this.#cycleStartMs < this.#lateUntilMs;
      for (const each of isDisturbed ? [] : this.listUnprotected()) {
        this.violate("a completed LIVE cycle leaves every share protected", each);
      }
    }
    this.#mode = null;
    this.#cycleStartMs = this.exchange.nowMs;
  }

  /** The record is in the file before its request arrives. */
  #checkRecorded({ method, path, body }: SimRequest): void {
    if (method === "DELETE") return;
    const fields: Record<string, unknown> = JSON.parse(body ?? "{}");
    const id = String(fields["client_order_id"]);
    const entry = this.files.listEntries().find((each) => each.client_order_id === id);
    if (entry === undefined || entry.status === "rejected") {
      const found = entry === undefined ? "nothing" : entry.status;
      return this.violate("the record comes before the request", `${id}: the ledger has ${found}`);
    }
    this.#checkAttempt(id);
    if (method !== "POST" || fields["order_class"] !== "bracket") return;
    const before = this.#sent.get(id);
    const { nowMs } = this.exchange;
    if (before !== undefined && nowMs - before.atMs < ABSENCE_MS) {
      this.violate('an entry is repeated after 60 s of "not found"', `${id} on ${path}`);
    }
    this.#checkNotional(entry);
    this.#sent.set(id, { atMs: nowMs, notionalUsd: entry.notional });
  }

  /** An exit's attempt rises only when the one before ended unfilled, or the broker refused it (pipeline 6). */
  #checkAttempt(id: string): void {
    const [, exit = "", attempt = ""] = /^(.*-(?:r1_trim|r2_trim|stop_exit))-(\d+)$/.exec(id) ?? [];
    if (exit === "" || attempt === "1") return;
    const beforeId = `${exit}-${Number(attempt) - 1}`;
    const order = this.exchange.findOrder(beforeId);
    const entry = this.files.listEntries().find((each) => each.client_order_id === beforeId);
    const isEnded = order === null
      ? entry?.status === "rejected" && entry["detail"] !== NOT_SENT
      : isDone(order) && order.filledQty === 0;
    if (!isEnded) this.violate("one order per exit", `${id} while ${beforeId} may still sell`);
  }

  #checkNotional(
    { symbol, qty, notional }: {
      readonly symbol: string;
      readonly qty: number | null;
      readonly notional: number;
    },
  ): void {
    const priceUsd = this.exchange.quotes.lastTrade(symbol, this.exchange.nowMs)?.priceUsd ?? 0;
    if (notional < (qty ?? 0) * priceUsd * 0.98) {
      this.violate("caps", `${symbol} counts ${notional} USD for ${qty} at ${priceUsd}`);
    }
  }

  #checkLedgerComplete(ours: readonly SimOrder[]): void {
    const recorded = new Set(
      [...this.files.listEntries(), ...this.files.listArchived()].map((each) =>
        each.client_order_id
      ),
    );
    for (const { clientOrderId, status } of ours) {
      if (recorded.has(clientOrderId)) continue;
      this.violate("every accepted order is in the ledger", `${clientOrderId} (${status}) is not`);
    }
  }

  #checkEntries(entries: readonly SimOrder[]): void {
    const { caps } = this.rules;
    const days = Map.groupBy(entries, (order) => nyDateAt(order.submitted.ms));
    const usd = (orders: readonly SimOrder[]) =>
      orders.reduce((sum, each) => sum + (this.#sent.get(each.clientOrderId)?.notionalUsd ?? 0), 0);
    for (const [dateNy, orders] of days) {
      const names = orders.map((order) => order.clientOrderId).join(", ");
      for (const [symbol, same] of Map.groupBy(orders, (order) => order.symbol)) {
        if (same.length > 1) this.violate("one entry per symbol and NY day", names);
        if (usd(same) > caps.perSymbolUsd + 1e-6) this.violate("caps", `${symbol} USD: ${names}`);
      }
      if (orders.length > caps.ordersPerDay) this.violate("caps", `orders of ${dateNy}: ${names}`);
      if (usd(orders) > caps.grossUsd + 1e-6) this.violate("caps", `USD of ${dateNy}: ${names}`);
    }
    const open = new Set(this.exchange.portfolio.positions.keys());
    for (const order of entries) if (!isDone(order)) open.add(order.symbol);
    if (open.size > caps.positions) this.violate("caps", `positions: ${[...open].join(", ")}`);
  }

  /** Each trim sells at most once, whatever its attempts. */
  #checkSells(ours: readonly SimOrder[]): void {
    const sold = new Set<string>();
    for (const { clientOrderId, filledQty } of ours) {
      const trim = /^(.*-r[12]_trim)-\d+$/.exec(clientOrderId)?.[1];
      if (trim === undefined || filledQty === 0) continue;
      if (sold.has(trim)) this.violate("nothing is sold twice", trim);
      sold.add(trim);
    }
  }

  #countCovered(symbol: string, isForNight: boolean): number {
    const working = (this.exchange.desk.active.get(symbol)?.working ?? []).filter((order) =>
      order.side === "sell" && order.isActive && !isDone(order) && order.status !== "pending_cancel"
    );
    let coveredQty = 0;
    for (const orders of Map.groupBy(working, rootOf).values()) {
      const isKept = orders.every((order) => order.timeInForce === "gtc");
      if (!isForNight || isKept) coveredQty += Math.max(...orders.map(leftQty));
    }
    return coveredQty;
  }
}
