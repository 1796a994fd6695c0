import { z } from "zod";
import { buildLevelFields } from "../domain/exit/levels.ts";

/** An ISO 8601 time; one without a zone (which the old pipeline never wrote) is taken as UTC. */
const ISO_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Unix ms of an ISO 8601 time, `null` where it is none. */
export function parseIsoTime(text: string): number | null {
  const match = ISO_TIME.exec(text);
  if (match === null) return null;
  const ms = Date.parse(match[3] === undefined ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
}

/** Whether an ISO 8601 time says its zone, or is none at all. */
export function hasZone(text: string): boolean {
  const match = ISO_TIME.exec(text);
  return match === null || match[3] !== undefined;
}

/** A `YYYY-MM-DD` that the calendar has. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** A `YYYY-MM-DD` in a file. */
export const DateWire = z.string().refine(isDate, "is not a date YYYY-MM-DD");
/** A moment in a file, ISO 8601, as Unix ms. */
export const TimeWire = z.string().transform((text, context) => {
  const ms = parseIsoTime(text);
  if (ms !== null) return ms;
  context.addIssue({ code: "custom", message: "is not an ISO 8601 time" });
  return z.NEVER;
});
/** USD per share of an order or a level. */
export const PriceWire = z.number("is not a finite number").gt(0, "is not above 0");

const text = z.string("is not text");
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? null);
const count = z.number("is not a finite number").int("is not a whole number").min(0, "is negative");

const LegWire = z.looseObject({ order_id: text, client_order_id: text, type: text });

const BrokerViewWire = z.looseObject({
  status: text,
  filled_qty: z.number("is not a finite number").min(0, "is negative"),
  filled_avg_price: optional(z.number("is not a finite number").min(0, "is negative")),
  updated_at: TimeWire,
});

const EntryWire = z.looseObject({
  order_id: text.nullable(),
  symbol: text,
  notional: z.number("is not a finite number").min(0, "is negative"),
  timestamp: text.refine((value) => parseIsoTime(value) !== null, "is not an ISO 8601 time"),
  client_order_id: optional(text),
  side: optional(z.enum(["buy", "sell"], "is neither buy nor sell")),
  qty: optional(z.number("is not a finite number").gt(0, "is not above 0")),
  status: optional(
    z.enum(["pending", "accepted", "rejected", "unknown"], "is not a status of this ledger"),
  ),
  reason: optional(text),
  detail: optional(text),
  ...buildLevelFields(() => optional(PriceWire)),
  stop: optional(PriceWire),
  ref_price: optional(PriceWire),
  expires_at: optional(TimeWire),
  deadline_at: optional(TimeWire),
  not_found_since: optional(TimeWire),
  beside_qty: optional(z.number("is not a finite number").min(0, "is negative")),
  position_id: optional(text),
  attempt: optional(count),
  replaces: optional(text),
  legs: optional(z.array(LegWire, "is not a list")),
  broker: optional(BrokerViewWire),
});

/** `live_orders_today.json` (pipeline 6): loose, because old files and other tools share it. */
export const LedgerWire = z.looseObject({
  schema: optional(z.literal(1, "is not 1: the file is of another release")),
  date_ny: DateWire,
  host: optional(text),
  account_id: optional(text),
  mismatches: optional(count),
  entries: z.array(EntryWire, "is not a list"),
});

/** The file as the schema sees it. */
export type LedgerWire = z.output<typeof LedgerWire>;
/** One entry of it. */
export type EntryWire = z.output<typeof EntryWire>;

/** Names that this release knows in the file. */
export const LEDGER_KEYS: ReadonlySet<string> = new Set(Object.keys(LedgerWire.shape));
/** Names that this release knows in an entry. */
export const ENTRY_KEYS: ReadonlySet<string> = new Set(Object.keys(EntryWire.shape));
/** Names that this release knows in the broker's view of an entry. */
export const BROKER_KEYS: ReadonlySet<string> = new Set(Object.keys(BrokerViewWire.shape));
/** Names that this release knows in a leg. */
export const LEG_KEYS: ReadonlySet<string> = new Set(Object.keys(LegWire.shape));

/** The first thing wrong, as `entry 3: notional is negative`; entries are counted from 1. */
export function describeIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "it has the wrong shape";
  const path = issue.path.map((part) => typeof part === "number" ? part + 1 : String(part));
  const words = /^(is|are) /.test(issue.message) ? issue.message : `is wrong (${issue.message})`;
  if (path[0] === "entries" && path.length > 1) {
    return `entry ${path[1]}: ${path.slice(2).join(" ") || "it"} ${words}`;
  }
  return `${path.join(" ") || "it"} ${words}`;
}
