import { isOrderless } from "../simulator/order_rules.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import { listEntries, readDocumentLedger } from "./truth.ts";
import { LEDGER_PATH, STATE_PATH, type World } from "./world.ts";

/** What the last answers to the engine's questions showed it, whether or not they were true. */
export class Shown {
  /** The last answer to the question for positions; `readMs`: when the last one came that could be read. */
  positions = {
    isUsable: false,
    atMs: -Infinity,
    readMs: -Infinity,
    symbols: new Set<string>(),
  };
  /** The last answer to the question for open orders: all of them, and the buys. */
  open = { isUsable: false, symbols: new Set<string>(), buys: new Set<string>() };
  account = { isUsable: false, isBlocked: false };
  /** The last answer of the clock: whether its own times say otherwise than `is_open`, or nothing at all. */
  clock = { isWrong: false };
  /** Symbols that were asked for in this cycle, and those of them in a list that was answered. */
  bars = buildAsked("bars");
  trades = buildAsked("latest trades");
  /** The day's orders, and the engine's among them that the ledger, or every record, lacked at that moment. */
  day = buildDay();
  /** Ids of the document's ledger as it last read: a process goes on with it when the document is taken away. */
  #onRecord: ReadonlySet<string | null> = new Set();
  /** Mismatches that ended on record in cycles of one NY day. */
  #mismatches = { dateNy: "", count: 0 };

  /** The last answer by its question's first words. */
  readonly #last = new Map<string, { readonly body: string; readonly value: unknown }>();

  constructor(readonly world: World) {}

  /** A process starts: it knows what the files say, and nothing else. */
  started(): void {
    this.positions.isUsable = false;
    this.#onRecord = new Set();
    this.#readRecords();
  }

  /** A new process has been shown nothing; nor has a new cycle, but for what it is still to ask. */
  beginCycle(): void {
    this.bars = buildAsked("bars");
    this.trades = buildAsked("latest trades");
    this.account = { isUsable: false, isBlocked: false };
    this.day = buildDay();
  }

  /**
   * A cycle ended: a mismatch counts once its order is on record. What the document had, and a hand took out of the
   * ledger's file, blocks its cycle and is put back, and is no other engine's (pipeline 6).
   */
  endCycle(): void {
    this.#readRecords();
    const { unrecorded } = this.day;
    if (unrecorded.length === 0) return;
    const recorded = new Set(listEntries(this.world, "now").map((each) => each.client_order_id));
    if (!unrecorded.every((id) => recorded.has(id))) return;
    const dateNy = nyDateAt(this.world.trueMs);
    const isCounting = this.#mismatches.dateNy === dateNy || this.#mismatches.count >= 2;
    const count = isCounting ? this.#mismatches.count : 0;
    this.#mismatches = { dateNy, count: count + 1 };
    this.world.count("mismatches");
  }

  /** A question was answered, or not (status 0). */
  answered(path: string, status: number, body: string): void {
    const { world } = this;
    const value = status === 200 && !path.startsWith("/v2/stocks/")
      ? this.#parse(path, body)
      : undefined;
    if (path.startsWith("/v2/positions")) {
      const rows = listRecords(value);
      // One row that names nobody makes the whole answer unreadable (pipeline 6).
      const isUsable = Array.isArray(value) && value.every(isOfSomebody);
      this.positions = {
        isUsable,
        atMs: world.trueMs,
        readMs: isUsable ? world.trueMs : this.positions.readMs,
        symbols: new Set(rows.map((row) => String(row["symbol"]))),
      };
    } else if (path === "/v2/account") {
      const isUsable = isRecord(value) && typeof value["id"] === "string";
      const isBlocked = isRecord(value) &&
        (BLOCKING.some((flag) => value[flag] === true) || isOrderless(String(value["status"])));
      this.account = { isUsable, isBlocked };
    } else if (path.startsWith("/v2/clock")) {
      this.clock = { isWrong: status === 200 && isWrongClock(value) };
    } else if (path.startsWith("/v2/stocks/")) {
      const { asked, answered } = path.startsWith("/v2/stocks/bars") ? this.bars : this.trades;
      for (const symbol of listAsked(path)) {
        asked.add(symbol);
        if (status === 200) answered.add(symbol);
      }
    } else if (path.startsWith("/v2/orders?status=open")) {
      const rows = listRecords(value);
      const legs = rows.flatMap((row) => listRecords(row["legs"]));
      const working = [...rows, ...legs].filter((row) => row["status"] !== "filled");
      this.open = {
        isUsable: Array.isArray(value),
        symbols: new Set(working.map((row) => String(row["symbol"]))),
        buys: new Set(
          working.filter((row) => row["side"] === "buy").map((row) => String(row["symbol"])),
        ),
      };
    } else if (path.startsWith("/v2/orders?status=all") && !path.includes("symbols=")) {
      this.#dayAnswered(value);
    }
  }

