import type { Behaviour } from "../simulator/behaviour.ts";
import type { CaseStep } from "./bench.ts";
import type { Question } from "./broker_answers.ts";
import type { Trouble } from "./broker_moves.ts";
import type { Change, Habits } from "./broker_state.ts";

/**
 * One sentence of broker.md as something to try. The simulator is put into the mood in which it happens, the automaton may do
 * the troubles that are named: each answer must be the simulator's one, and among the automaton's.
 */
export interface Case {
  /** What broker.md or the published documents say. */
  readonly says: string;
  readonly mood?: Partial<Behaviour>;
  readonly habits?: Partial<Habits>;
  readonly troubles?: readonly Trouble[];
  readonly steps: readonly CaseStep[];
}

const PASS: CaseStep = { pass: true };
const OPEN: Question = { kind: "open_orders" };
const HELD: Question = { kind: "positions" };

function held(qty: number): CaseStep {
  return { ask: HELD, is: `held ${qty}` };
}

function open(...orders: string[]): CaseStep {
  return { ask: OPEN, is: `open: ${orders.join("; ")}` };
}

function order(id: number, is: string): CaseStep {
  return { ask: { kind: "order", id }, is: `found ${is}` };
}

function lookUp(clientOrderId: string, is: string): CaseStep {
  return { ask: { kind: "look_up", clientOrderId }, is };
}

function sell(clientOrderId: string, qty: number): Change {
  return { kind: "sell", clientOrderId, qty };
}

function stop(clientOrderId: string, qty: number, level = 1): Change {
  return { kind: "stop", clientOrderId, qty, level };
}

const BRACKET: Change = {
  kind: "bracket",
  clientOrderId: "entry",
  qty: 4,
  takeLevel: 5,
  stopLevel: 1,
};
const ENTRY = "1 buy market 4 day";
const LEGS = "2 sell limit 4@5 day held, 3 sell stop 4@1 day held";
const RESTING = "2 sell limit 4@5 day new, 3 sell stop 4@1 day held";

/** A bracket of four shares, bought, its exits in force. */
const BOUGHT: readonly CaseStep[] = [
  { ask: BRACKET, is: `accepted ${ENTRY} pending_new (${LEGS})` },
  PASS,
  held(4),
];

