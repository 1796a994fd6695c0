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
      "give_way.ts goOn: const mostQty = isRead ? Infinity [: floorQty(countUnfilled(view.world.seen.book, beg]",
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
  {
    why: "no corporate action is near, and the question for one is answered",
    test: [
      "domain/plan/closed_stop_test.ts",
      "decideClosedStop() holds the stop back when ${when}",
    ],
    branches: [
      'closed_stop.ts decideClosedStop: if (action.kind === "due") [{ return { kind: "held", why: `no stop before a co]',
      'closed_stop.ts decideClosedStop: if (action.kind !== "none") [{ return { kind: "held", why: "no stop before it i]',
    ],
  },
  {
    why: "its day's orders are read before an entry is a minute old",
    test: [
      "domain/plan/entry_test.ts",
      "plan() has that stop on record though nobody can count the shares yet",
    ],
    branches: [
      "entry.ts planEntryEnd: const qty = view.count === null [? order.filledQty]",
    ],
  },
  {
    why: "its book loses no order while an entry ends",
    test: [
      "domain/plan/entry_test.ts",
      "plan() goes on with an entry's end by what positions show where the book has lost its order",
    ],
    branches: [
      "entry.ts goOnWithEntry: const boughtQty = order?.filledQty [?? 0]",
      "entry.ts settleEnd: if (order === undefined || entry === undefined) [return null;]",
    ],
  },
  {
    why:
      "no list of it fails between a cancel that took longer and the sell in place of a refused stop",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() sells nothing in place of a refused stop while open orders can't be read, and tries a lower stop",
    ],
    branches: [
      "exit.ts planExit: if (groups === null || !view.isActionable) [return rest(view, { say: [ due ] });]",
    ],
  },
  {
    why: "what its broker hides, it hides for one cycle, in which no exit is due",
    test: [
      "engine/replacement_test.ts",
      "what was taken in a stop's place and is not shown leaves the old one its shares",
    ],
    branches: [
      'exit.ts nameObstacle: den(view.sight.book, groups.flatMap((group)=>group.orders))) [{ return { why: "the broker does not show one of i]',
    ],
  },
  {
    why: "none of its trades is guaranteed while others of its stops work",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() begins no exit while one of its sells is being executed",
    ],
    branches: [
      'exit.ts nameObstacle: if (groups.some((group)=>group.standing === "bound")) [{ return { why: "one of its sells is being execute]',
    ],
  },
  {
    why: "its stop is above R1 only once the trim at R1 is done",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() closes at the stop though a trim that is due before it has to wait",
    ],
    branches: [
      'exit.ts planExits: return isCloseNext [? planExit(view, permit, "stop_exit", priceUsd)]',
    ],
  },
  {
    why:
      "its gate falls by no read that fails, so that its reconciliation settles what a crash left",
    test: [
      "domain/plan/restore_test.ts",
      "plan() puts back what an exit laid bare though a crash left the exit pending, and its ledger can't be read since",
    ],
    branches: [
      "plan.ts restore: if (open !== null) [return open; const isRead = sight.positions !== nu]",
      "resolve.ts resolvePending: [function resolvePending(view, permit) { for (const]",
    ],
  },
  {
    why: "its orders can be read, and asked for, after a crash",
    test: [
      "domain/plan/plan_test.ts",
      "plan() takes no sell to have left right before a crash whose shares a stop holds still",
    ],
    branches: [
      "resolve.ts resolveRoom: if (groups === null) [return null;]",
      "resolve.ts resolveRoom: ]) [: null]",
    ],
  },
  {
    why: "its cancels end in seconds, and its records have deadlines",
    test: [
      "domain/plan/sell_record_test.ts",
      "renewDeadline() gives a request one that it meets where the record has none, or an earlier one",
    ],
    branches: [
      "sell_record.ts renewDeadline: const isMet = (entry.deadlineAtMs [?? 0]",
      "sell_record.ts renewDeadline: return isMet ? entry [: { ...entry, deadlineAtMs: buildDeadlineMs(nowMs)]",
    ],
  },
  {
    why: "its hands buy at the market: no buy of theirs works",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() begins no exit beside a buy that works in the symbol",
    ],
    branches: [
      'exit.ts nameObstacle: if (hasWorkingBuy(view.sight, view.position.symbol)) [{ return { why: "a buy works in the symbol, beside]',
    ],
  },
  {
    why:
      "no sell of it is at work for a part of the shares while another thing keeps the rest from being sold",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() closes nothing beside a sell at work where the broker or the time left would not have it",
    ],
    branches: [
      "exit.ts closeBeside: iew) !== null || hasWorkingBuy(view.sight, position.symbol)) [return null;]",
      "exit.ts closeBeside: if (isTooLate(view, reason)) [return null;]",
      "exit.ts closeBeside: if (late !== null) [return null;]",
    ],
  },
  {
    why: "no id of it is used up by an order that its records lack",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() sends the next attempt of an exit whose id an order that ended unfilled has used up",
    ],
    branches: [
      'give_way.ts sellNow: ntry.status === "accepted" && isEndedUnfilled(entry.broker)) [{ return takeNextName(view, { ...begun, reason }, ]',
      "give_way.ts takeNextName: [function takeNextName(view, begun, used, permit) {]",
    ],
  },
  {
    why: "the lists of it are new where an orphan is seen",
    test: [
      "domain/plan/orphans_test.ts",
      "plan() takes no single empty answer for a position that is gone",
    ],
    branches: [
      "orphans.ts planOrphans: if (!isFresh || !isTwice) [return readLists();]",
    ],
  },
  {
    why: "no orphan of it is left when the time is up",
    test: [
      "domain/plan/orphans_test.ts",
      "plan() begins no cancel of an orphan that the time left can't end, and says so",
    ],
    branches: [
      'orphans.ts planOrphans: if (why !== null) [return { kind: "rest", wakeAtMs: null, say, isExit]',
    ],
  },
  {
    why: "nobody releases",
    test: [
      "domain/plan/orphans_test.ts",
      "plan() leaves a stop alone in a symbol that the operator released",
    ],
    branches: [
      "orphans.ts listOrphans: if (isLeftAlone(records, symbol, isOfClosed)) [return [];]",
      "orphans.ts isLeftAlone: const release = records.released.find( [(each)=>each.symbol === symbol]",
      "orphans.ts isLeftAlone: [return !isOfClosed || !isClosed(records, release.p]",
    ],
  },
  {
    why: "its gate falls by the operator's word alone",
    test: [
      "domain/plan/restore_test.ts",
      "plan() tries the highest stop that may still be taken, and sells nothing in its place, while its gate is shut",
    ],
    branches: [
      'place.ts lookBelow: if (operator.gate?.mode !== "LIVE") [return null;]',
    ],
  },
  {
    why: "it has a price in each cycle in which the broker refuses a stop for it",
    test: [
      "engine/exit_attacks_2_test.ts",
      "a raised stop that the market is below already does not cost the one that rests, before the first trade",
    ],
    branches: [
      "place.ts lookBelow: if (!isSellable) [return null;]",
    ],
  },
  {
    why: "its keys are its account's",
    test: [
      "domain/plan/restore_test.ts",
      "plan() puts nothing back with keys that are another account's",
    ],
    branches: [
      'plan.ts restore: if (operator.keys !== "match") [return rest(view);]',
    ],
  },
  {
    why: "its gate falls by no read that fails",
    test: [
      "domain/plan/restore_test.ts",
      "plan() stops what an exit laid bare though its gate is shut, once it has looked again",
    ],
    branches: [
      "plan.ts restore: [if (turn.looks === 0) return readLists(); const ag]",
      "plan.ts restore: if (isEntryWorking(sight, position) || groups === null [|| count === null]",
    ],
  },
  {
    why: "no buy of a hand's works beside what its gate has stopped",
    test: [
      "domain/plan/restore_test.ts",
      "plan() tries a rest that was refused beside a buy again after a minute",
    ],
    branches: [
      "plan.ts restore: const afterMs = againMs === null ? RETRY_MS [: againMs - world.now.brokerMs]",
      "plan.ts restore: if (againMs !== null) [return again; if (isEntryWorking(sight, position) ]",
    ],
  },
  {
    why: "nothing of what an exit left bare is unclear while its gate is shut",
    test: [
      "domain/plan/restore_test.ts",
      "plan() looks again soon where it can't tell yet what an exit left bare",
    ],
    branches: [
      "plan.ts restore: rking(sight, position) || groups === null || count === null) [return again; if (groups.some((group)=>group.isLea]",
      "plan.ts restore: if (isRead [? !view.isActionable]",
      "plan.ts restore: ead ? !view.isActionable : position.unexplainedQty !== null) [return again; if (view.availableQty > 0) { const m]",
    ],
  },
  {
    why: "positions of it fail under no shut gate",
    test: [
      "domain/plan/restore_test.ts",
      "plan() stops what orders say is left while positions can't be read",
    ],
    branches: [
      "plan.ts restore: if (isRead ? !view.isActionable [: position.unexplainedQty !== null]",
    ],
  },
  {
    why: "nothing that an exit left bare is reserved again under a shut gate",
    test: [
      "domain/plan/restore_test.ts",
      "plan() waits with what is doubtful still, and takes nothing for bare any more that is reserved",
    ],
    branches: [
      "plan.ts restore: return isAnswerOut(sight, position, count) ? again [: record([ unfinishedPart(view, { isBare: false })]",
    ],
  },
  {
    why: "it has asked for all that it needs at night",
    test: [
      "domain/plan/restore_test.ts",
      "plan() sends no stop at night for a symbol whose corporate actions nobody has asked for",
    ],
    branches: [
      "plan.ts planClosed: seen.clock === null || gate === null || about === undefined) [return rest(view);]",
    ],
  },
  {
    why: "nothing but its stop protects what an entry bought that hangs",
    test: [
      "domain/plan/entry_test.ts",
      "plan() leaves what protects an entry that hangs as it is: only what is bare is stopped beside it",
    ],
    branches: [
      'protect.ts protect: if (entry === "stuck" && next.kind !== "place") [return rest(view);]',
    ],
  },
  {
    why: "no order of it grows older",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() looks less often for a sell that has not filled for a minute",
    ],
    branches: [
      "protect.ts findSellLookMs: return isStalled [&& now.untilCloseMs > CONVERT_BEFORE_CLOSE_MS]",
      "protect.ts findSellLookMs: turn isStalled && now.untilCloseMs > CONVERT_BEFORE_CLOSE_MS [? STALLED_LOOK_MS]",
    ],
  },
  {
    why: "what its broker hides protects",
    test: [
      "engine/obstacles_test.ts",
      "a suspended stop that the broker does not show for a moment gives way as soon as it does",
    ],
    branches: [
      "protect.ts convert: dden(view.sight.book, groups.flatMap(({ orders })=>orders))) [return awaitSell(view);]",
    ],
  },
  {
    why: "no buy of it works when day orders give way",
    test: [
      "domain/plan/exit_waits_test.ts",
      "plan() converts nothing beside a buy that works in the symbol",
    ],
    branches: [
      'protect.ts findConversionObstacle: if (hasWorkingBuy(view.sight, view.position.symbol)) [{ return "a buy works in the symbol, beside which ]',
    ],
  },
  {
    why: "no more is on sale in it than is held",
    test: [
      "domain/order/protection_test.ts",
      "decideProtection() finds the next step when ${when}",
    ],
    branches: [
      "protection_step.ts decideProtection: if (excessQty > 0) [return decideReduction(position, standing, excessQ]",
      "protection_step.ts decideReduction: [function decideReduction(position, groups, excessQ]",
    ],
  },
  {
    why: "it knows each status, and no hand insists",
    test: [
      "domain/order/protection_test.ts",
      "decideProtection() finds the next step when ${when}",
    ],
    branches: [
      'protection_step.ts decideProtection: return unclear.length > 0 [? { kind: "ask", groups: unclear }]',
    ],
  },
  {
    why: "what is wholly filled works no more in its lists",
    test: [
      "domain/order/protection_test.ts",
      "decideProtection() moves no stop that is listed at work and wholly filled",
    ],
    branches: [
      "protection_step.ts decideFollow: if (remainingQty(order) <= 0) [continue;]",
    ],
  },
  {
    why: "its reconciliation has looked up all that is not settled, and rejected what is absent",
    test: [
      "domain/plan/plan_test.ts",
      "plan() waits for the deadline of a sell that may have left right before a crash, and stops its shares then",
    ],
    branches: [
      "resolve.ts resolveDoubts: if (move !== null) [return move;]",
      'resolve.ts resolve: if (!isAnswerLost(entry, now.brokerMs)) [return record([ { kind: "not_sent", clientOrderId ]',
    ],
  },
  {
    why: "its session does not come to its last seconds",
    test: [
      "domain/plan/plan_test.ts",
      "plan() sends no close again that may have left right before a crash when the session is about to end",
    ],
    branches: [
      "resolve.ts isWanted: if (now.untilCloseMs < LAST_EXIT_MS) [return false;]",
    ],
  },
  {
    why: "its shell sends what it records, and loses no record",
    test: [
      "domain/plan/shrink_test.ts",
      "plan() ends a shrinking whose records are gone, or whose stop has not left, and sells nothing",
    ],
    branches: [
      "shrink.ts goOnShrinking: if (stop === undefined || sell === undefined) [return endBegun(view, begun);]",
      "shrink.ts goOnShrinking: f (isUnsettled(stop)) return resolveStops(view, gate, false) [?? endBegun(view, begun)]",
    ],
  },
];
