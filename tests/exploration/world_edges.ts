import { listArrivals } from "./broker_answers.ts";
import { listHands } from "./broker_hands.ts";
import { closeMarket, listMoves, listSplits, type Move, openMarket } from "./broker_moves.ts";
import { type BrokerState, countReserved } from "./broker_state.ts";
import type { Bound, Edge } from "./edge.ts";
import type { Interner } from "./interner.ts";
import { isUnseen } from "./properties.ts";
import { type Bounded, type Flag, hasFlag } from "./remainder.ts";
import type { PackedState } from "./state_table.ts";

/** What happens without the client: the broker, the market, hands at the broker, and the operator. */
export class WorldEdges {
  readonly #brokers: Interner<BrokerState>;
  readonly #moves = new Map<number, readonly Edge[]>();

  constructor(brokers: Interner<BrokerState>, readonly bound: Bound) {
    this.#brokers = brokers;
  }

  /** What the broker, the market and hands may do. */
  listBroker(broker: number): readonly Edge[] {
    const known = this.#moves.get(broker);
    if (known !== undefined) return known;
    const edges = this.#buildMoves(broker);
    this.#moves.set(broker, edges);
    return edges;
  }

  #buildMoves(broker: number): readonly Edge[] {
    const before = this.#brokers.get(broker);
    const build = (move: Omit<Move, "trouble"> & { readonly trouble: Bounded | null }): Edge => ({
      broker: this.#brokers.add(move.next),
      client: null,
      costs: move.trouble === null ? [] : [move.trouble],
      set: ["stale", ...listFlags(before, move)],
      clear: [],
      stopLevel: 0,
      kind: move.name.replaceAll(/\d+/g, "#"),
      tell: () => move.name,
      broken: null,
      excuses: [],
    });
    const turn: Move = before.isOpen
      ? { name: "the market closes", trouble: "time", next: closeMarket(before) }
      : { name: "the market opens", trouble: null, next: openMarket(before) };
    const { budget, levels, hands } = this.bound;
    return [
      ...listMoves(before).map(build),
      ...listArrivals(before).map((next) =>
        build({ name: "a late request arrives", trouble: null, next })
      ),
      ...((budget.time ?? 0) > 0 ? [turn, ...before.isOpen ? [] : listSplits(before)] : []).map(
        build,
      ),
      ...((budget.hand ?? 0) > 0 ? listHands(before, hands) : []).map(build),
      ...levels.filter((level) => level !== before.priceLevel).map((level) =>
        build({
          name: `the price goes to ${level}`,
          trouble: "price",
          next: { ...before, priceLevel: level },
        })
      ),
    ];
  }

  /** What the operator may do. */
  listOperator({ broker, rest }: PackedState): Edge[] {
    if ((this.bound.budget.switch ?? 0) === 0) return [];
    const isKilled = hasFlag(rest, "killed");
    const kind = isKilled ? "the kill switch is taken away" : "the kill switch is put there";
    const flags: readonly Flag[] = ["killed"];
    return [{
      broker,
      client: null,
      costs: ["switch"],
      set: isKilled ? [] : flags,
      clear: isKilled ? flags : [],
      stopLevel: 0,
      kind,
      tell: () => kind,
      broken: null,
      excuses: [],
    }];
  }
}

/** What a move excuses: shares other than the client's own orders explain, and what nobody could have seen. */
function listFlags(
  before: BrokerState,
  { trouble, next, name }: {
    readonly trouble: Bounded | null;
    readonly next: BrokerState;
    readonly name: string;
  },
): Flag[] {
  const isShort = next.heldQty < 0 && countReserved(before) <= before.heldQty;
  const flags: Flag[] = trouble === "hand" || name.includes("split") || isShort ? ["excused"] : [];
  // The last fill of an entry puts its exits in force, whoever has just looked.
  const isInForce = countReserved(next) > countReserved(before);
  const isSurprise = (isUnseen(before) && !isUnseen(next)) || isInForce;
  return isSurprise ? [...flags, "surprised"] : flags;
}
