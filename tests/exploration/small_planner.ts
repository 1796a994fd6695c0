import type { Outcome, Question } from "./broker_answers.ts";
import { type BrokerState, buildBroker, type Change, type Order } from "./broker_state.ts";
import type { Begin, Client, ClientStep, Outside } from "./client.ts";
import { Interner } from "./interner.ts";

/** A mistake that the exploration must find. */
export type SmallBug =
  /** It sells without having looked at what became of the cancel. */
  | "sells before the cancel is final"
  /** The stop for the rest goes in for all shares that were held before the sell. */
  | "forgets what it sold"
  /** A sell whose answer is lost counts as one that did not happen. */
  | "stops doubtful shares"
  /** It does not say why it is bare. */
  | "rests in silence"
  /** After a crash it does not put the stop back. */
  | "forgets that it is bare"
  /** Sends before the record is made. */
  | "records after it sent"
  /** A stop whose answer is lost is never looked up. */
  | "waits for ever";

/** What the small planner knows: records, which a crash leaves, and what it saw in this process. */
export interface SmallState {
  /** Ids of sells and stops that were recorded; `taken`: the broker has it, and no answer shows it yet. */
  readonly records: Readonly<Record<string, "pending" | "taken" | "accepted" | "refused">>;
  readonly isTrimmed: boolean;
  readonly seen: {
    readonly heldQty: number;
    readonly orders: readonly Order[];
    readonly priceLevel: number;
  } | null;
  readonly isFresh: boolean;
  readonly looks: number;
  /** What the broker refused in this cycle, which is over then. */
  readonly refused: string | null;
}

const LOOK: readonly Question[] = [
  { kind: "positions" },
  { kind: "open_orders" },
  { kind: "trade" },
];
const TRIM_LEVEL = 4;
const STOP_LEVEL = 1;
const LOOKS_MAX = 2;

function isWorking({ status }: Order): boolean {
  return status !== "pending_cancel";
}

/**
 * A planner of one position, so small that it can be read at a glance: it holds a stop under all shares, and sells half at the
 * trim's level. It exists to show that the exploration finds what it must.
 */
export class SmallPlanner implements Client<SmallState> {
  readonly begins: readonly Begin<SmallState>[];

  constructor(readonly bug: SmallBug | null, broker: Partial<BrokerState> = {}) {
    const client: SmallState = {
      records: {},
      isTrimmed: false,
      seen: null,
      isFresh: false,
      looks: 0,
      refused: null,
    };
    this.begins = [{ client, broker: buildBroker({ heldQty: 4, ...broker }) }];
  }

  readonly store = new Interner<SmallState>((client) => JSON.stringify(client));
  readonly renew = (client: SmallState, broker: BrokerState): Begin<SmallState> => ({
    client,
    broker,
  });
  readonly restart = (client: SmallState): SmallState => ({
    ...client,
    seen: null,
    isFresh: false,
    looks: 0,
    refused: null,
  });
  readonly interrupt = (client: SmallState): SmallState => ({
    ...client,
    looks: 0,
    isFresh: false,
    refused: null,
  });
  readonly hasRecord = ({ records }: SmallState, clientOrderId: string): boolean =>
    records[clientOrderId] !== undefined;
  readonly findStopLevel = (): number => STOP_LEVEL;
  /** It believes the first "not found". */
  readonly readUnseenMs = (): number => 0;
  /** It has no entry whose end could lay anything bare. */
  readonly countStopsAhead = (): number => 0;

  readonly decide = (client: SmallState, { isKilled }: Outside): ClientStep<SmallState> => {
    if (client.refused !== null) return this.#rest(client, client.refused);
    const pending = this.#findPending(client);
    if (pending !== undefined && client.looks < LOOKS_MAX) return this.#lookUp(client, pending);
    if (!client.isFresh) return this.#look(client);
    if (client.seen === null) return this.#rest(client, "the broker can't be read");
    if (pending !== undefined) return this.#rest(client, "an order is not resolved");
    const { heldQty, orders, priceLevel } = client.seen;
    if (heldQty <= 0) return this.#rest(client, null);
    if (isKilled) return this.#rest(client, "the kill switch");
    if (
      orders.some((order) => !isWorking(order)) && this.bug !== "sells before the cancel is final"
    ) {
      return client.looks < LOOKS_MAX ? this.#look(client) : this.#rest(client, "a cancel hangs");
    }
    return this.#act(client, { heldQty, orders, priceLevel });
  };

