import type { TestedBug } from "../tested_bug.ts";

const ACCOUNT_TEST = "tests/domain/plan/account_test.ts";
const SPLIT_TEST = "tests/engine/split_test.ts";

export const SHARES_BUGS: readonly TestedBug[] = [
  {
    name: "another stop takes the name of one whose answer was lost",
    edits: [{
      file: "src/domain/plan/sell_record.ts",
      find: '(reason !== "stop" || entry.replaces !== null);',
      replace: '(reason !== "stop" || entry.attempt !== null);',
    }],
    tests: ["tests/engine/lost_stop_beside_test.ts"],
  },
  {
    name: "an answer without a date never tells anything new",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "return isTie || atMs - sinceMs >= LAG_MS;",
      replace: "return isTie || atMs < sinceMs;",
    }],
    tests: ["tests/domain/account/order_book_test.ts"],
  },
  {
    name: "a list that lags undoes what an answer without a date has said",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "  return undatedSinceMs ?? order.updatedAtMs;\n",
      replace: "  return undatedSinceMs === null ? order.updatedAtMs : order.updatedAtMs;\n",
    }],
    tests: ["tests/domain/account/order_book_test.ts"],
  },
  {
    name: "a record undoes what an answer without a date has shown",
    edits: [{
      file: "src/domain/account/stand_ins.ts",
      find: "mergeOrder({ ...known.order, ...broker }, known.order)",
      replace: "mergeOrder(known.order, { ...known.order, ...broker })",
    }],
    tests: ["tests/domain/account/order_book_test.ts"],
  },
  {
    name: "a stop is forgotten while the question for it has no answer",
    edits: [{
      file: "src/domain/account/stand_ins.ts",
      find: "return isShown || isUnanswered || isFinal(order)",
      replace: "return isShown || isFinal(order)",
    }],
    tests: ["tests/domain/account/order_book_test.ts", "tests/engine/lost_stop_beside_test.ts"],
  },
  {
    name: "another process forgets a stop while the question for it has no answer",
    edits: [{
      file: "src/engine/records_desk.ts",
      find: 'if (outcome.kind === "unknown") noteUnanswered(',
      replace: 'if (outcome.kind === "found") noteUnanswered(',
    }],
    tests: ["tests/engine/lost_stop_beside_test.ts"],
  },
  {
    name: "a fill without a date of its change is from before an adoption",
    edits: [{
      file: "src/domain/order/orders.ts",
      find: "return Math.max(updatedAtMs, filledAtMs ?? 0);",
      replace: "return filledAtMs === null ? updatedAtMs : Math.max(updatedAtMs, 0);",
    }],
    tests: [ACCOUNT_TEST],
  },
  {
    name: "a change that no order explains is a split at once",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "export const SPLIT_AFTER_MS = 60_000;",
      replace: "export const SPLIT_AFTER_MS = 0;",
    }],
    tests: [SPLIT_TEST],
  },
  {
    name: "an absence makes a split forgotten",
    edits: [{
      file: "src/domain/plan/account.ts",
      find: "        change: endRestOfAbsent(records, nowMs, before),\n",
      replace: "        change: [...endRestOfAbsent(records, nowMs, before), ...put(position)],\n",
    }],
    tests: [SPLIT_TEST],
  },
  {
    name: "a split position's old stops are taken for protection",
    edits: [{
      file: "src/domain/account/standing.ts",
      find: "  if (position.unexplainedQty !== null) return { coveredQty: 0, gtcQty: 0 };",
      replace: "  if (position.unexplainedQty === 0) return { coveredQty: 0, gtcQty: 0 };",
    }],
    tests: [SPLIT_TEST, "tests/domain/account/standing_test.ts"],
  },
  {
    name: "a hand's buy counted as ours",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: 'side === "buy" ? filledQty : Math.min(handQty',
      replace: 'side === "buy" ? 0 : Math.min(handQty',
    }],
    tests: ["tests/engine/hand_shares_test.ts"],
  },
  {
    name: "a hand's sell takes ours first",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "Math.min(handQty, filledQty)",
      replace: "Math.max(0, Math.min(handQty, filledQty - oursQty))",
    }],
    tests: ["tests/engine/hand_shares_test.ts"],
  },
  {
    name: "a hand's stop for its own shares holds ours",
    edits: [{
      file: "src/domain/account/position_shares.ts",
      find: "    if (handQty <= 0 || group",
      replace: "    if (handQty <= 1e9 || group",
    }],
    tests: ["tests/engine/hand_shares_test.ts"],
  },
  {
    name: "a released symbol adopted again",
    edits: [{
      file: "src/domain/plan/adopt.ts",
      find: "isManaged(records, symbol) || isReleased(records, symbol)) continue",
      replace: "isManaged(records, symbol)) continue",
    }],
    tests: ["tests/engine/release_test.ts"],
  },
  {
    name: "a released position taken in again from its entry",
    edits: [{
      file: "src/domain/account/bought.ts",
      find: "    [...released, ...positions].some(",
      replace: "    [...released.slice(0, 0), ...positions].some(",
    }],
    tests: ["tests/engine/release_test.ts"],
  },
  {
    name: "a release that a lost state forgets",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: "listReleased(ledgers, base.released)",
      replace: "listReleased(ledgers.slice(0, 0), [])",
    }],
    tests: ["tests/engine/release_test.ts"],
  },
  {
    name: "a release between a cancel and its stop",
    edits: [{
      file: "src/domain/plan/release.ts",
      find: '  if (isBetween(records, sight, position)) return { kind: "waits" };\n',
      replace: "",
    }],
    tests: ["tests/engine/release_test.ts"],
  },
  {
    name: "a position is adopted whatever it is worth",
    edits: [{
      file: "src/domain/plan/adopt.ts",
      find: "    if (qty * priceUsd <= limitUsd) adoptable",
      replace: "    if (qty * priceUsd <= Infinity * limitUsd) adoptable",
    }],
    tests: ["tests/engine/positions_test.ts"],
  },
  {
    name: "a fraction of a share beside what was adopted is forgotten",
    edits: [{
      file: "src/domain/plan/adoption.ts",
      find: "    besideQty: Math.round((held.qty - qty) * 1e9) / 1e9,",
      replace: "    besideQty: Math.round((held.qty - held.qty) * 1e9) / 1e9,",
    }],
    tests: ["tests/engine/positions_test.ts"],
  },
  {
    name: "a part of a share is taken for beside what was adopted, though no record says so",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: "  { symbol }: BrokerPosition,",
      replace: "  { symbol, qty }: BrokerPosition,",
    }, {
      file: "src/domain/account/rebuild_records.ts",
      find: "Math.max(0, ...sells.flatMap((sell) => sell.besideQty ?? []));",
      replace: "Math.round((qty % 1) * 1e9) / 1e9;",
    }],
    tests: ["tests/engine/fraction_beside_test.ts"],
  },
  {
    name: "a part of a share beside what was adopted is not on record",
    edits: [{
      file: "src/domain/plan/sell_record.ts",
      find: "besideQty: position.besideQty }",
      replace: "besideQty: null }",
    }],
    tests: ["tests/engine/fraction_beside_test.ts"],
  },
  {
    name: "a plan whose stop is above the price is taken up",
    edits: [{
      file: "src/domain/plan/adoption.ts",
      find: "  if (!(stopUsd < priceUsd)) return",
      replace: "  if (!(stopUsd > 0)) return",
    }],
    tests: ["tests/engine/adopt_test.ts"],
  },
  {
    name: "a renamed symbol known by its quantity and cost alone",
    edits: [{
      file: "src/domain/account/renamed.ts",
      find: "assetId !== undefined && assetIds.has(assetId)",
      replace: 'assetId === ""',
    }],
    tests: ["tests/engine/split_test.ts"],
  },
  {
    name: "a hand's price taken into a rebuilt stop",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: "byHand.includes(stopUsd) ? [] : stopUsd ?? 0",
      replace: "byHand.length < 0 ? [] : stopUsd ?? 0",
    }],
    tests: ["tests/domain/account/rebuild_records_test.ts"],
  },
  {
    name: "a guaranteed trade has sold nothing",
    edits: [{
      file: "src/domain/account/free_shares.ts",
      find: "return unanswered + replaced + countBound(groups);",
      replace: "return unanswered + replaced;",
    }],
    tests: ["tests/engine/obstacles_test.ts"],
  },
  {
    name: "what positions showed late is never sold out",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "return isStuck ? Math.max(beyondQty, lateQty) : Math.min(beyondQty, lateQty);",
      replace: "return Math.min(beyondQty, lateQty);",
    }],
    tests: ["tests/engine/lag_test.ts", "tests/domain/account/position_account_test.ts"],
  },
  {
    name: "a trim from before a split accounts for what the split made",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "atMs > unexplainedSinceMs - SPLIT_AFTER_MS)",
      replace: "atMs > 0)",
    }],
    tests: ["tests/domain/account/position_account_test.ts"],
  },
  {
    name: "a quantity is believed before its past is asked for",
    edits: [{
      file: "src/domain/account/explain.ts",
      find: "  if (searched === undefined) {\n",
      replace: "  if (searched === null) {\n",
    }],
    tests: [ACCOUNT_TEST],
  },
  {
    name: "a position that has ended is taken in again from its entry",
    edits: [{
      file: "src/domain/plan/account.ts",
      find: '      { kind: "kept", key: closedKey(positionId), value: dateNy },\n',
      replace: "",
    }],
    tests: [ACCOUNT_TEST],
  },
  {
    name: "what a hand's buy left is nobody's",
    edits: [{
      file: "src/domain/plan/account.ts",
      find: "      handQty > 0 ? { kind",
      replace: "      handQty > 1e9 ? { kind",
    }],
    tests: [ACCOUNT_TEST, "tests/engine/hand_shares_test.ts"],
  },
  {
    name: "a release ends at the first empty answer",
    edits: [{
      file: "src/domain/plan/release.ts",
      find: "ABSENT_MS - (lastMs - firstMs)",
      replace: "ABSENT_MS * 0 - (lastMs - firstMs)",
    }],
    tests: ["tests/domain/plan/release_test.ts"],
  },
  {
    name: "what another process has missed is evidence for this one",
    edits: [{
      file: "src/domain/account/absences.ts",
      find: "isSame(each, { what, id }) && each.processId === processId",
      replace: "isSame(each, { what, id }) && each.processId !== processId + what",
    }],
    tests: ["tests/domain/plan/release_test.ts", "tests/domain/entry/absence_test.ts"],
  },
  {
    name: "evidence about what was found stays on record",
    edits: [{
      file: "src/domain/plan/records.ts",
      find: "absences: dropAbsence(records.absences, part.about)",
      replace: "absences: records.absences",
    }],
    tests: ["tests/domain/plan/release_test.ts"],
  },
  {
    name: "an adoption leaves the release of its symbol standing",
    edits: [{
      file: "src/domain/plan/adopt.ts",
      find: "change: [...ended.change, ...change]",
      replace: "change: [...ended.change.slice(0, 0), ...change]",
    }],
    tests: ["tests/domain/plan/adopt_test.ts"],
  },
  {
    name: "trims of the days before are forgotten",
    edits: [{
      file: "src/domain/plan/trims.ts",
      find: 'record === "none" ? findExitRecord(past,',
      replace: 'record === "none" ? findExitRecord(past.slice(0, 0),',
    }],
    tests: ["tests/domain/plan/trims_test.ts", "tests/engine/exits_test.ts"],
  },
  {
    name: "a trim from long before a reverse split accounts for what it left",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "return isStuck ? Math.max(beyondQty, lateQty) : Math.min(beyondQty, lateQty);",
      replace: "return Math.max(beyondQty, lateQty);",
    }],
    tests: ["tests/domain/account/position_account_test.ts"],
  },
  {
    name: "a fill seen late is believed to lag in positions",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "Math.min(atMs, order.filledAtMs ?? atMs)",
      replace: "atMs",
    }],
    tests: ["tests/domain/account/order_book_test.ts"],
  },
  {
    name: "what is absent has its stop put back",
    edits: [{
      file: "src/domain/plan/account.ts",
      find: "  return isLong && findUnfinished(unfinished, positionId).isBare",
      replace: "  return isLong && !findUnfinished(unfinished, positionId).isBare",
    }],
    tests: ["tests/domain/plan/account_test.ts"],
  },
  {
    name: "fills that stand in two orders account for their shares twice",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "isDenied: verdicts.includes(true)",
      replace: "isDenied: false",
    }],
    tests: ["tests/engine/carried_fills_test.ts"],
  },
  {
    name: "fills that stand in the old order alone are forgotten",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "isSameQty(qty, old.qty - old.filledQty) ? [false] : []",
      replace: "isSameQty(qty, old.qty - old.filledQty) ? [true] : []",
    }],
    tests: ["tests/domain/account/position_account_test.ts"],
  },
  {
    name: "a stop that never left says where the stop is",
    edits: [{
      file: "src/domain/account/known_stop.ts",
      find: 'entry.reason === "stop" && entry.status === "accepted"',
      replace: 'entry.reason === "stop" && entry.status !== "rejected"',
    }],
    tests: ["tests/engine/unsent_stop_test.ts"],
  },
  {
    name: "a sell from before a split accounts for what it left once its order is dated anew",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "return isStuck ? Math.max(beyondQty, lateQty) : Math.min(beyondQty, lateQty);",
      replace: "return isStuck ? Math.max(beyondQty, lateQty) : lateQty;",
    }],
    tests: ["tests/domain/account/position_account_test.ts", "tests/engine/split_test.ts"],
  },
  {
    name: "what a split left is sold by what was sold before it was shown",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: "const leftQty = Math.max(unexplainedFromQty, position.unexplainedQty);",
      replace: "const leftQty = Math.min(unexplainedFromQty, position.unexplainedQty);",
    }],
    tests: ["tests/domain/account/position_account_test.ts", "tests/engine/split_test.ts"],
  },
];
