import { growWords, mixBits } from "./word_table.ts";

/** A state of the exploration: the numbers of the broker's part, of the client's, and of what is left to happen. */
export interface PackedState {
  readonly broker: number;
  readonly client: number;
  readonly rest: number;
}

/** Names numbers anew, by the sequence of their appearance. */
function buildRanks(): (number: number) => number {
  const ranks = new Map<number, number>();
  return (number) => {
    const known = ranks.get(number);
    if (known !== undefined) return known;
    ranks.set(number, ranks.size);
    return ranks.size - 1;
  };
}

const CAPACITY_FIRST = 1 << 16;
/** What the root has for a parent. */
export const NO_PARENT = 0xffffffff;
/** In the place of a next state: that there is none, and the end is good. */
const GOOD = 0xfffffffe;

/**
 * All states that were met, in the sequence of their meeting, which is that of a search in breadth: 16 bytes a state, 4 for where
 * each calm schedule goes from it, and 8 for its place in an open-addressed table. States are compared whole, so that no two are ever taken for one.
 */
export class StateTable {
  #count = 0;
  #broker = new Uint32Array(CAPACITY_FIRST);
  #client = new Uint32Array(CAPACITY_FIRST);
  #rest = new Uint32Array(CAPACITY_FIRST);
  #parent = new Uint32Array(CAPACITY_FIRST);
  /** Place + 1 of the state; 0 is empty. */
  #slots = new Uint32Array(CAPACITY_FIRST * 2);
  #calm: Uint32Array<ArrayBuffer>[];

  /** @param schedules How many calm ways to go on are kept for each state. */
  constructor(schedules = 0) {
    this.#calm = Array.from({ length: schedules }, () => new Uint32Array(CAPACITY_FIRST));
  }

  get count(): number {
    return this.#count;
  }

  /** Keeps where a schedule goes from the state at a place; `null`: it can't go on. */
  putCalm(at: number, schedule: number, next: number | "good" | null): void {
    const calm = this.#calm[schedule];
    if (calm !== undefined) calm[at] = next === "good" ? GOOD : next ?? NO_PARENT;
  }

  /** Where a schedule goes from the state at a place. @throws {RangeError} Where it can't go on. */
  calmOf(at: number, schedule: number): number | "good" {
    const next = this.#calm[schedule]?.[at] ?? NO_PARENT;
    if (next === NO_PARENT) throw new RangeError("a calm world can't go on");
    return next === GOOD ? "good" : next;
  }

  /** The state at a place. */
  get(at: number): PackedState {
    return {
      broker: this.#broker[at] ?? 0,
      client: this.#client[at] ?? 0,
      rest: this.#rest[at] ?? 0,
    };
  }

  /** The place of the state from which this one was met first. */
  parentOf(at: number): number {
    return this.#parent[at] ?? NO_PARENT;
  }

  /** The place of a state, -1 where it was never met. */
  find(state: PackedState): number {
    return (this.#slots[this.#findSlot(state)] ?? 0) - 1;
  }

  /** Takes a state in. @returns Its place, and whether it is new. */
  add(state: PackedState, parent: number): { readonly at: number; readonly isNew: boolean } {
    const slot = this.#findSlot(state);
    const known = this.#slots[slot] ?? 0;
    if (known > 0) return { at: known - 1, isNew: false };
    const at = this.#count++;
    if (at >= this.#broker.length) this.#grow();
    this.#broker[at] = state.broker;
    this.#client[at] = state.client;
    this.#rest[at] = state.rest;
    this.#parent[at] = parent;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    else this.#slots[slot] = at + 1;
    return { at, isNew: true };
  }

  /** A number for the whole: the same for the same states in the same sequence, whatever else was met besides. */
  digest(): string {
    let [high, low] = [0x9e3779b9, 0x85ebca6b];
    const rankBroker = buildRanks();
    const rankClient = buildRanks();
    for (let at = 0; at < this.#count; at++) {
      const state = this.get(at);
      const [broker, client] = [rankBroker(state.broker), rankClient(state.client)];
      high = mixBits(high ^ broker) ^ client;
      low = mixBits(low ^ state.rest ^ mixBits(client)) ^ high;
    }
    const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
    return hex(high) + hex(low);
  }

  #findSlot(state: PackedState): number {
    const mask = this.#slots.length - 1;
    const hash = mixBits(mixBits(mixBits(state.broker) ^ state.client) ^ state.rest);
    for (let slot = hash & mask;; slot = (slot + 1) & mask) {
      const at = (this.#slots[slot] ?? 0) - 1;
      if (at < 0) return slot;
      const isSame = this.#broker[at] === state.broker && this.#client[at] === state.client &&
        this.#rest[at] === state.rest;
      if (isSame) return slot;
    }
  }

  #grow(): void {
    this.#broker = growWords(this.#broker);
    this.#client = growWords(this.#client);
    this.#rest = growWords(this.#rest);
    this.#parent = growWords(this.#parent);
    this.#calm = this.#calm.map(growWords);
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let at = 0; at < this.#count; at++) this.#slots[this.#findSlot(this.get(at))] = at + 1;
  }
}