  /** What a body says: the exchange repeats many word for word. */
  #parse(path: string, body: string): unknown {
    const [asked = path] = path.split("&", 1);
    const last = this.#last.get(asked);
    const value = last?.body === body ? last.value : parseJson(body);
    this.#last.set(asked, { body, value });
    return value;
  }

  #dayAnswered(value: unknown): void {
    const { world } = this;
    const recorded = new Set(listEntries(world, "now").map((each) => each.client_order_id));
    const ids = listRecords(value).map((row) => String(row["client_order_id"]));
    const isLedgerMissing = !world.disk.has(LEDGER_PATH);
    if (isLedgerMissing) this.#ledgerGone();
    this.#readRecords();
    // A file that a crash left one write behind its document lacks nothing: only what a hand took out of it blocks (pipeline 6).
    const isBehind = !this.#isEdited();
    const lacking = isLedgerMissing
      ? []
      : ids.filter((id) =>
        id.startsWith("avwap-") && !recorded.has(id) && !(isBehind && this.#onRecord.has(id))
      );
    this.day = {
      isUsable: Array.isArray(value),
      lacking,
      unrecorded: lacking.filter((id) => !this.#onRecord.has(id)),
      isLedgerMissing,
    };
  }

  /** Whether the ledger's file is as somebody else left it. */
  #isEdited(): boolean {
    const { disk, editedLedger } = this.world;
    if (editedLedger === null) return false;
    const bytes = disk.bytesOf(LEDGER_PATH);
    return bytes !== null && new TextDecoder().decode(bytes) === editedLedger;
  }

  #readRecords(): void {
    const document = readDocumentLedger(this.world);
    if (document === null) return;
    this.#onRecord = new Set(document.entries.map((each) => each.client_order_id));
  }

  /** A ledger that is taken away takes no mismatch with it that the state has on record. */
  #ledgerGone(): void {
    const state = this.world.readJson(STATE_PATH, "now");
    const kept = isRecord(state) ? Number(state["mismatches"] ?? 0) : 0;
    this.#mismatches = { ...this.#mismatches, count: Math.min(this.#mismatches.count, kept) };
  }

  /** Why LIVE is blocked in this cycle whatever the files say by now, or `null` (pipeline 6). */
  findBlock(): string | null {
    const { account, day } = this;
    if (!account.isUsable || !day.isUsable) return "the broker did not show account and orders";
    if (day.isLedgerMissing) return "the ledger was missing";
    if (day.lacking.length > 0) return `the ledger lacked ${day.lacking.join(", ")}`;
    // A second one in a day is not forgotten with the day.
    return this.#mismatches.count >= 2 ? "the ledger has lacked orders twice in a day" : null;
  }
}

/** Flags of an account that takes no orders (pipeline 4). */
const BLOCKING = ["trading_blocked", "account_blocked", "trade_suspended_by_user"] as const;

/** The orders of the day as a cycle that has not asked for them knows them. */
function buildDay(): Day {
  return { isUsable: false, lacking: [], unrecorded: [], isLedgerMissing: false };
}

interface Day {
  readonly isUsable: boolean;
  readonly lacking: readonly string[];
  readonly unrecorded: readonly string[];
  readonly isLedgerMissing: boolean;
}

interface Asked {
  readonly what: string;
  readonly asked: Set<string>;
  readonly answered: Set<string>;
}

function buildAsked(what: string): Asked {
  return { what, asked: new Set(), answered: new Set() };
}

function listAsked(path: string): string[] {
  const symbols = new URLSearchParams(path.slice(path.indexOf("?") + 1)).get("symbols") ?? "";
  return symbols.split(",").filter((symbol) => symbol !== "");
}

/** `is_open` without `next_close` between now and `next_open`, by the answer's own times (pipeline 6). */
function isWrongClock(value: unknown): boolean {
  if (!isRecord(value)) return true;
  const [nowMs, openMs, closeMs] = ["timestamp", "next_open", "next_close"].map((name) =>
    Date.parse(String(value[name]))
  );
  if (nowMs === undefined || openMs === undefined || closeMs === undefined) return true;
  if (typeof value["is_open"] !== "boolean" || !Number.isFinite(nowMs + openMs + closeMs)) {
    return true;
  }
  return value["is_open"] && !(nowMs < closeMs && closeMs < openMs);
}

function parseJson(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return value;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a row says whom it is about. */
function isOfSomebody(row: unknown): boolean {
  return isRecord(row) &&
    [row["symbol"], row["client_order_id"]].some((name) => typeof name === "string" && name !== "");
}

function listRecords(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
