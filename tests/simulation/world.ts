import { ENTRIES_PAUSED_FILE } from "../../src/state/switch_files.ts";
import { Exchange } from "../simulator/exchange.ts";
import type { SimOrder } from "../simulator/order.ts";
import { isOrderless } from "../simulator/order_rules.ts";
import { nyDateAt, type SimSession } from "../simulator/sessions.ts";
import { type DiskHost, SimDisk } from "./disk.ts";
import { type KnownEntries, NO_ENTRIES, parseLedgerJson } from "./ledger_json.ts";
import { buildMarket, type Market } from "./market.ts";
import { type AskedFamilies, buildProfile, type Profile } from "./profile.ts";
import { Prng } from "./prng.ts";
import { Trace } from "./trace.ts";

/** The simulated process died at this step; whoever catches it is already gone. */
export class CrashError extends Error {
  override readonly name = "CrashError";
}

/** A broken promise of the engine. */
export interface Violation {
  readonly invariant: string;
  readonly detail: string;
}

/** The environment of the simulated service, as the operator set it. */
export type Settings = Record<string, string>;

/** Something that the world does at its time. */
interface Plan {
  readonly atMs: number;
  readonly run: () => void;
}

/** What an issuer did to a symbol's shares, with no order behind it. */
interface IssuerAct {
  /** Unix ms. */
  readonly atMs: number;
  /** Shares that the orders' fills left out just before. */
  readonly orderlessQty: number;
}

/** What a run came to, added up over seeds: a simulation in which nothing happens proves nothing. */
export type Counts = Record<string, number>;

/** What a run is made of, before anything happens in it. */
export interface Scene {
  readonly profile: Profile;
  readonly market: Market;
  /** Whether the audit trail is written, or only seen as it goes by. */
  readonly hasTrail: boolean;
  /** Unix ms. */
  readonly startMs: number;
}

export const STATE_DIR = "/state";
export const LEDGER_PATH = `${STATE_DIR}/live_orders_today.json`;
export const STATE_PATH = `${STATE_DIR}/execution_state.json`;
export const KILL_PATH = `${STATE_DIR}/KILL_SWITCH`;
export const PAUSED_PATH = `${STATE_DIR}/${ENTRIES_PAUSED_FILE}`;
export const TOKEN_PATH = `${STATE_DIR}/live_confirm_token.txt`;
export const LIST_PATH = "/scan/daily_candidates.csv";
export const KEY_ID = "PKSIMULATED0KEY0ID";
export const SECRET_KEY = "simulated-secret-key-0123456789";

/** Chance for each part of a run, so that one part's draws move nothing in another. */
export interface Chances {
  readonly net: Prng;
  readonly disk: Prng;
  readonly crash: Prng;
  readonly operator: Prng;
  readonly market: Prng;
  readonly engine: Prng;
  readonly mood: Prng;
  /** What the field does; each of its families forks it. */
  readonly field: Prng;
}

