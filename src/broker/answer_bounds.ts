import { HttpFailure } from "./transport.ts";

/** What an answer may hold, unpacked: beyond it, it is no answer. */
export interface AnswerBounds {
  readonly bytesMax: number;
  /** JSON values, as commas and opening brackets count them: a few bytes of one can cost a hundred in memory. */
  readonly valuesMax: number;
}

/** One object: an order with its legs has about 6 KB and 250 values. */
export const ONE_BOUNDS: AnswerBounds = { bytesMax: 256 * 1024, valuesMax: 5_000 };
/** A full page: 500 brackets have about 2 MB and 70,000 values, 10,000 bars about 1.2 MB and 90,000,
 * 500 orders of four legs each 120,000. */
export const LIST_BOUNDS: AnswerBounds = { bytesMax: 4 * 1024 * 1024, valuesMax: 125_000 };

/** Addresses that answer with one object, whoever asks. Anything else may be a list. */
const ONE = /^\/v2\/(?:clock|account(?:\/configurations)?|orders[/:][^?]*)(?:\?|$)/;

/** The bounds of the answer to a request, by its path and query. */
export function decideAnswerBounds(path: string): AnswerBounds {
  return ONE.test(path) ? ONE_BOUNDS : LIST_BOUNDS;
}

const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** Counts an answer as it arrives, before any of it is parsed. */
export class AnswerCount {
  readonly #bounds: AnswerBounds;
  #bytes = 0;
  #values = 0;

  constructor(bounds: AnswerBounds) {
    this.#bounds = bounds;
  }

  /** @throws {HttpFailure} Where the answer is now larger than it may be. */
  add(chunk: Uint8Array): void {
    const { bytesMax, valuesMax } = this.#bounds;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > bytesMax) {
      throw new HttpFailure("oversized", `the answer is larger than ${bytesMax} bytes`);
    }
    for (const byte of chunk) {
      if (byte === COMMA || byte === BRACKET || byte === BRACE) this.#values++;
    }
    if (this.#values > valuesMax) {
      throw new HttpFailure("oversized", `the answer holds more than ${valuesMax} values`);
    }
  }
}
