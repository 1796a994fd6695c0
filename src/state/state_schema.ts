import { z } from "zod";
import { parseOurId } from "../domain/order/client_order_id.ts";
import { buildTrimFields, EXIT_REASONS } from "../domain/exit/exit_rules.ts";
import { buildLevelFields } from "../domain/exit/levels.ts";
import { DateWire, PriceWire, TimeWire } from "./ledger_schema.ts";

/**
 * The file format that this release writes. A release adds fields under a new minor, which a release before it passes over
 * and drops at its first save; another major is another format.
 */
export const STATE_SCHEMA = { major: 1, minor: 2 } as const;

const text = z.string("is not text");
const number = z.number("is not a finite number");
const OurIdWire = text.transform((value, context) => {
  const id = parseOurId(value);
  if (id !== null) return id;
  context.addIssue({ code: "custom", message: "is not a client order id of ours" });
  return z.NEVER;
});

const INTENT = {
  client_order_id: OurIdWire,
  date_ny: DateWire,
  symbol: text.min(1, "is empty"),
  qty: number.int("is not a whole number").min(1, "is not above 0"),
  ...buildLevelFields(() => PriceWire),
  stop: PriceWire,
  ref_price: PriceWire,
  distance_pct: number,
  confirmed_at: TimeWire,
  scheduled_at: TimeWire,
  expires_at: TimeWire,
  // From minor 2 on.
  b2_start: TimeWire.nullable().default(null),
};

const TRADE = z.object({ price: PriceWire, at: TimeWire, id: number.nullable() });

const POSITION = {
  symbol: text.min(1, "is empty"),
  position_id: text.min(1, "is empty"),
  adopted_qty: number.min(0, "is negative"),
  ...buildLevelFields(() => PriceWire),
  stop: PriceWire,
  high_water: z.number("is not a finite number").min(0, "is negative"),
  ...buildTrimFields("field", () => z.boolean("is neither true nor false")),
  qty: number.nullable(),
  cost_basis: number.nullable(),
  unexplained_qty: number.nullable(),
  opened_at: TimeWire,
  partial_since: TimeWire.nullable(),
  // From minor 2 on.
  unexplained_since: TimeWire.nullable().default(null),
  beside_qty: number.min(0, "is negative").default(0),
  unexplained_from_qty: number.optional(),
  last_trade: TRADE.optional(),
  doubted_trade: TRADE.optional(),
};

const RELEASED = {
  symbol: text.min(1, "is empty"),
  position_id: text.min(1, "is empty"),
  released_at: TimeWire,
};

const DUE = [...EXIT_REASONS, "stop", "unknown"] as const;
const share = number.min(0, "is negative");
const STOP_LOSSES = z.object({
  since: TimeWire,
  last: TimeWire,
  times: number.int("is not a whole number").min(1, "is not above 0"),
  qty: share,
  idle: z.boolean("is neither true nor false"),
});
const STANDING = {
  symbol: text.min(1, "is empty"),
  position_id: text.min(1, "is empty"),
  sure_qty: share,
  doubtful_qty: share,
  most_held_qty: share,
  covered_qty: share,
  gtc_qty: share,
  is_cover_read: z.boolean("is neither true nor false"),
  is_gtc_needed: z.boolean("is neither true nor false"),
  bare_qty: share,
  due: z.enum(DUE, "is no exit").nullable(),
  cause: text,
  why: text,
  bare_since: TimeWire.nullable(),
  due_since: TimeWire.nullable(),
  resting_stops: z.array(text, "is not a list").optional(),
  stop_losses: STOP_LOSSES.optional(),
};

const UNFINISHED = {
  position_id: text.min(1, "is empty"),
  bare: z.boolean("is neither true nor false"),
  stop_refused_at: TimeWire.nullable(),
  spent_hand_stop: PriceWire.nullable(),
  beside_entry_at: TimeWire.nullable(),
  sell_refused_at: z.partialRecord(z.enum(EXIT_REASONS), TimeWire),
};

const ABSENCE = {
  what: z.enum(["order", "release"], "is neither an order nor a release"),
  id: text.min(1, "is empty"),
  process_id: text,
  first_ms: number,
  last_ms: number,
};

const DAY_LOSS = {
  date_ny: DateWire,
  reached_at: TimeWire,
  result_usd: number,
  limit_usd: PriceWire,
};

/** `strict` for files of this release; a newer one's additional fields are passed over at every level. */
function buildSchema<
  Intent extends z.ZodType,
  Position extends z.ZodType,
  Standing extends z.ZodType,
  Released extends z.ZodType,
  Unfinished extends z.ZodType,
  Absence extends z.ZodType,
  DayLoss extends z.ZodType,
>(
  { intent, position, standing, released, unfinished, absence, dayLoss }: {
    readonly intent: Intent;
    readonly position: Position;
    readonly standing: Standing;
    readonly released: Released;
    readonly unfinished: Unfinished;
    readonly absence: Absence;
    readonly dayLoss: DayLoss;
  },
) {
  return {
    schema: z.looseObject({ major: z.literal(STATE_SCHEMA.major), minor: number.int() }),
    host: text.nullable(),
    account_id: text.nullable(),
    last_cycle_at: TimeWire.nullable(),
    last_gate: text.nullable(),
    intents: z.array(intent, "is not a list"),
    positions: z.array(position, "is not a list"),
    alerted: z.record(z.string(), text),
    // From minor 1 on.
    mismatches: number.int("is not a whole number").min(0, "is negative").default(0),
    // From minor 2 on.
    standings: z.array(standing, "is not a list").default([]),
    released: z.array(released, "is not a list").default([]),
    unfinished: z.array(unfinished, "is not a list").default([]),
    absences: z.array(absence, "is not a list").default([]),
    date_seen: DateWire.nullable().default(null),
    day_loss: dayLoss.nullable().optional(),
    // In the format of its own file, which is looser than this one.
    ledger: z.unknown().optional(),
    ledger_versions: z.array(text, "is not a list").default([]),
  };
}

/** `execution_state.json` of this release. */
export const StateWire = z.strictObject(buildSchema({
  intent: z.strictObject(INTENT),
  position: z.strictObject(POSITION),
  standing: z.strictObject(STANDING),
  released: z.strictObject(RELEASED),
  unfinished: z.strictObject(UNFINISHED),
  absence: z.strictObject(ABSENCE),
  dayLoss: z.strictObject(DAY_LOSS),
}));
/** The same of a later minor version. */
export const NewerMinorWire = z.object(buildSchema({
  intent: z.object(INTENT),
  position: z.object(POSITION),
  standing: z.object(STANDING),
  released: z.object(RELEASED),
  unfinished: z.object(UNFINISHED),
  absence: z.object(ABSENCE),
  dayLoss: z.object(DAY_LOSS),
}));
/** The format that a file says it has. */
export const VersionWire = z.looseObject({
  schema: z.looseObject({ major: number.int(), minor: number.int().min(0) }),
});

/** The file as the schema sees it. */
export type StateWire = z.output<typeof StateWire>;
/** An intent as the file has it. */
export type IntentFields = z.input<z.ZodObject<typeof INTENT>>;
/** A standing as the file has it. */
export type StandingFields = z.input<z.ZodObject<typeof STANDING>>;
/** What is unfinished of a position as the file has it. */
export type UnfinishedFields = z.input<z.ZodObject<typeof UNFINISHED>>;
/** A trade as the file has it. */
export type TradeFields = z.input<typeof TRADE>;
/** A position as the file has it. */
export type PositionFields = z.input<z.ZodObject<typeof POSITION>>;