/** The one mutable thing of a run: time, market, broker, disk, and what the operator has set. */
export class World implements DiskHost {
  readonly profile: Profile;
  readonly market: Market;
  /** Whether the audit trail is written, or only seen as it goes by. */
  readonly hasTrail: boolean;
  readonly exchange: Exchange;
  readonly disk: SimDisk;
  readonly chances: Chances;
  readonly trace = new Trace();
  readonly counts: Counts = {};
  readonly violations: Violation[] = [];
  /** True time, Unix ms: the broker's. */
  trueMs: number;
  /** Host clock minus true time. */
  hostOffsetMs = 0;
  settings: Settings = {};
  /** Whether the host's timers are never late while the market is open. */
  isPunctual = false;
  /** Counts processes of the engine; a port of an earlier one is dead. */
  incarnation = 0;
  isDead = true;
  stop: AbortController = new AbortController();
  /** Whether the run is at its end. */
  isOver = false;
  /** Faults and acts of others since the cycle began: what an invariant of quiet cycles needs to be 0. */
  troubles = 0;
  lastTroubleMs = 0;
  requestCount = 0;
  changeCount = 0;
  /** Those among them that only took a market sell's answer: its stop must be in all the same. */
  lostSellAnswers = 0;
  /** What an issuer did to a symbol: split, merged or removed. */
  readonly issuerActs = new Map<string, IssuerAct>();
  /** Files that somebody else damaged or took, and has not put right. */
  readonly damaged = new Set<string>();
  /** When somebody else last touched the live ledger. */
  ledgerTouchedMs = -Infinity;
  /** The live ledger as somebody else last left it, entries changed; `null` where nobody did. */
  editedLedger: string | null = null;
  /** Symbols with a split, a new name, or a position that comes and goes: nobody can tell what is right for them. */
  readonly strange = new Set<string>();
  /** Those among them that are shown again in the end. */
  readonly hidden = new Set<string>();
  /** When somebody else last acted in a symbol at the broker, Unix ms. */
  readonly touchedMs = new Map<string, number>();
  /** What a hand bought and sold of managed symbols, oldest first. */
  readonly handOrders: SimOrder[] = [];
  /** What somebody else sold of the engine's own shares, oldest first. */
  readonly closingOrders: SimOrder[] = [];
  /** Asked before each step of the disk. */
  onDiskStep: (op: string, path: string, isWrite: boolean) => { readonly cause: string } | null =
    () => null;
  /** Called at each fault or act of somebody else. */
  onTrouble: (what: string) => void = () => {};
  /** Asked before each sleep of the engine: how long it lasts, in milliseconds; the process may die before it. */
  onSleep: (ms: number) => number = (ms) => ms;
  /** Called as a question leaves: somebody may act in the middle of a cycle. */
  onQuestion: () => void = () => {};
  readonly #plans: Plan[] = [];
  /** What files' bytes meant when they were this many: a file that is replaced or cut has another buffer, and one only ever grows. */
  readonly #parsed = new WeakMap<object, { readonly size: number; readonly value: unknown }>();
  /** The same of how many of them were searched for which token, and for the keys. */
  readonly #searched = new WeakMap<object, { readonly size: number; readonly token: string }>();
  /** The entries of each file that holds a ledger, as it was read last. */
  readonly #entries = new Map<string, KnownEntries>();
  #isInPlan = false;

  /**
   * @param asked The kinds of trouble, instead of those that the seed draws or beside them; or a scene that nothing is drawn for.
   * @param root What all chance of the run is forked from.
   */
  constructor(
    readonly seed: number,
    asked: AskedFamilies | Scene | null = null,
    root = new Prng(seed),
  ) {
    this.chances = {
      net: root.fork("net"),
      disk: root.fork("disk"),
      crash: root.fork("crash"),
      operator: root.fork("operator"),
      market: root.fork("market"),
      engine: root.fork("engine"),
      mood: root.fork("mood"),
      field: root.fork("field"),
    };
    const scene = asked !== null && "market" in asked
      ? asked
      : drawScene(root, asked, this.chances.mood);
    this.profile = scene.profile;
    this.hasTrail = scene.hasTrail;
    this.market = scene.market;
    this.trueMs = scene.startMs;
    this.exchange = new Exchange({
      script: this.market.script,
      sessions: this.market.sessions,
      startMs: this.trueMs,
      keyId: KEY_ID,
      secretKey: SECRET_KEY,
      tickMs: 5000,
      requestLogMax: 0,
    });
    this.disk = new SimDisk(this);
  }

  /** Sessions that are traded in. */
  get days(): readonly SimSession[] {
    return this.market.sessions.slice(1);
  }

  /** The host's wall clock, Unix ms. */
  nowMs(): number {
    return this.trueMs + this.hostOffsetMs;
  }

  step(op: string, path: string, isWrite: boolean): { readonly cause: string } | null {
    return this.onDiskStep(op, path, isWrite);
  }

  /** Nothing on the disk may hold a credential, the operator's own token file aside. */
  checkDisk(): void {
    for (const path of this.disk.listPaths()) {
      const bytes = path === TOKEN_PATH ? null : this.disk.bytesOf(path);
      if (bytes !== null) this.#searchFile(path, bytes);
    }
  }