  #findPending({ records }: SmallState): string | undefined {
    if (this.bug === "waits for ever") return undefined;
    const pending = Object.keys(records)
      .filter((id) => records[id] === "pending" || records[id] === "taken");
    return pending.find((id) => this.bug !== "stops doubtful shares" || !id.startsWith("sell"));
  }

  #lookUp(client: SmallState, id: string): ClientStep<SmallState> {
    return {
      do: "ask",
      questions: [{ kind: "look_up", clientOrderId: id }],
      learn: ([outcome]) => {
        const looks = client.looks + 1;
        if (outcome?.kind === "found") return this.#mark(client, id, "accepted");
        const isAbsent = outcome?.kind === "not_found" && client.records[id] !== "taken";
        if (!isAbsent) return { ...client, looks };
        return { ...this.#mark(client, id, "refused"), looks };
      },
    };
  }

  #look(client: SmallState): ClientStep<SmallState> {
    return {
      do: "ask",
      questions: LOOK,
      learn: ([positions, open, trade]) => {
        const looks = client.looks + 1;
        const isRead = positions?.kind === "positions" && open?.kind === "open_orders" &&
          trade?.kind === "trade";
        if (!isRead) return { ...client, looks, seen: null, isFresh: looks >= LOOKS_MAX };
        const orders = open.shown.flatMap(({ order, legs }) => [order, ...legs])
          .filter(({ side }) => side === "sell");
        const seen = { heldQty: positions.heldQty, orders, priceLevel: trade.priceLevel };
        return { ...client, looks, seen, isFresh: true };
      },
    };
  }

  #rest(client: SmallState, why: string | null): ClientStep<SmallState> {
    const said = this.bug === "rests in silence" ? null : why;
    return {
      do: "rest",
      standing: { bareQty: 0, due: null, why: said, hasSince: true },
      waitMs: 5_000,
      wake: () => ({ ...client, looks: 0, isFresh: false, refused: null }),
    };
  }

  #act(
    client: SmallState,
    { heldQty, orders, priceLevel }: NonNullable<SmallState["seen"]>,
  ): ClientStep<SmallState> {
    const stop = orders.find(({ type }) => type === "stop");
    const selling = orders.find(({ type }) => type === "market");
    if (selling !== undefined) return this.#rest(client, "a sell is at work");
    const isDue = priceLevel >= TRIM_LEVEL && !client.isTrimmed;
    const qty = Math.floor(heldQty / 2);
    if (isDue && qty > 0) {
      if (stop !== undefined && isWorking(stop)) return this.#cancel(client, stop.id);
      return this.#send(client, { kind: "sell", clientOrderId: this.#name(client, "sell"), qty });
    }
    if (stop !== undefined) return this.#rest(client, null);
    if (this.bug === "forgets that it is bare" && client.records["stop-1"] !== undefined) {
      return this.#rest(client, "nothing to do");
    }
    const stopQty = this.bug === "forgets what it sold" ? 4 : heldQty;
    const clientOrderId = this.#name(client, "stop");
    return this.#send(client, { kind: "stop", clientOrderId, qty: stopQty, level: STOP_LEVEL });
  }

  #name({ records }: SmallState, reason: string): string {
    const names = Object.keys(records).filter((id) => id.startsWith(reason));
    const again = names.find((id) => records[id] === "refused");
    return again ?? `${reason}-${names.length + 1}`;
  }

  #cancel(client: SmallState, id: number): ClientStep<SmallState> {
    const next = { ...client, isFresh: false };
    return {
      do: "send",
      change: { kind: "cancel", id },
      isBegun: false,
      recorded: client,
      settle: () => next,
    };
  }

  #send(
    client: SmallState,
    change: Change & { readonly kind: "sell" | "stop" },
  ): ClientStep<SmallState> {
    const { clientOrderId } = change;
    const recorded = this.bug === "records after it sent"
      ? client
      : this.#mark(client, clientOrderId, "pending");
    if (recorded !== client && client.records[clientOrderId] === undefined) {
      return { do: "record", next: this.#mark(client, clientOrderId, "refused") };
    }
    return {
      do: "send",
      change,
      isBegun: false,
      recorded,
      settle: (outcome) => this.#settle(recorded, clientOrderId, outcome),
    };
  }

  #settle(
    client: SmallState,
    id: string,
    outcome: Outcome | { readonly kind: "stopped" },
  ): SmallState {
    const next = { ...client, isFresh: false };
    if (outcome.kind === "stopped") return { ...this.#mark(next, id, "refused"), isFresh: true };
    if (outcome.kind === "unknown") return next;
    if (outcome.kind === "accepted") return this.#mark(next, id, "accepted");
    const isTaken = outcome.kind === "refused" && outcome.why === "duplicate";
    if (isTaken) return this.#mark(next, id, "taken");
    return { ...this.#mark(next, id, "refused"), refused: "refused" };
  }

  #mark(
    client: SmallState,
    id: string,
    as: SmallState["records"][string],
  ): SmallState {
    const isTrimmed = client.isTrimmed || (id.startsWith("sell") && as === "accepted");
    return { ...client, isTrimmed, records: { ...client.records, [id]: as } };
  }
}
