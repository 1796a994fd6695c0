import { z } from "zod";
import { parseRfc3339Ms } from "./rfc3339.ts";

/** Decimals and exponents as JSON numbers have them; more of them than anybody needs are no fault (broker.md). */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const DECIMAL_CHARACTERS_MAX = 256;
/** No price, quantity or sum of money comes near it. */
const DECIMAL_LIMIT = 1e18;

/**
 * A number as the broker sends it: a decimal text, or a JSON number. Never coerced: an empty text or `null` must not become
 * 0, which fits every cap.
 */
export const decimalWire = z.union([
  z.string().max(DECIMAL_CHARACTERS_MAX).regex(DECIMAL),
  z.number(),
]).refine((value) => Math.abs(Number(value)) < DECIMAL_LIMIT);
/** The same where the broker may leave it out. */
export const optionalDecimalWire = decimalWire.nullish();
/** A timestamp; `parseTimeMs` tells whether it is one. */
export const timeWire = z.string().max(64);

/** An asset's id, which costs no row where it is none. */
export const assetIdWire = z.string().min(1).nullish().catch(null);

/** An asset's id as a field of its own, absent where the broker does not say it. */
export function buildAssetId(wire: string | null | undefined): { readonly assetId?: string } {
  return wire === null || wire === undefined ? {} : { assetId: wire };
}

/** An answer that is not what its schema says; becomes a `BrokerError` or an unknown outcome before it leaves `broker/`. */
export class MalformedError extends Error {
  override readonly name = "MalformedError";
}

/** A checked decimal as a number. */
export function parseDecimal(value: string | number): number {
  return typeof value === "number" ? value : Number(value);
}

/** A checked decimal that may be absent. */
export function parseOptionalDecimal(value: string | number | null | undefined): number | null {
  return value === null || value === undefined ? null : parseDecimal(value);
}

/** The years that the records can hold end here. */
const YEAR_10000_MS = Date.UTC(10_000, 0);

/** @throws {MalformedError} Where the text is no timestamp, or of no year from 1970 to 9999; `field` names it. */
export function parseTimeMs(text: string, field: string): number {
  const ms = parseRfc3339Ms(text);
  if (ms === null || ms < 0 || ms >= YEAR_10000_MS) {
    throw new MalformedError(`${field} is not a timestamp`);
  }
  return ms;
}

/**
 * A body through its schema.
 * @throws {MalformedError} Where it is not JSON, or not what the schema says; the message names the first wrong field.
 */
export function parseBody<T>(schema: z.ZodType<T>, body: string): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // The parser's own words quote the body; the operator needs only to know that it is none.
    throw new MalformedError(body === "" ? "the answer is empty" : "the answer is not JSON");
  }
  return parseValue(schema, value, "the answer");
}

/**
 * A part of a body through its schema.
 * @param name What it is called where nothing in it has a name.
 * @throws {MalformedError} Where it is not what the schema says; the message names the first wrong field.
 */
export function parseValue<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? name : issue.path.join(".");
  throw new MalformedError(`${field} is missing or not what it should be`);
}

/** The fields of an error body; `null` where it is not a JSON object. */
export interface ErrorBody {
  readonly code: number | null;
  readonly message: string;
}

const errorWire = z.object({
  code: z.union([z.number(), z.string().regex(/^\d{1,12}$/)]).nullish().catch(null),
  message: z.string().catch(""),
});

/** Reads `code` and `message` of a refusal; a page that a proxy made is not one. */
export function parseErrorBody(body: string): ErrorBody | null {
  try {
    const { code, message } = parseBody(errorWire, body);
    return { code: parseOptionalDecimal(code), message };
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