  /** Only what was added since it was searched last, and before it as much as a credential is long. */
  #searchFile(path: string, bytes: Uint8Array): void {
    const token = this.settings["LIVE_CONFIRM_TOKEN"] ?? "";
    const known = this.#searched.get(bytes.buffer);
    const size = known?.token === token ? known.size : 0;
    if (size === bytes.length) return;
    const longest = Math.max(KEY_ID.length, SECRET_KEY.length, token.length);
    const added = bytes.subarray(Math.max(0, size - longest));
    this.checkSecrets(`file ${path}`, LENIENT.decode(added));
    this.#searched.set(bytes.buffer, { size: bytes.length, token });
  }

  /** Lets true time pass; what was planned for it happens on the way. */
  advance(ms: number): void {
    const untilMs = this.trueMs + ms;
    if (!this.#isInPlan) {
      for (let next = this.#plans[0]; next !== undefined && next.atMs <= untilMs;) {
        this.#plans.shift();
        this.trueMs = Math.max(this.trueMs, next.atMs);
        this.exchange.advanceTo(this.trueMs);
        this.#isInPlan = true;
        try {
          next.run();
        } finally {
          this.#isInPlan = false;
        }
        next = this.#plans[0];
      }
    }
    this.trueMs = Math.max(this.trueMs, untilMs);
  }

  /** Plans something for a moment; of two at the same one the first planned is first. */
  plan(whenMs: number, run: () => void): void {
    const atMs = Math.round(whenMs);
    let at = this.#plans.length;
    while (at > 0 && (this.#plans[at - 1]?.atMs ?? 0) > atMs) at--;
    this.#plans.splice(at, 0, { atMs, run });
  }

  /** One step for the trace. */
  note(text: string): void {
    this.trace.note(this.trueMs, text);
  }

  /** One more of something, for the statistics. */
  count(what: string, more = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + more;
  }

  /** Notes a fault or an act of somebody else. */
  trouble(what: string): void {
    this.troubles++;
    this.lastTroubleMs = this.trueMs;
    this.count(`trouble: ${what.split(" ", 2).join(" ")}`);
    this.note(`!! ${what}`);
    this.onTrouble(what);
  }

  /** A promise is broken: the run ends here. */
  violate(invariant: string, detail: string): void {
    if (this.violations.length > 0) return;
    this.violations.push({ invariant, detail });
    this.note(`** VIOLATION ${invariant}: ${detail}`);
    this.isOver = true;
    this.isDead = true;
    this.stop.abort();
  }

  /** The process dies now. @throws {CrashError} Always. */
  crash(where: string): never {
    this.trouble(`crash ${where}`);
    this.isDead = true;
    throw new CrashError(where);
  }

  /** Throws where the process that asks is dead. */
  enter(incarnation: number): void {
    if (this.isDead || incarnation !== this.incarnation) {
      throw new CrashError("the process is gone");
    }
  }

  /** Nothing that is kept may hold a credential. */
  checkSecrets(where: string, text: string): void {
    const secrets = [KEY_ID, SECRET_KEY, this.settings["LIVE_CONFIRM_TOKEN"] ?? ""];
    for (const secret of secrets) {
      if (secret.length < 6 || !text.includes(secret)) continue;
      this.violate("no credential in any file or log", `${where} holds one`);
    }
  }

  /** Whether the kill switch can't be looked at while it is on. */
  isKillUnreadable = false;

  /** Whether the broker takes no new order of this account's. */
  isBlocked(): boolean {
    const { isTradingBlocked, isSuspended, isAccountBlocked, accountStatus } =
      this.exchange.behaviour;
    return isTradingBlocked || isSuspended || isAccountBlocked || isOrderless(accountStatus);
  }

  /** Somebody else places an order: what it trades is his. @returns Whether the exchange took it. */
  placeByHand(order: Record<string, unknown>): boolean {
    const { status } = this.exchange.placeByHand(order);
    const placed = this.exchange.orders.at(-1);
    if (status === 200 && placed !== undefined) this.handOrders.push(placed);
    return status === 200;
  }

  /** Somebody else sells all shares of a symbol, the engine's own. */
  closeByHand(symbol: string): void {
    const qty = this.exchange.portfolio.qty(symbol);
    if (qty <= 0) return;
    const placed = this.exchange.desk.closePosition(symbol, qty);
    if (placed.kind === "ok") this.closingOrders.push(placed.value);
  }

  /** Whether the exchange leaves a cancel in the symbol hanging. */
  isHung(symbol: string): boolean {
    return this.exchange.desk.hasStuck(symbol);
  }

  /** What was hidden or renamed, and is shown again as it is, is nobody's riddle any more. */
  showHidden(): void {
    const { hiddenAnswers, shownSymbols } = this.exchange;
    for (const symbol of this.hidden) {
      if ((hiddenAnswers.get(symbol) ?? 0) > 0 || shownSymbols.has(symbol)) continue;
      this.hidden.delete(symbol);
      this.strange.delete(symbol);
    }
  }

  /** Nobody can tell what is right for a symbol any more, however it is shown. */
  markStrange(symbol: string): void {
    this.strange.add(symbol);
    this.hidden.delete(symbol);
  }

  /** An issuer is about to split, merge or remove a symbol. */
  markIssuer(symbol: string): void {
    this.markStrange(symbol);
    const orderlessQty = this.countOrderless(symbol);
    this.issuerActs.set(symbol, { atMs: this.trueMs, orderlessQty });
  }

  /** Shares of a symbol that no order's fills account for; below 0 where fewer are held than they leave. */
  countOrderless(symbol: string): number {
    let qty = this.exchange.portfolio.qty(symbol);
    for (const { symbol: each, side, fills } of this.exchange.orders) {
      if (each !== symbol) continue;
      for (const fill of fills) qty -= side === "buy" ? fill.qty : -fill.qty;
    }
    return qty;
  }

  /** Nobody can tell what is right for a symbol until it is shown as it is; one that is strange for good stays so. */
  markHidden(symbol: string): void {
    if (this.strange.has(symbol)) return;
    this.strange.add(symbol);
    this.hidden.add(symbol);
  }

  /** Whether the scan's file is of today in New York, by its time. */
  isListFresh(): boolean {
    const modifiedMs = this.disk.modifiedMsOf(LIST_PATH);
    return modifiedMs !== null && nyDateAt(modifiedMs) === nyDateAt(this.trueMs);
  }

  /**
   * Whether shares that the engine's last entry in the symbol bought are still there, by all fills since. Once all are sold, what
   * somebody else buys there is his.
   */
  isOwned(symbol: string): boolean {
    const orders = this.exchange.orders.filter((order) => order.symbol === symbol);
    const entry = orders.findLast((order) =>
      order.parent === null && order.side === "buy" && order.clientOrderId.startsWith("avwap-") &&
      order.filledQty > 0
    );
    const fromMs = entry?.fills[0]?.atMs;
    if (fromMs === undefined) return false;
    const fills = orders.flatMap((order) => order.fills.map((fill) => ({ order, ...fill })))
      .filter((fill) => fill.atMs >= fromMs).sort((a, b) => a.atMs - b.atMs);
    let ownQty = 0;
    for (const { order, qty } of fills) {
      if (order.side === "sell") ownQty -= qty;
      else if (order === entry || ownQty > 0) ownQty += qty;
    }
    return ownQty > 0;
  }

  /** A JSON file as it is, or as a crash would leave it; `undefined` where it is none. */
  readJson(path: string, view: "now" | "synced"): unknown {
    const bytes = view === "now" ? this.disk.bytesOf(path) : this.disk.syncedBytesOf(path);
    if (bytes === null) return undefined;
    const known = this.#parsed.get(bytes.buffer);
    if (known?.size === bytes.length) return known.value;
    const text = decodeStrictly(bytes);
    const { value, entries } = text === null
      ? { value: undefined, entries: NO_ENTRIES }
      : parseLedgerJson(text, this.#entries.get(path) ?? NO_ENTRIES);
    this.#entries.set(path, entries);
    this.#parsed.set(bytes.buffer, { size: bytes.length, value });
    return value;
  }
}

function drawScene(root: Prng, asked: AskedFamilies | null, mood: Prng): Scene {
  const profile = buildProfile(root.fork("profile"), asked);
  const { families } = profile;
  const hasTrail = families.has("crash") || families.has("disk") || mood.isHit(0.3);
  const market = buildMarket(root.fork("prices"), profile.dayCount);
  const first = market.sessions[1];
  if (first === undefined) throw new RangeError("a run needs a day");
  return { profile, hasTrail, market, startMs: first.openMs - 45 * 60_000 };
}

const LENIENT = new TextDecoder();
const STRICT = new TextDecoder("utf-8", { fatal: true });

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return STRICT.decode(bytes);
  } catch {
    return null;
  }
}
