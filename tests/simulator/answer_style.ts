import { PUBLISHED_FIELDS, type PublishedKind } from "./published.ts";

/** How the broker writes its answers, within what the published documents allow. */
export interface AnswerStyle {
  /** Uniform in [0, 1); the same sequence gives the same answers. */
  readonly chance: () => number;
  /** How likely an optional field is absent. */
  readonly dropRate: number;
  /** Optional fields that are there all the same. */
  readonly keeps: readonly string[];
  /** Twenty decimals behind every decimal. */
  readonly hasLongDecimals: boolean;
  /** Fields that no document knows. */
  readonly hasNewFields: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Optional by the document, yet nobody could do anything with an order of ours without them. */
const NEEDED: ReadonlySet<string> = new Set([
  "id",
  "client_order_id",
  "symbol",
  "side",
  "qty",
  "filled_qty",
  "filled_avg_price",
  "status",
  "order_class",
  "limit_price",
  "stop_price",
  "legs",
  "submitted_at",
  "replaced_by",
  "replaces",
]);
const DECIMAL = /^-?\d+(\.\d+)?$/;
const NEW_FIELDS = { settlement_venue: null, flags: ["a", { b: 1 }], "x-new": 0.1 } as const;

/** Of which schema an answer's objects are; `null` where the table has none. */
export function findKind(path: string): PublishedKind | null {
  if (path === "/v2/account") return "account";
  if (path === "/v2/positions" || path.startsWith("/v2/positions/")) return "position";
  return path === "/v2/orders" || /^\/v2\/orders[/:]/.test(path) ? "order" : null;
}

/** An answer's body in another style, and still within the document. */
export function restyle(body: string, kind: PublishedKind, style: AnswerStyle): string {
  const value: unknown = JSON.parse(body);
  return JSON.stringify(
    Array.isArray(value)
      ? value.map((each) => restyleOne(each, kind, style))
      : restyleOne(value, kind, style),
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function restyleOne(value: unknown, kind: PublishedKind, style: AnswerStyle): unknown {
  if (!isFields(value)) return value;
  const { required } = PUBLISHED_FIELDS[kind];
  const fields: Record<string, unknown> = {};
  for (const [name, before] of Object.entries(value)) {
    const isKept = required.includes(name) || style.keeps.includes(name) ||
      (kind === "order" && NEEDED.has(name));
    if (!isKept && style.chance() < style.dropRate) continue;
    fields[name] = name === "legs" && Array.isArray(before)
      ? before.map((leg) => restyleOne(leg, kind, style))
      : restyleValue(before, style);
  }
  return style.hasNewFields ? { ...NEW_FIELDS, ...fields } : fields;
}

function restyleValue(value: unknown, style: AnswerStyle): unknown {
  if (!style.hasLongDecimals || typeof value !== "string" || !DECIMAL.test(value)) return value;
  // So far behind the point that it changes no number, but for 0, which it would make something.
  const last = Number(value) === 0 ? 0 : Math.floor(style.chance() * 10);
  return `${value}${value.includes(".") ? "" : "."}${"0".repeat(19)}${last}`;
}