/** Four shares with a stop of their own. */
const STOPPED: readonly CaseStep[] = [
  { held: 4 },
  { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
  PASS,
  order(1, "1 sell stop 4@1 gtc new"),
];

const CANCEL: Change = { kind: "cancel", id: 1 };

/** One share of an entry is filled, and no more. */
const PARTIAL: Partial<Behaviour> = {
  partialFills: (each) => each.side === "buy" ? [{ afterMs: 0, qty: 1 }] : null,
};
const BOUGHT_ONE: readonly CaseStep[] = [
  { ask: BRACKET, is: `accepted ${ENTRY} pending_new (${LEGS})` },
  PASS,
  open(`${ENTRY} partially_filled with 1 (${LEGS})`),
];

const REFUSALS: readonly Case[] = [
  {
    says: "a client order id exists for ever, also if its order was cancelled since",
    steps: [
      ...STOPPED,
      { ask: CANCEL, is: "requested" },
      PASS,
      lookUp("s", "found 1 sell stop 4@1 gtc canceled"),
      { ask: stop("s", 4), is: "refused: duplicate", never: ["accepted"] },
    ],
  },
  {
    says: "working orders reserve the shares",
    steps: [
      ...STOPPED,
      { ask: sell("x", 1), is: "refused: insufficient_qty", never: ["accepted"] },
      { ask: stop("y", 1), is: "refused: insufficient_qty", never: ["accepted"] },
      held(4),
    ],
  },
  {
    says: "a sell of more than is held and free is refused",
    mood: { isShortingAllowed: true },
    steps: [
      { held: 4 },
      { ask: sell("x", 5), is: "refused: insufficient_qty", never: ["accepted"] },
      { ask: sell("y", 4), is: "accepted 1 sell market 4 day pending_new" },
      { ask: sell("z", 1), is: "refused: insufficient_qty", never: ["accepted"] },
    ],
  },
  {
    says: "without margin nothing is sold that is not held",
    habits: { isShortingAllowed: false },
    steps: [{ ask: sell("x", 1), is: "refused: account", never: ["accepted"] }, held(0)],
  },
  {
    says:
      "an opposite order of ours that rests makes a wash trade: a stop beside a partly filled entry",
    mood: PARTIAL,
    troubles: ["partial"],
    steps: [
      ...BOUGHT_ONE,
      { ask: stop("s", 1), is: "refused: wash_trade", never: ["accepted"] },
    ],
  },
  {
    says: "a buy while a plain sell stop rests in the symbol is refused as a wash trade",
    steps: [...STOPPED, { ask: BRACKET, is: "refused: wash_trade", never: ["accepted"] }],
  },
  {
    says: "a bracket's stop must be below the market",
    steps: [
      { price: 1 },
      { ask: BRACKET, is: "refused: stop_price", never: ["accepted"] },
    ],
  },
  {
    says: "a stop above the market is refused, where the broker does not take it",
    mood: { stopAboveMarket: "refuses" },
    habits: { stopAboveMarket: "refuses" },
    steps: [
      { held: 4 },
      { price: 1 },
      { ask: stop("s", 4), is: "refused: stop_price", never: ["accepted"] },
    ],
  },
  {
    says: "a stop above the market sells at once, where the broker takes it",
    steps: [
      { held: 4 },
      { price: 1 },
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
      PASS,
      order(1, "1 sell stop 4@1 gtc filled"),
      held(0),
    ],
  },
  {
    says: "a cancel of what is filled is refused: read the order again",
    steps: [
      { held: 4 },
      { ask: sell("x", 4), is: "accepted 1 sell market 4 day pending_new" },
      PASS,
      order(1, "1 sell market 4 day filled"),
      { ask: CANCEL, is: "refused: not_cancelable" },
      order(1, "1 sell market 4 day filled"),
    ],
  },
  {
    says: "DELETE can answer 204 for a filled order",
    mood: { isFilledCancelAnswered: true },
    steps: [
      { held: 4 },
      { ask: sell("x", 4), is: "accepted 1 sell market 4 day pending_new" },
      PASS,
      order(1, "1 sell market 4 day filled"),
      { ask: CANCEL, is: "requested" },
      PASS,
      order(1, "1 sell market 4 day filled"),
    ],
  },
  {
    says: "what is not known at all is not found",
    steps: [
      { ask: { kind: "order", id: 1 }, is: "not_found" },
      { ask: CANCEL, is: "refused: not_found" },
      lookUp("s", "not_found"),
    ],
  },
  {
    says: "an order can be accepted and rejected afterwards, a bracket with its exits",
    mood: { rejectsLater: () => true },
    troubles: ["refusal"],
    steps: [
      { ask: BRACKET, is: `accepted ${ENTRY} pending_new (${LEGS})` },
      PASS,
      order(
        1,
        `${ENTRY} rejected (2 sell limit 4@5 day rejected, 3 sell stop 4@1 day rejected)`,
      ),
      held(0),
    ],
  },
];

const LOSSES: readonly Case[] = [
  {
    says: "right after a lost answer a 404 does not prove absence: ask again for a while",
    mood: { visibilityDelayMs: 3000 },
    steps: [
      { held: 4 },
      { ask: stop("s", 4), loss: "after", is: "unknown" },
      lookUp("s", "not_found"),
      { ask: OPEN, is: "open: " },
      { ask: stop("s", 4), is: "refused: duplicate" },
      PASS,
      lookUp("s", "found 1 sell stop 4@1 gtc new"),
    ],
  },
  {
    says: "a lost answer may be to an order that the broker has",
    steps: [
      { held: 4 },
      { ask: sell("x", 2), loss: "after", is: "unknown" },
      PASS,
      lookUp("x", "found 1 sell market 2 day filled"),
      { ask: sell("x", 2), is: "refused: duplicate", never: ["accepted"] },
      held(2),
    ],
  },
  {
    says: "a request whose answer is lost may never have arrived: the same id is taken then",
    steps: [
      { held: 4 },
      { ask: stop("s", 4), loss: "before", is: "unknown" },
      PASS,
      lookUp("s", "not_found"),
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
    ],
  },
  {
    says: "a request that arrives late finds its id taken by the one that was sent again",
    steps: [
      { held: 4 },
      { ask: sell("x", 2), loss: "late", is: "unknown" },
      lookUp("x", "not_found"),
      { ask: sell("x", 2), is: "accepted 1 sell market 2 day pending_new" },
      PASS,
      held(2),
      { ask: { kind: "order", id: 2 }, is: "not_found", never: ["found 2"] },
    ],
  },
  {
    says: "a request may arrive after its look-up found nothing",
    steps: [
      { held: 4 },
      { ask: sell("x", 2), loss: "late", is: "unknown" },
      lookUp("x", "not_found"),
      PASS,
      { ask: sell("x", 2), is: "refused: duplicate" },
      lookUp("x", "found 1 sell market 2 day filled"),
      held(2),
    ],
  },
  {
    says: "a cancel whose answer is lost may be on its way",
    steps: [
      ...STOPPED,
      { ask: CANCEL, loss: "after", is: "unknown" },
      PASS,
      order(1, "1 sell stop 4@1 gtc canceled"),
    ],
  },
];

const BRACKETS: readonly Case[] = [
  {
    says: "a partly filled entry has no stop yet: its exits are not active",
    mood: PARTIAL,
    troubles: ["partial"],
    steps: [
      ...BOUGHT_ONE,
      held(1),
      { price: 1 },
      PASS,
      {
        ask: { kind: "order", id: 1 },
        is: `found ${ENTRY} partially_filled with 1 (${LEGS})`,
        never: [1, 2, 3].flatMap((qty) =>
          ["filled", "partially_filled"].map((status) =>
            `partially_filled with ${qty} (2 sell limit 4@5 day held, 3 sell stop 4@1 day ${status}`
          )
        ),
      },
    ],
  },
  {
    says: "when the entry is completely filled the take-profit rests as new, the stop as held",
    steps: [...BOUGHT, open(`${ENTRY} filled (${RESTING})`)],
  },
  {
    says: "a list of open orders may show a filled bracket's exits by themselves",
    mood: { openNestedShows: "legs" },
    habits: { openShows: "legs" },
    steps: [...BOUGHT, open("2 sell limit 4@5 day new", "3 sell stop 4@1 day held")],
  },
  {
    says: "the exits reserve the whole position, and stand for the same shares",
    steps: [
      ...BOUGHT,
      { ask: sell("x", 1), is: "refused: insufficient_qty", never: ["accepted"] },
      { held: 5 },
      { ask: sell("y", 1), is: "accepted 4 sell market 1 day pending_new" },
    ],
  },
  {
    says: "the stop sells at its price, and its sibling is cancelled",
    steps: [
      ...BOUGHT,
      { price: 1 },
      PASS,
      order(1, `${ENTRY} filled (2 sell limit 4@5 day canceled, 3 sell stop 4@1 day filled)`),
      held(0),
    ],
  },
  {
    says: "the take-profit sells at its price, and its sibling is cancelled",
    steps: [
      ...BOUGHT,
      { price: 5 },
      PASS,
      order(1, `${ENTRY} filled (2 sell limit 4@5 day filled, 3 sell stop 4@1 day canceled)`),
      held(0),
    ],
  },
  {
    says: "a fill of a part of one exit leaves the other for the rest",
    mood: { partialFills: (each) => each.type === "limit" ? [{ afterMs: 0, qty: 1 }] : null },
    troubles: ["partial"],
    steps: [
      ...BOUGHT,
      { price: 5 },
      PASS,
      order(
        1,
        `${ENTRY} filled (2 sell limit 4@5 day partially_filled with 1, 3 sell stop 3@1 day held)`,
      ),
      held(3),
    ],
  },
  {
    says: "cancelling one order of a bracket cancels the group, and takes its time",
    steps: [
      ...BOUGHT,
      { ask: { kind: "cancel", id: 3 }, is: "requested" },
      open(
        `${ENTRY} filled (2 sell limit 4@5 day pending_cancel, 3 sell stop 4@1 day pending_cancel)`,
      ),
      { ask: { kind: "cancel", id: 2 }, is: "refused: not_cancelable" },
      { ask: sell("x", 1), is: "refused: insufficient_qty", never: ["accepted"] },
      PASS,
      order(1, `${ENTRY} filled (2 sell limit 4@5 day canceled, 3 sell stop 4@1 day canceled)`),
      { ask: sell("y", 4), is: "accepted 4 sell market 4 day pending_new" },
    ],
  },
  {
    says: "a cancel can lose to a fill that was faster",
    mood: { cancelOutcome: () => "filled" },
    troubles: ["cross"],
    steps: [
      ...BOUGHT,
      { ask: { kind: "cancel", id: 3 }, is: "requested" },
      PASS,
      order(1, `${ENTRY} filled (2 sell limit 4@5 day canceled, 3 sell stop 4@1 day filled)`),
      held(0),
    ],
  },
  {
    says: "a cancel can stay pending for a long time, and reserves its shares meanwhile",
    mood: { cancelOutcome: () => "stuck" },
    steps: [
      ...STOPPED,
      { ask: CANCEL, is: "requested" },
      PASS,
      order(1, "1 sell stop 4@1 gtc pending_cancel"),
      { ask: CANCEL, is: "refused: not_cancelable", never: ["requested"] },
      { ask: stop("t", 4), is: "refused: insufficient_qty" },
    ],
  },
  {
    says: "a partly filled entry that is cancelled keeps what it bought, and its exits are gone",
    mood: PARTIAL,
    troubles: ["partial"],
    steps: [
      ...BOUGHT_ONE,
      { ask: CANCEL, is: "requested" },
      PASS,
      order(
        1,
        `${ENTRY} canceled with 1 (2 sell limit 4@5 day canceled, 3 sell stop 4@1 day canceled)`,
      ),
      held(1),
      { ask: stop("s", 1), is: "accepted 4 sell stop 1@1 gtc pending_new" },
    ],
  },
  {
    says: "both exits can fill in a fast market, and leave the account short",
    mood: { isDoubleFillRace: true, isShortingAllowed: true },
    troubles: ["cross"],
    steps: [
      ...BOUGHT,
      { price: 1 },
      PASS,
      order(1, `${ENTRY} filled (2 sell limit 4@5 day filled, 3 sell stop 4@1 day filled)`),
      held(-4),
    ],
  },
  {
    says: "at a fill the broker may put another order in a leg's place",
    mood: { substitutesLeg: (leg) => leg.type === "stop" && leg.replaces === null },
    troubles: ["hand"],
    steps: [
      ...BOUGHT,
      order(3, "3 sell stop 4@1 day replaced by 4"),
      order(4, "4 sell stop 4@1 day held for 3"),
      { ask: sell("x", 1), is: "refused: insufficient_qty" },
    ],
  },
];

function replace(change: Partial<Change & { kind: "replace" }>): Change {
  return { kind: "replace", id: 1, clientOrderId: "r", ...change };
}

const REPLACEMENTS: readonly Case[] = [
  {
    says: "a replacement is a new order with an id of its own, and the old one is replaced",
    steps: [
      ...STOPPED,
      { ask: replace({ level: 2 }), is: "accepted 2 sell stop 4@2 gtc new for 1" },
      order(1, "1 sell stop 4@1 gtc replaced by 2"),
      lookUp("r", "found 2 sell stop 4@2 gtc new for 1"),
      open("2 sell stop 4@2 gtc new for 1"),
      { ask: sell("x", 1), is: "refused: insufficient_qty" },
    ],
  },
  {
    says: "a replacement that shrinks a stop frees the rest of its shares",
    steps: [
      ...STOPPED,
      { ask: replace({ qty: 2 }), is: "accepted 2 sell stop 2@1 gtc new for 1" },
      { ask: sell("x", 3), is: "refused: insufficient_qty" },
      { ask: sell("y", 2), is: "accepted 3 sell market 2 day pending_new" },
    ],
  },
  {
    says: "while a replacement is under way the old order waits, and takes no cancel and no other",
    mood: { replaceDelayMs: 3000 },
    habits: { isReplacedAtOnce: false },
    steps: [
      ...STOPPED,
      { ask: replace({ level: 2 }), is: "accepted 2 sell stop 4@2 gtc pending_new for 1" },
      order(1, "1 sell stop 4@1 gtc pending_replace"),
      { ask: CANCEL, is: "refused: not_cancelable", never: ["requested"] },
      { ask: { kind: "cancel", id: 2 }, is: "refused: not_cancelable" },
      {
        ask: replace({ level: 2, clientOrderId: "t" }),
        is: "refused: not_replaceable",
        never: ["accepted"],
      },
      open("1 sell stop 4@1 gtc pending_replace"),
      PASS,
      open("2 sell stop 4@2 gtc new for 1"),
    ],
  },
  {
    says: "a replacement whose order fills first is rejected",
    mood: { replaceDelayMs: 3000 },
    habits: { isReplacedAtOnce: false },
    steps: [
      ...STOPPED,
      { ask: replace({ level: 2 }), is: "accepted 2 sell stop 4@2 gtc pending_new for 1" },
      { price: 1 },
      PASS,
      order(1, "1 sell stop 4@1 gtc filled"),
      order(2, "2 sell stop 4@2 gtc rejected for 1"),
      held(0),
    ],
  },
  {
    says: "a replacement can be taken and then rejected while the old order lives on",
    mood: { replaceFault: () => "rejected_later" },
    troubles: ["refusal"],
    steps: [
      ...STOPPED,
      { ask: replace({ level: 2 }), is: "accepted 2 sell stop 4@2 gtc pending_new for 1" },
      PASS,
      order(2, "2 sell stop 4@2 gtc rejected for 1"),
      open("1 sell stop 4@1 gtc new"),
    ],
  },
  {
    says: "a replacement can be done although it was refused",
    mood: { replaceFault: () => "done_though_refused" },
    troubles: ["refusal"],
    steps: [
      ...STOPPED,
      { ask: replace({ level: 2 }), is: "refused: not_replaceable" },
      order(1, "1 sell stop 4@1 gtc replaced by 2"),
      open("2 sell stop 4@2 gtc new for 1"),
    ],
  },
  {
    says: "a replacement can be refused for good",
    mood: { replaceFault: () => "chain" },
    troubles: ["refusal"],
    steps: [
      ...STOPPED,
      { ask: replace({ level: 2 }), is: "refused: not_replaceable" },
      { ask: replace({ level: 2 }), is: "refused: not_replaceable" },
      open("1 sell stop 4@1 gtc new"),
    ],
  },
  {
    says: "an order that is not routed yet can't be replaced",
    steps: [
      { held: 4 },
      { market: "closes" },
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc accepted" },
      PASS,
      { ask: replace({ qty: 2 }), is: "refused: not_replaceable", never: ["accepted"] },
    ],
    mood: { acknowledgeMs: 0 },
    habits: { firstStatus: "new" },
  },
  {
    says: "a replacement that changes nothing is refused",
    steps: [
      ...STOPPED,
      { ask: replace({ qty: 4 }), is: "refused: not_replaceable", never: ["accepted"] },
      { ask: replace({ qty: 4, level: 1 }), is: "refused: not_replaceable", never: ["accepted"] },
      open("1 sell stop 4@1 gtc new"),
    ],
  },
  {
    says: "a leg's price can be replaced, its quantity can't",
    steps: [
      ...BOUGHT,
      {
        ask: replace({ id: 3, qty: 2 }),
        is: "refused: not_replaceable",
        never: ["accepted"],
      },
      { ask: replace({ id: 3, level: 2 }), is: "accepted 4 sell stop 4@2 day held for 3" },
      open(`${ENTRY} filled (2 sell limit 4@5 day new, 4 sell stop 4@2 day held for 3)`),
    ],
  },
  {
    says: "the exits of an entry that is not filled can't be replaced",
    mood: PARTIAL,
    troubles: ["partial"],
    steps: [
      ...BOUGHT_ONE,
      {
        ask: replace({ id: 3, level: 2 }),
        is: "refused: not_replaceable",
        never: ["accepted"],
      },
    ],
  },
  {
    says: "a replacement needs shares that are free",
    mood: { isShortingAllowed: true },
    steps: [
      ...STOPPED,
      { ask: replace({ qty: 5 }), is: "refused: insufficient_qty", never: ["accepted"] },
      open("1 sell stop 4@1 gtc new"),
    ],
  },
  {
    says: "a replacement's id must be new, too",
    steps: [
      ...STOPPED,
      { ask: replace({ clientOrderId: "s", level: 2 }), is: "refused: duplicate" },
    ],
  },
];

/** A stop of four shares of which one is sold, and the price is up again. */
const SOLD_ONE: readonly CaseStep[] = [
  ...STOPPED,
  { price: 1 },
  PASS,
  { price: 3 },
  order(1, "1 sell stop 4@1 gtc partially_filled with 1"),
];
const SELLS_ONE: Partial<Behaviour> = { partialFills: () => [{ afterMs: 0, qty: 1 }] };

const FILLS: readonly Case[] = [
  {
    says: "fills are cumulative, and a part of an order keeps the rest at work",
    mood: SELLS_ONE,
    troubles: ["partial"],
    steps: [
      ...SOLD_ONE,
      held(3),
      { ask: sell("x", 1), is: "refused: insufficient_qty", never: ["accepted"] },
    ],
  },
  {
    says: "a replacement may begin with what its predecessor had filled",
    mood: SELLS_ONE,
    troubles: ["partial"],
    steps: [
      ...SOLD_ONE,
      {
        ask: replace({ level: 2 }),
        is: "accepted 2 sell stop 4@2 gtc partially_filled with 1 for 1",
      },
    ],
  },
  {
    says: "a replacement may begin with nothing filled, for what its predecessor had left",
    mood: { ...SELLS_ONE, isFillCarriedOver: false },
    habits: { isFillCarriedOver: false },
    troubles: ["partial"],
    steps: [
      ...SOLD_ONE,
      { ask: replace({ level: 2 }), is: "accepted 2 sell stop 3@2 gtc new for 1" },
    ],
  },
  {
    says: "a replacement for no more than is filled is refused",
    mood: SELLS_ONE,
    troubles: ["partial"],
    steps: [
      ...SOLD_ONE,
      { ask: replace({ qty: 1 }), is: "refused: not_replaceable", never: ["accepted"] },
    ],
  },
];

const LAGS: readonly Case[] = [
  {
    says:
      "positions lag behind fills: who sells what they still show sells twice, and margin lets him",
    mood: { positionsLagMs: 6000, isShortingAllowed: true },
    habits: { isLagging: true },
    troubles: ["lag"],
    steps: [
      { held: 4 },
      PASS,
      PASS,
      { ask: sell("x", 4), is: "accepted 1 sell market 4 day pending_new" },
      PASS,
      order(1, "1 sell market 4 day filled"),
      held(4),
      { ask: sell("y", 4), is: "accepted 2 sell market 4 day pending_new" },
      PASS,
      PASS,
      held(-4),
    ],
  },
  {
    says: "lists of orders lag behind answers by id",
    mood: { listsLagMs: 3000 },
    habits: { isLagging: true },
    troubles: ["lag"],
    steps: [
      { held: 4 },
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
      open(),
      lookUp("s", "found 1 sell stop 4@1 gtc pending_new"),
      PASS,
      open("1 sell stop 4@1 gtc new"),
      { ask: CANCEL, is: "requested" },
      open("1 sell stop 4@1 gtc new"),
      order(1, "1 sell stop 4@1 gtc pending_cancel"),
      PASS,
      open(),
    ],
  },
];

const TIMES: readonly Case[] = [
  {
    says: "legs inherit the entry's time in force: day legs are gone at the close",
    steps: [
      ...BOUGHT,
      { market: "closes" },
      order(1, `${ENTRY} filled (2 sell limit 4@5 day expired, 3 sell stop 4@1 day expired)`),
      open(),
      held(4),
    ],
  },
  {
    says: "a good-till-canceled stop outlives the day, and works on the next one",
    steps: [
      ...STOPPED,
      { market: "closes" },
      open("1 sell stop 4@1 gtc new"),
      { price: 1 },
      PASS,
      { ask: { kind: "order", id: 1 }, is: "found 1 sell stop 4@1 gtc new", never: ["filled"] },
      { market: "opens" },
      order(1, "1 sell stop 4@1 gtc filled"),
      held(0),
    ],
  },
  {
    says: "orders sent while the market is closed are queued for the next session",
    mood: { acknowledgeMs: 0 },
    habits: { firstStatus: "new" },
    steps: [
      { held: 4 },
      { market: "closes" },
      { ask: { kind: "clock" }, is: "closed" },
      { ask: sell("x", 2), is: "accepted 1 sell market 2 day accepted" },
      { ask: stop("s", 2), is: "accepted 2 sell stop 2@1 gtc accepted" },
      PASS,
      {
        ask: { kind: "order", id: 1 },
        is: "found 1 sell market 2 day accepted",
        never: ["filled"],
      },
      { market: "opens" },
      PASS,
      { ask: { kind: "clock" }, is: "open" },
      order(1, "1 sell market 2 day filled"),
      order(2, "2 sell stop 2@1 gtc new"),
      held(2),
    ],
  },
  {
    says: "a partly filled entry of the day is over at the close, with its exits",
    mood: PARTIAL,
    troubles: ["partial"],
    steps: [
      ...BOUGHT_ONE,
      { market: "closes" },
      order(
        1,
        `${ENTRY} expired with 1 (2 sell limit 4@5 day expired, 3 sell stop 4@1 day expired)`,
      ),
      held(1),
    ],
  },
  {
    says: "suspended orders do not trade, and reserve their shares",
    mood: { spellOf: () => ({ status: "suspended", ms: Infinity, then: "resumes" }) },
    troubles: ["time"],
    steps: [
      { held: 4 },
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
      PASS,
      order(1, "1 sell stop 4@1 gtc suspended"),
      { ask: sell("x", 1), is: "refused: insufficient_qty", never: ["accepted"] },
      { ask: replace({ level: 2 }), is: "refused: not_replaceable", never: ["accepted"] },
      { ask: CANCEL, is: "requested" },
      PASS,
      order(1, "1 sell stop 4@1 gtc canceled"),
    ],
  },
  {
    says:
      "an order that is done for the day does not trade now, and works again from the next session",
    mood: { spellOf: () => ({ status: "done_for_day", ms: Infinity, then: "resumes" }) },
    troubles: ["time"],
    steps: [
      { held: 4 },
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
      PASS,
      order(1, "1 sell stop 4@1 gtc done_for_day"),
      { market: "closes" },
      order(1, "1 sell stop 4@1 gtc done_for_day"),
      { market: "opens" },
      order(1, "1 sell stop 4@1 gtc new"),
    ],
  },
  {
    says: "stopped is a trade that is guaranteed: it takes no cancel, and fills",
    mood: { spellOf: () => ({ status: "stopped", ms: 8000, then: "fills" }) },
    troubles: ["time"],
    steps: [
      { held: 4 },
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
      PASS,
      order(1, "1 sell stop 4@1 gtc stopped"),
      { ask: CANCEL, is: "refused: not_cancelable" },
      PASS,
      order(1, "1 sell stop 4@1 gtc filled"),
      held(0),
    ],
  },
  {
    says: "calculated is a trade that is done and not settled: the shares are gone",
    mood: { spellOf: () => ({ status: "calculated", ms: 8000, then: "fills" }) },
    troubles: ["time"],
    steps: [
      { held: 4 },
      { ask: stop("s", 4), is: "accepted 1 sell stop 4@1 gtc pending_new" },
      PASS,
      order(1, "1 sell stop 4@1 gtc calculated with 4"),
      held(0),
      { ask: CANCEL, is: "refused: not_cancelable" },
      PASS,
      order(1, "1 sell stop 4@1 gtc filled"),
    ],
  },
  {
    says: "good-till-canceled orders end by themselves",
    mood: { gtcLifeDays: 0 },
    troubles: ["time"],
    steps: [
      ...STOPPED,
      { market: "closes" },
      { market: "opens" },
      order(1, "1 sell stop 4@1 gtc expired"),
      held(4),
    ],
  },
];

/** The sentences of broker.md that one position's life can show. */
export const CASES: readonly Case[] = [
  ...REFUSALS,
  ...LOSSES,
  ...BRACKETS,
  ...REPLACEMENTS,
  ...FILLS,
  ...LAGS,
  ...TIMES,
];
