import type { TestedBug } from "../tested_bug.ts";

const LAG_TEST = "tests/engine/lag_test.ts";
const REPLACEMENT_TEST = "tests/engine/replacement_test.ts";
const BOOK_TEST = "tests/domain/account/order_book_test.ts";
const PLAN_TEST = "tests/domain/plan/plan_test.ts";
const TAKEN_ID_TEST = "tests/engine/taken_id_test.ts";
const COUNT_TEST = "tests/domain/account/share_count_test.ts";

export const SELL_SIDE_BUGS: readonly TestedBug[] = [
  {
    name: "the sum of a hand's fractions leaves a whole share bare",
    edits: [{
      file: "src/domain/account/free_shares.ts",
      find: "floorQty(sureQty - countHeldBy(groups))",
      replace: "Math.floor(sureQty - countHeldBy(groups))",
    }],
    tests: [PLAN_TEST],
  },
  {
    name: "a trim that waits keeps the close waiting",
    edits: [{
      file: "src/domain/plan/exit.ts",
      find: 'const isCloseNext = first.kind === "rest" && !isClose(due.reason) &&',
      replace: 'const isCloseNext = first.kind === "rest" && isClose(due.reason) &&',
    }],
    tests: ["tests/domain/plan/exit_waits_test.ts"],
  },
  {
    name: "a record keeps a deadline that its request does not meet",
    edits: [{
      file: "src/domain/plan/sell_record.ts",
      find: "return isMet ? entry :",
      replace: "return isMet || nowMs > 0 ? entry :",
    }],
    tests: ["tests/domain/plan/give_way_test.ts"],
  },
  {
    name: "what a crash left pending keeps an exit's rest bare while the ledger can't be read",
    edits: [{
      file: "src/domain/plan/plan.ts",
      find:
        "const open = resolvePending(view, REST_PERMIT) ?? resolveStops(view, REST_PERMIT, true);",
      replace: "const open = null;",
    }],
    tests: ["tests/domain/plan/restore_test.ts"],
  },
  {
    name: "a list that lags proves that a sell never left",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find: "const unseen = holders.filter((orderId) => !isLookedAt(view, orderId));",
      replace: "const unseen = holders.filter(() => false);",
    }, {
      file: "src/domain/plan/resolve.ts",
      find: 'seen.orderLooks.get(orderId)?.kind === "found"',
      replace: 'orderId !== ""',
    }],
    tests: [PLAN_TEST],
  },
  {
    name: "a replacement that was cancelled on its way hides the order that lives on",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "return isBack || old.shownAtMs - endedMs >= LAG_MS;",
      replace: "return isBack && old === known;",
    }],
    tests: ["tests/domain/account/order_book_test.ts"],
  },
  {
    name: "what a hand's fractions add up to is told to the last binary digit",
    edits: [{
      file: "src/domain/plan/account.ts",
      find: "=> roundQty(Math.min(...holdings.map(of)));",
      replace: "=> Math.min(...holdings.map(of));",
    }],
    tests: ["tests/domain/plan/account_test.ts"],
  },
  {
    name: "a stop that was about to leave when a process ended makes the trim smaller",
    edits: [{
      file: "src/domain/plan/exit.ts",
      find: 'if (!isExitReason(entry.reason) && entry.status !== "pending") continue;',
      replace: "if (!isExitReason(entry.reason)) continue;",
    }],
    tests: [PLAN_TEST, "tests/engine/full_disk_test.ts"],
  },
  {
    name: "a sell that was about to leave when a process ended is absent at the first not found",
    edits: [{
      file: "src/domain/order/ledger.ts",
      find: 'status === "unknown" || (status === "pending" && nowMs < (deadlineAtMs ?? 0));',
      replace: 'status === "unknown" || nowMs < 0 * (deadlineAtMs ?? 0);',
    }],
    tests: [PLAN_TEST, "tests/domain/entry/absence_test.ts"],
  },
  {
    name: "the repeat of what a process before has sent is a first sending",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find: 'const sent = { ...entry, status: "unknown" } as const;',
      replace: "const sent = entry;",
    }],
    tests: [PLAN_TEST],
  },
  {
    name: "the rest of an absent position's entry is cancelled",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: 'if (isAbsent && end.why === "partly filled") return rest(view);',
      replace: 'if (isAbsent && end.why === "close near") return rest(view);',
    }],
    tests: ["tests/domain/plan/entry_test.ts"],
  },
  {
    name: "a lost stop of another cycle is not sent again where other orders hold the rest",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find: "if (!isAwaited && !isAnswerLost(entry, view.world.now.brokerMs)) continue;",
      replace: "if (!isAwaited) continue;",
    }],
    tests: ["tests/engine/obstacles_test.ts"],
  },
  {
    name: "a fill seen by id and forgotten",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "  const filled = seen.filledQty >= known.filledQty ? seen : known;",
      replace: "  const filled = seen;",
    }],
    tests: [BOOK_TEST, LAG_TEST],
  },
  {
    name: "a stale list undoes a final order",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "  if (isFinal(known) !== isFinal(seen)) return isFinal(seen);\n",
      replace: "",
    }],
    tests: [BOOK_TEST, LAG_TEST],
  },
  {
    name: "positions alone as the count",
    edits: [{
      file: "src/domain/account/share_count.ts",
      find: "shownQty === null ? oursQty : Math.min(oursQty, shownQty - handQty)",
      replace: "shownQty === null ? oursQty : shownQty - handQty",
    }],
    tests: [COUNT_TEST, LAG_TEST],
  },
  {
    name: "orders alone as the count",
    edits: [{
      file: "src/domain/account/share_count.ts",
      find: "shownQty === null ? oursQty : Math.min(oursQty, shownQty - handQty)",
      replace: "shownQty === null ? oursQty : oursQty",
    }],
    tests: [COUNT_TEST],
  },
  {
    name: "a sell of unknown fate has sold nothing",
    edits: [{
      file: "src/domain/account/share_count.ts",
      find: "floorQty(least - doubtfulQty)",
      replace: "Math.floor(least)",
    }],
    tests: [COUNT_TEST],
  },
  {
    name: "the check where orders leave is missing",
    edits: [{
      file: "src/engine/send.ts",
      find: "  if (breach !== null) {",
      replace: '  if (breach === "") {',
    }],
    tests: ["tests/engine/leaving_check_test.ts"],
  },
  {
    name: "what positions do not show yet is a split",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "export const LAG_MS = 10_000;",
      replace: "export const LAG_MS = 0;",
    }],
    tests: [LAG_TEST],
  },
  {
    name: "an order that a list lacks is not asked for",
    edits: [{
      file: "src/engine/asker.ts",
      find: "  for (let count = 0;; count++) {",
      replace: "  for (let count = most;; count++) {",
    }],
    tests: [LAG_TEST],
  },
  {
    name: "protection is cut to what is sure",
    edits: [{
      file: "src/domain/plan/protection_step.ts",
      find: "floorQty(sumQty(standing)) - position.mostQty;",
      replace: "floorQty(sumQty(standing)) - position.qty;",
    }],
    tests: ["tests/domain/order/protection_test.ts"],
  },
  {
    name: "floor before compare",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "  return Math.abs(left - right) < ROUNDING_QTY;",
      replace: "  return Math.floor(left) === Math.floor(right);",
    }],
    tests: ["tests/engine/split_test.ts"],
  },
  {
    name: "a refused stop sells without a look at the price",
    edits: [{
      file: "src/domain/plan/place.ts",
      find: "before.trade.priceUsd > restsUsd) return null;",
      replace: "before.trade.priceUsd <= restsUsd) return null;",
    }],
    tests: ["tests/engine/refused_stop_test.ts"],
  },
  {
    name: "a replacement that is refused for good is the end of the trim",
    edits: [{
      file: "src/domain/order/order_request.ts",
      find: '  if (httpStatus === 422) return why !== "stop_price";',
      replace: '  if (httpStatus === 422) return why === "stop_price";',
    }],
    tests: ["tests/engine/replacement_test.ts"],
  },
  {
    name: "the rest of an exit goes on though no cancel left",
    edits: [{
      file: "src/domain/plan/settle_cancel.ts",
      find: "begun.wasBare || begun.hasLeft);\n  }\n  const next",
      replace: "true);\n  }\n  const next",
    }],
    tests: ["tests/engine/bare_rest_test.ts"],
  },
  {
    name: "flatten sells what positions show, whatever was sold a moment ago",
    edits: [{
      file: "src/domain/account/free_shares.ts",
      find: "oursQty: held.qty - soldQty",
      replace: "oursQty: held.qty + 0 * soldQty",
    }],
    tests: ["tests/domain/account/free_shares_test.ts"],
  },
  {
    name: "flatten goes by lists alone",
    edits: [{
      file: "src/cli/flatten_book.ts",
      find: "    return askMissing(this, {",
      replace:
        "    return askMissing({ ...this, book: EMPTY_BOOK, putBook: () => {}, nowMs: this.nowMs }, {",
    }],
    tests: ["tests/cli/flatten_orders_test.ts"],
  },
  {
    name: "flatten knows nothing of what the engine sent a moment ago",
    edits: [{
      file: "src/cli/flatten_show.ts",
      find: "  return [...entries.values()];",
      replace: "  return [...entries.values()].slice(entries.size);",
    }],
    tests: ["tests/cli/flatten_orders_test.ts"],
  },
  {
    name: "flatten is done though positions need not show yet what was bought",
    edits: [{
      file: "src/cli/flatten_act.ts",
      find: "return !isBuying(world) && !(",
      replace: "return (isBuying(world) || true) && !(",
    }, {
      file: "src/cli/flatten_look.ts",
      find: "    !isBuying(world);",
      replace: "    (isBuying(world) || true);",
    }],
    tests: ["tests/cli/flatten_orders_test.ts"],
  },
  {
    name: "a position is gone while its entry still buys",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: '    if (entry !== "working") return { kind: "gone" };',
      replace: '    if (position.qty !== 0) return { kind: "gone" };',
    }],
    tests: ["tests/engine/stuck_entry_test.ts"],
  },
  {
    name: "what was taken in a stop's place and is not shown holds its shares alone",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: 'old.status !== "pending_replace" && isShown &&',
      replace: 'old.status !== "pending_replace" &&',
    }],
    tests: [BOOK_TEST, REPLACEMENT_TEST],
  },
  {
    name: "a stop whose replacement is not seen is replaced again",
    edits: [{
      file: "src/domain/account/sight.ts",
      find: "book.get(orderId)?.isShown === false || doubted.has(orderId)",
      replace: "book.get(orderId)?.isShown === false && doubted.size >= 0",
    }],
    tests: [BOOK_TEST, REPLACEMENT_TEST],
  },
  {
    name: "only the new order tells whose place it took",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "  linkSuccessors(next);\n",
      replace: "  linkSuccessors(new Map());\n",
    }],
    tests: [BOOK_TEST, "tests/engine/hand_shares_test.ts"],
  },
  {
    name: "a leg whose position is gone rests on",
    edits: [{
      file: "src/domain/plan/orphans.ts",
      find: "flattenOrders(buildOpenOrders(book)).filter(",
      replace: "flattenOrders([]).concat(buildOpenOrders(book)).filter(",
    }],
    tests: ["tests/engine/exit_attacks_test.ts"],
  },
  {
    name: "what a hand put in a stop's place rests on when its position is gone",
    edits: [{
      file: "src/domain/plan/orphans.ts",
      find: "isOfClosed || (isOurs(order.clientOrderId) && isGone(look, symbol));",
      replace: "isOurs(order.clientOrderId) && (isOfClosed || isGone(look, symbol));",
    }],
    tests: ["tests/engine/exit_attacks_test.ts"],
  },
  {
    name: "one empty answer makes an orphan",
    edits: [{
      file: "src/domain/plan/orphans.ts",
      find: "isGone(seen.positions?.before, symbol);",
      replace: "isGone(seen.positions?.look, symbol);",
    }],
    tests: ["tests/domain/plan/orphans_test.ts"],
  },
  {
    name: "an orphan's cancel is asked for again and again in one cycle",
    edits: [{
      file: "src/domain/plan/orphans.ts",
      find: ".filter(({ order }) => !turn.sendings.has(order.orderId))",
      replace: "",
    }],
    tests: ["tests/domain/plan/orphans_test.ts"],
  },
  {
    name: "a refusal of the keys is taken for a cancel that has left",
    edits: [{
      file: "src/domain/order/order_request.ts",
      find: 'return why === "unauthorized" || why === "rate_limited";',
      replace: 'return why === "rate_limited";',
    }],
    tests: ["tests/engine/exit_attacks_3_test.ts"],
  },
  {
    name: "an entry that is done and not settled still buys",
    edits: [{
      file: "src/domain/order/orders.ts",
      find: "return !isFinal(order) && !isWhollyFilled(order);",
      replace: "return !isFinal(order);",
    }],
    tests: ["tests/domain/entry/entry_end_test.ts", "tests/engine/stuck_entry_test.ts"],
  },
  {
    name: "a duplicate's id is not kept as taken",
    edits: [{
      file: "src/domain/plan/settle.ts",
      find: 'isIdTaken: answer.kind === "duplicate"',
      replace: "isIdTaken: false",
    }],
    tests: [PLAN_TEST, TAKEN_ID_TEST],
  },
  {
    name: "a refusal settles a sell whose id is taken",
    edits: [{
      file: "src/domain/plan/records.ts",
      find: "  return isIdTaken(entry)\n",
      replace: "  return isIdTaken(entry) && detail === NOT_SENT\n",
    }],
    tests: [PLAN_TEST],
  },
  {
    name: "a later process believes that an order whose id is taken is absent",
    edits: [{
      file: "src/domain/entry/absence.ts",
      find: "  if (isIdTaken(entry)) return",
      replace: '  if (isIdTaken(entry) && entry.side === "buy") return',
    }],
    tests: ["tests/domain/entry/absence_test.ts"],
  },
  {
    name: "the look-up of an order whose id is taken decides on its absence again and again",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find: 'look.kind !== "not_found" || isIdTaken(entry)',
      replace: 'look.kind !== "not_found"',
    }],
    tests: [PLAN_TEST],
  },
  {
    name: "a sell whose answer was lost is settled as not sent by the plan",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find: "if (!isAnswerLost(entry, now.brokerMs)) return record(",
      replace: "if (isUnsettled(entry)) return record(",
    }],
    tests: [PLAN_TEST],
  },
  {
    name: "a sell whose answer was lost is believed absent at once",
    edits: [{
      file: "src/domain/entry/absence.ts",
      find: "  if (!isAnswerLost(entry, moment.nowMs)) return absent;",
      replace: '  if (entry.side === "sell") return absent;',
    }],
    tests: ["tests/domain/entry/absence_test.ts", TAKEN_ID_TEST],
  },
  {
    name: "the refusal of a repeat settles the sell before it",
    edits: [{
      file: "src/domain/plan/settle.ts",
      find: "      if (isRepeat) return settleRepeat(about, entry, answer);\n",
      replace: "",
    }],
    tests: [PLAN_TEST, TAKEN_ID_TEST],
  },
  {
    name: "the refusal of a repeat is not told",
    edits: [{
      file: "src/domain/plan/settle.ts",
      find: "if (!isAnswerLost(entry, about.now.brokerMs)) return NOTHING;",
      replace: "if (isAnswerLost(entry, about.now.brokerMs)) return NOTHING;",
    }],
    tests: [PLAN_TEST, TAKEN_ID_TEST],
  },
  {
    name: "a sell in doubt is sent again though its exit is not due any more",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find: ".due?.reason === reason;",
      replace: ".due?.reason !== null;",
    }],
    tests: [PLAN_TEST],
  },
  {
    name: "what an exit took down is stopped where its cancel ends a moment late",
    edits: [{
      file: "src/domain/plan/give_way.ts",
      find: '...tryExit(view, begun.reason, "bare")',
      replace: '...tryExit(view, begun.reason, "no")',
    }],
    tests: ["tests/engine/unfinished_test.ts"],
  },
  {
    name: "an exit whose cancel does not end is begun again at once",
    edits: [{
      file: "src/domain/plan/exit.ts",
      find: "allGroups?.length !== 0",
      replace: "allGroups?.length === -1",
    }],
    tests: ["tests/engine/unfinished_test.ts"],
  },
  {
    name: "a lost stop is sent again whatever was sold meanwhile",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find:
        "  if (findBreach(view.sight, view.records.positions, request) !== null) return null;\n",
      replace: "",
    }],
    tests: ["tests/engine/unfinished_test.ts"],
  },
  {
    name: "two positions are uncovered at once by our own act",
    edits: [{
      file: "src/domain/plan/plan.ts",
      find: "if (isPause(move, view) && isYoung(view)) break;",
      replace: "if (isPause(move, view) && isYoung(view) && turns.length > 9) break;",
    }],
    tests: ["tests/domain/plan/two_positions_test.ts"],
  },
  {
    name: "a look that took its time is too old at once",
    edits: [{
      file: "src/domain/plan/view.ts",
      find: "return turn.isLookNew ||\n",
      replace: "return (turn.isLookNew && seen.positions === null) ||\n",
    }],
    tests: ["tests/engine/slow_broker_test.ts"],
  },
  {
    name: "what a shrunk stop frees is bare only once that is answered",
    edits: [{
      file: "src/domain/plan/shrink.ts",
      find: "      isBare: true,\n",
      replace: "",
    }],
    tests: ["tests/engine/exit_attacks_test.ts"],
  },
  {
    name: "a part of a share waits for its stop before all else",
    edits: [{
      file: "src/domain/plan/protection_step.ts",
      find: "floorQty(qty - sumQty(groups))",
      replace: "qty - floorQty(0) - sumQty(groups)",
    }],
    tests: ["tests/engine/fraction_beside_test.ts"],
  },
  {
    name: "a hand's part of a share takes the whole one's cover",
    edits: [{
      file: "src/domain/account/position_shares.ts",
      find: "ceilQty(group.qty - handQty)",
      replace: "group.qty - handQty + 0 * ceilQty(0)",
    }],
    tests: ["tests/engine/fraction_beside_test.ts"],
  },
  {
    name: "an exit refused beside a buy is left alone for five minutes",
    edits: [{
      file: "src/domain/plan/settle_refusal.ts",
      find: ', "wash_trade"].includes(why)',
      replace: "].includes(why)",
    }],
    tests: ["tests/engine/beside_buy_test.ts"],
  },
  {
    name: "a trim's part is read from another rule",
    edits: [{
      file: "src/domain/exit/decide_exit.ts",
      find: "const { sells, of } = EXIT_RULES[reason].part;",
      replace: 'const { sells, of } = EXIT_RULES[isTrim(reason) ? reason : "r1_trim"].part;',
    }],
    tests: ["tests/domain/exit/exit_rules_test.ts", "tests/domain/exit/decide_exit_test.ts"],
  },
  {
    name: "trims are remembered under one name",
    edits: [{
      file: "src/domain/exit/exit_rules.ts",
      find: "rules.map((rule) => [rule[name], buildValue(rule)]),",
      replace: "rules.map((rule) => [rules[0]?.[name] ?? rule[name], buildValue(rule)]),",
    }],
    tests: ["tests/domain/exit/exit_rules_test.ts", "tests/state/execution_state_test.ts"],
  },
  {
    name: "a price across a split is taken for a high",
    edits: [{
      file: "src/domain/plan/price_use.ts",
      find: 'position.unexplainedQty === null ? "high" : "nothing"',
      replace: 'position.unexplainedQty !== 0 ? "high" : "nothing"',
    }],
    tests: ["tests/domain/plan/price_use_test.ts"],
  },
];
