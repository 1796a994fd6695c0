/** Branches of the sell side that lie outside the automaton, and what takes them instead. */
export interface Outside {
  /** What the automaton has not, or is not. */
  readonly why: string;
  /** The test that takes them: its file beneath `tests`, and its name, or a part of it as it stands there. */
  readonly test: readonly [file: string, name: string];
  /** `file function: condition [branch]`, as `deno task explore:branches` prints them without their lines. */
  readonly branches: readonly string[];
}

/** Those whose reason is known. */
export const OUTSIDE: readonly Outside[] = [
  {
    why: "one position is all that it has",
    test: [
      "domain/plan/two_positions_test.ts",
      "plan() uncovers no second position while the cancel of the first is younger than a second",
    ],
    branches: [
      "exit.ts isExitDue: [function isExitDue({ position, sureQty, world: { s]",
      "plan.ts rank: const rank = [(view)=>{ if (view.begun !== null) return 0; if (c]",
      "plan.ts sortByCare: ].sort( [(a, b)=>rank(a) - rank(b)]",
      "plan.ts countBare: [function countBare({ count, groups, leastUsd }) { ]",
    ],
  },
  {
    why: "a function of entries alone stands in a file of both",
    test: [
      "domain/plan/entries_test.ts",
      "planEntries() asks prices of all that is due, then corporate actions",
    ],
    branches: [
      "time_left.ts isCloseNear: [function isCloseNear({ untilCloseMs }, clock) { re]",
    ],
  },
  {
    why: "a plan asks for nothing that its shell forgets, nor does an answer come twice",
    test: [
      "domain/plan/total_test.ts",
      "settle() changes and says nothing by an answer about ${what}",
    ],
    branches: [
      "about.ts findAbout: if (position === undefined) [return null;]",
      "settle.ts settle: const about = entry === undefined [? null]",
      "settle.ts settle: return entry === undefined || about === null [? NOTHING]",
      "settle_cancel.ts settleCancel: if (begun === null) [return NOTHING;]",
    ],
  },
  {
    why: "its stops have prices on record",
    test: [
      "domain/plan/total_test.ts",
      "settle() takes in what is said to a stop whose price its record lacks",
    ],
    branches: [
      "settle.ts settleTaken: stopUsd: entry.stopUsd [?? 0]",
      "settle.ts nameStop: if (belowStop !== null && (stopUsd [?? 0]",
      "settle_refusal.ts refuseStop: const stopUsd = entry.stopUsd [?? 0]",
    ],
  },
  {
    why: "its orders say their quantity",
    test: [
      "domain/plan/give_way_test.ts",
      "a replacement of an order that shows no quantity has its own",
    ],
    branches: [
      "resolve.ts buildRequest: const isQtyKept = old !== undefined && (old.qty [?? 0]",
    ],
  },
  {
    why: "its records say their attempt",
    test: [
      "domain/plan/total_test.ts",
      "an order without an attempt on record is the first, and used up once the broker took it",
    ],
    branches: [
      "sell_record.ts nextAttempt: const attempt = entry.attempt [?? 1]",
    ],
  },
  {
    why: "its position was bought by the engine",
    test: [
      "domain/plan/total_test.ts",
      "the record of an adopted position's stop has the plan that no entry has",
    ],
    branches: [
      "sell_record.ts buildSellRecord: ...position.adoptedQty > 0 [? { ...pickLevels(position), besideQty: position.b]",
    ],
  },
  {
    why: "no list of it is older than five seconds where a cancel has ended",
    test: [
      "domain/plan/give_way_test.ts",
      "plan() sells by the lists from before a cancel while they are young, and looks again where its end took longer",
    ],
    branches: [
      "give_way.ts goOn: if (!areListsYoung(view.world)) [return readLists();]",
    ],
  },
  {
    why: "positions are read, or a cycle begins nothing",
    test: [
      "domain/plan/give_way_test.ts",
      "plan() sells nothing that positions lack once its stop is cancelled, and puts a stop back for it",
    ],
    branches: [
      "give_way.ts goOn: const mostQty = isRead ? Infinity [: Math.floor(countUnfilled(view.world.seen.book, b]",
      "give_way.ts sellNow: if (!isRead [&& availableQty > 0]",
      'give_way.ts sellNow: if (!isRead && availableQty > 0) [{ return record([ unsent ], [ note(view, { kind: "]',
    ],
  },
  {
    why: "its book loses no order",
    test: [
      "domain/plan/give_way_test.ts",
      "plan() names a cancel that it can't see end, though the book has lost its order",
    ],
    branches: [
      'give_way.ts awaitEnd: rderId)=>`${orderId} (${seen.book.get(orderId)?.order.status [?? "unknown"]',
    ],
  },
  {
    why: "it asks for positions with its orders",
    test: ["domain/plan/give_way_test.ts", "plan() rests where positions were not asked for yet"],
    branches: [
      "view.ts areListsAfterChange: ].every((fact)=>(fact?.afterChange [?? 0]",
    ],
  },
  {
    why: "all its rows can be read",
    test: [
      "engine/unreadable_rows_test.ts",
      "nothing is decided in a managed symbol whose ${what} can't be parsed, and it is said as an error once",
    ],
    branches: [
      "view.ts symbolsOf: symbolsOf = (facts)=>new Set(facts.flatMap(rowsOf).flatMap( [(row)=>row.symbol ?? []]",
    ],
  },
  {
    why: "its account can be read",
    test: [
      "domain/plan/plan_test.ts",
      "plan() shrinks our own stop for a trim, and sells only what that has freed",
    ],
    branches: [
      'view.ts readBlock: return look?.kind === "ok" ? findAccountBlock(look.value) [: null]',
    ],
  },
  {
    why: "its records lose no position of which an order is left",
    test: [
      "domain/plan/orphans_test.ts",
      "plan() cancels a stop of ours whose position two answers lack, once a cycle",
    ],
    branches: [
      "orphans.ts planOrphans: const isTwice = orphan.isOfClosed [|| isGone(seen.positions?.before, symbol)]",
      "orphans.ts isGone: [function isGone(look, symbol) { if (look?.kind !==]",
      "orphans.ts listOrphans: const isOrphan = isOfClosed [|| isOurs(order.clientOrderId) && isGone(look, sym]",
    ],
  },
  {
    why: "nobody flattens",
    test: ["domain/plan/orphans_test.ts", "is the operator's own flatten"],
    branches: [
      "orphans.ts findOwner: return name === null || isFlatten(name) [? null]",
    ],
  },
  {
    why: "no order of it rests for ninety days",
    test: [
      "engine/renewal_test.ts",
      "a good-till-canceled stop within a week of its end is renewed once",
    ],
    branches: [
      "protect.ts isRenewed: isRenewed: (group)=>isEnding(group, world.now.brokerMs) [&& view.records.alerted[buildRefusedKey(position.s]",
      'protection_step.ts decideProtection: if (ending.length > 0) [return { kind: "convert", groups: ending, isBare: ]',
    ],
  },
  {
    why: "its stops show their price",
    test: ["domain/order/protection_test.ts", "our stop has no price that anyone could read"],
    branches: [
      "protection_step.ts decideFollow: if ((order.stopPriceUsd [?? 0]",
    ],
  },
];
