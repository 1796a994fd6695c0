import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";
import { LIST_BOUNDS } from "../../src/broker/answer_bounds.ts";
import { buildWireBracket } from "./scripted.ts";

/** Which read of the client meets the answer. */
export type Read = "bars" | "orders" | "positions";

/** An answer as it stands on the wire. */
export interface WireAnswer {
  readonly name: string;
  readonly read: Read;
  readonly encoding: string | null;
  readonly build: () => BodyInit;
}

const FLOOD_BYTES = 64 * 1024 * 1024;
/** As many values as an answer may hold, less a few for what stands around them. */
const VALUES = LIST_BOUNDS.valuesMax - 20;

function buildBar(index: number): unknown {
  const t = new Date(Date.UTC(2026, 0, 5, 14, 30) + index * 600_000).toISOString();
  return { c: 123.45 + index, h: 125.5, l: 120.1, n: 1234, o: 121.1, t, v: 1e5, vw: 123.456789 };
}

function repeat(unit: string, values: number): string {
  const units = Math.floor(values / [...unit.matchAll(/[,[{]/g)].length);
  return `[${unit.repeat(units - 1)}${unit.slice(0, -1)}]`;
}

/** The same bytes for each attempt: packing takes a second. */
function once(build: () => Uint8Array<ArrayBuffer>): () => BodyInit {
  let built: Uint8Array<ArrayBuffer> | null = null;
  return () => built ??= build();
}

const plain = (name: string, read: Read, build: () => BodyInit): WireAnswer => ({
  name,
  read,
  encoding: null,
  build,
});
const packed = (encoding: string, pack: (bytes: Uint8Array) => Uint8Array): WireAnswer => ({
  name: `${encoding} that unpacks to 64 MB`,
  read: "positions",
  encoding,
  build: once(() => new Uint8Array(pack(new Uint8Array(FLOOD_BYTES).fill(0x20)))),
});

/** The largest answers that the broker gives; the orders as the first of several pages. */
export const USUAL: readonly WireAnswer[] = [
  plain("a full page of brackets", "orders", () => {
    const orders = Array.from({ length: 480 }, (_, id) => buildWireBracket({ id: `${id}` }));
    return JSON.stringify(orders);
  }),
  plain("a full page of bars", "bars", () => {
    const bars = Array.from({ length: 5_000 }, (_, index) => buildBar(index));
    return JSON.stringify({ bars: { A: bars, B: bars }, next_page_token: null });
  }),
];

/** Answers made to cost as much as they can; all but the first of each kind keep within the bounds. */
export const BOMBS: readonly WireAnswer[] = [
  packed("gzip", gzipSync),
  packed(
    "br",
    (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  ),
  packed("deflate", deflateSync),
  plain("endless chunks", "positions", () => {
    const chunk = new TextEncoder().encode("{},".repeat(10_000));
    return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
  }),
  plain("one text as long as may be", "positions", () => `["${"€".repeat(1_390_000)}"]`),
  plain("numbers", "positions", () => repeat("1,", VALUES)),
  plain("empty objects", "positions", () => repeat("{},", VALUES)),
  plain("empty lists", "orders", () => repeat("[],", VALUES)),
  plain("empty bars", "bars", () => `{"bars":{"A":${repeat("{},", VALUES)}}}`),
  plain("nested lists", "positions", () => "[".repeat(VALUES) + "]".repeat(VALUES)),
  plain(
    "legs that are none",
    "orders",
    () => JSON.stringify([buildWireBracket({ legs: Array(VALUES / 2 - 100).fill({}) })]),
  ),
  plain("symbols that nobody asked for", "bars", () => {
    const symbols = Array.from({ length: VALUES / 2 - 1 }, (_, index) => `"K${index}":[]`);
    return `{"bars":{${symbols.join()}}}`;
  }),
];
