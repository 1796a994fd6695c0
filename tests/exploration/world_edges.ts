import { listArrivals } from "./broker_answers.ts";
import { listHands } from "./broker_hands.ts";
import { closeMarket, listMoves, listSplits, type Move, openMarket } from "./broker_moves.ts";
import { type BrokerState, countReserved } from "./broker_state.ts";
import type { BrokerStore } from "./broker_store.ts";
import type { Bound, Edge } from "./edge.ts";
import { isUnseen } from "./properties.ts";
import { Recent } from "./recent.ts";
import {
  type Bounded,
  type Flag,
  hasFlag,
  isPaid,
  listPaid,
  packCosts,
  packFlags,
  PAID_BITS,
} from "./remainder.ts";
import type { PackedState } from "./state_table.ts";

const KEPT = 1 << 15;

/** What happens without the client: the broker, the market, hands at the broker, and the operator. */
export class WorldEdges {
  readonly #brokers: BrokerStore;
  readonly #moves = new Recent<readonly Edge[]>(KEPT);

  constructor(brokers: BrokerStore, readonly bound: Bound) {
    this.#brokers = brokers;
  }

  /** What the broker, the market and hands may do, as far as the bound still has it. */
  listBroker({ broker, rest }: PackedState): readonly Edge[] {
    const key = broker * 2 ** PAID_BITS + listPaid(rest);
    return this.#moves.get(key, () => this.#buildMoves(broker, rest));
  }

  #buildMoves(broker: number, rest: number): readonly Edge[] {
    const before = this.#brokers.get(broker);
    const build = (
      { name, trouble, next }: Omit<Move, "trouble"> & { readonly trouble: Bounded | null },
    ): Edge[] => {
      if (!isPaid(rest, trouble)) return [];
      return [{
        broker: this.#brokers.add(next),
        client: null,
        costs: packCosts(trouble),
        set: packFlags("stale", ...listFlags(before, { trouble, next, name })),
        clear: 0,
        stopLevel: 0,
        kind: name.replaceAll(/\d+/g, "#"),
        tell: () => name,
        broken: null,
        excuses: 0,
      }];
    };
    const turn: Move = before.isOpen
      ? { name: "the market closes", trouble: "time", next: closeMarket(before) }
      : { name: "the market opens", trouble: null, next: openMarket(before) };
    const { budget, levels, hands } = this.bound;
    return [
      ...listMoves(before, (trouble) => isPaid(rest, trouble)).flatMap(build),
      ...listArrivals(before).flatMap((next) =>
        build({ name: "a late request arrives", trouble: null, next })
      ),
      ...((budget.time ?? 0) > 0 ? [turn, ...before.isOpen ? [] : listSplits(before)] : []).flatMap(
        build,
      ),
      ...(isPaid(rest, "hand") ? listHands(before, hands) : []).flatMap(build),
      ...(isPaid(rest, "price") ? levels : []).filter((level) => level !== before.priceLevel)
        .flatMap((level) =>
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
    const killed = packFlags("killed");
    return [{
      broker,
      client: null,
      costs: packCosts("switch"),
      set: isKilled ? 0 : killed,
      clear: isKilled ? killed : 0,
      stopLevel: 0,
      kind,
      tell: () => kind,
      broken: null,
      excuses: 0,
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
