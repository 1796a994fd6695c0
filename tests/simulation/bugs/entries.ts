import type { TestedBug } from "../tested_bug.ts";

const IDS = "tests/engine/entry_ids_test.ts";
const WAITS = "tests/engine/entry_waits_test.ts";
const REFUSALS = "tests/engine/entry_refusals_test.ts";
const ATTACKS = "tests/engine/attacks_3_test.ts";
const UNFILLED = "tests/engine/unfilled_entry_test.ts";
const ENTRY_PLAN = "tests/domain/plan/entry_test.ts";
const ENTRIES_PLAN = "tests/domain/plan/entries_test.ts";
const LIFE = "tests/exploration/entry_life_test.ts";
const PARTIAL = "tests/engine/partial_entry_test.ts";
const LEAVING_DISK = "tests/engine/leaving_disk_test.ts";
const MOMENT = "tests/engine/entry_moment_test.ts";
const LEAVING_FIRST = "tests/engine/leaving_first_test.ts";

export const ENTRIES_BUGS: readonly TestedBug[] = [
  {
    name: "position cap counted once per cycle",
    edits: [
      {
        file: "src/domain/plan/entry_sending.ts",
        find: '    { ask: "positions" },\n    { ask: "open_orders" },\n    // What was sold',
        replace: "    // What was sold",
      },
      {
        file: "src/domain/entry/open_symbols.ts",
        find:
          "  for (const symbol of managed) symbols.add(symbol);\n  for (const entry of ledger.entries) {",
        replace: "  for (const entry of ledger.entries.slice(0, 0)) {",
      },
      {
        file: "src/domain/plan/entry_judging.ts",
        find: "rowsOf(openOrders) === null ? null : buildOpenOrders(book),",
        replace: "rowsOf(openOrders),",
      },
    ],
    tests: [ENTRIES_PLAN],
  },
  {
    name: "an account flag ignored",
    edits: [{
      file: "src/broker/account_wire.ts",
      find: '"account_blocked", "trade_suspended_by_user"] as const',
      replace: '"account_blocked"] as const',
    }],
    tests: [REFUSALS],
  },
  {
    name: "a status that takes no orders ignored",
    edits: [{
      file: "src/domain/account/account_block.ts",
      find: "  return CLOSED_STATUSES.has(status) ? `status ${status}` : null;",
      replace: '  return status === "" ? `status ${status}` : null;',
    }],
    tests: [REFUSALS],
  },
  {
    name: "the entry id made from the time of confirmation",
    edits: [
      {
        file: "src/domain/entry/entry_record.ts",
        find: "  const attempt = usage.symbolRejections + 1;",
        replace: "  const attempt = usage.symbolRejections + intent.confirmedAtMs;",
      },
      {
        file: "src/domain/entry/entry_plan.ts",
        find: "  const attempt = inputs.countRejections(symbol) + 1;",
        replace: "  const attempt = inputs.countRejections(symbol) + nowMs;",
      },
    ],
    tests: [IDS],
  },
  {
    name: "an unfilled entry left",
    edits: [{
      file: "src/domain/entry/entry_end.ts",
      find: "export const UNFILLED_MAX_MS = 60_000;",
      replace: "export const UNFILLED_MAX_MS = 60_000_000;",
    }],
    tests: [UNFILLED],
  },
  {
    name: "a hanging cancel of an entry is not asked again",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: '  if (end.kind !== "cancel") return rest(view);',
      replace:
        '  if (end.kind !== "cancel" || order.status === "pending_cancel") return rest(view);',
    }],
    tests: [UNFILLED],
  },
  {
    name: "the stop for what an entry bought has no record before the cancel of its rest",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: "  const stop = qty > 0 ? buildStopRecord(view, facts) : null;",
      replace: "  const stop = qty > 1e9 ? buildStopRecord(view, facts) : null;",
    }],
    tests: [ENTRY_PLAN, PARTIAL],
  },
  {
    name: "the stop after an entry's cancel is for what had been bought before it",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: "placeStop(view, permit, Infinity)",
      replace: "placeStop(view, permit, begun.cancels[0]?.qty ?? 0)",
    }],
    tests: [ENTRY_PLAN],
  },
  {
    name: "the stop after an entry's cancel is placed from lists of before it",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: "  if (!areListsFresh(view)) return readLists();",
      replace: "",
    }],
    tests: [ENTRY_PLAN],
  },
  {
    name: "an entry whose cancel hangs is cancelled again and again in one cycle",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: "  if (turn.sendings.has(order.orderId)) {",
      replace: "  if (turn.sendings.size > 1e9) {",
    }],
    tests: [ENTRY_PLAN],
  },
  {
    name: "an entry that has ended is not settled before the next cycle",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: "  if (order === undefined || entry === undefined) return null;",
      replace: "  if (order !== undefined || entry === undefined) return null;",
    }],
    tests: [UNFILLED, ENTRY_PLAN],
  },
  {
    name: "the attempt rises after not sent",
    edits: [{
      file: "src/domain/entry/entry_record.ts",
      find: "  const attempt = usage.symbolRejections + 1;",
      replace: "  const attempt = usage.symbolRejections + 1 +\n" +
        "    ledger.entries.filter((each) => each.symbol === symbol && isNotSent(each)).length;",
    }],
    tests: [IDS],
  },
  {
    name: "a stale trade taken as price",
    edits: [{
      file: "src/domain/entry/check_entry.ts",
      find: "trade !== null && trade.atMs >= intent.b2StartMs",
      replace: "trade !== null && trade.atMs >= 0",
    }],
    tests: [REFUSALS],
  },
  {
    name: "a due intent skipped while positions are unreadable",
    edits: [
      {
        file: "src/domain/plan/entry_judging.ts",
        find: '[["positions", seen.positions], ["open orders", seen.openOrders]] as const',
        replace: '[["open orders", seen.openOrders]] as const',
      },
      {
        file: "src/domain/gate/gate.ts",
        find: 'code === "ledger_unavailable" || code === "positions_unavailable"',
        replace: 'code === "ledger_unavailable"',
      },
    ],
    tests: [WAITS],
  },
  {
    name: "a due intent that waits wakes the loop in every second",
    edits: [{
      file: "src/domain/plan/wake.ts",
      find: "intents.filter(({ scheduledAtMs }) => scheduledAtMs > cycleBeganMs)",
      replace: "intents.filter(({ scheduledAtMs }) => scheduledAtMs > cycleBeganMs - 86_400_000)",
    }],
    tests: [WAITS, "tests/domain/plan/wake_test.ts"],
  },
  {
    name: "a duplicate at the first sending without a mismatch",
    edits: [{
      file: "src/domain/plan/settle_entry.ts",
      find: "if (earlier !== null) return { change: [unknown]",
      replace: 'if (earlier !== null || symbol !== "") return { change: [unknown]',
    }],
    tests: [IDS],
  },
  {
    name: "a duplicate in answer to a repeat counted as a mismatch",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: "past !== undefined && !hasNeverLeft(past);",
      replace: 'past !== undefined && past.status === "accepted";',
    }],
    tests: [IDS],
  },
  {
    name: "an order under the id of an entry that never left taken for ours",
    edits: [{
      file: "src/domain/order/reconcile.ts",
      find: '    if (entry.side === "buy" && hasNeverLeft(entry)) foreign.push(updated);\n',
      replace: "",
    }],
    tests: ["tests/domain/order/reconcile_test.ts", IDS],
  },
  {
    name: "an entry in the last ten minutes",
    edits: [
      {
        file: "src/domain/plan/time_left.ts",
        find: "isOpen === true && untilCloseMs <= CONVERT_BEFORE_CLOSE_MS;",
        replace: "isOpen === true && untilCloseMs <= 60_000;",
      },
      {
        file: "src/domain/plan/entry_sending.ts",
        find: "now.brokerMs + now.untilCloseMs - CONVERT_BEFORE_CLOSE_MS,",
        replace: "now.brokerMs + now.untilCloseMs + CONVERT_BEFORE_CLOSE_MS,",
      },
    ],
    tests: [WAITS],
  },
  {
    name: "an entry recorded before the last ten minutes leaves in them",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: "now.brokerMs + now.untilCloseMs - CONVERT_BEFORE_CLOSE_MS,",
      replace: "now.brokerMs + now.untilCloseMs + CONVERT_BEFORE_CLOSE_MS,",
    }],
    tests: [WAITS],
  },
  {
    // The same id and the rule of no intent keep it from the broker too: the caps are held against it by themselves.
    name: "a symbol is entered again on its day",
    edits: [{
      file: "src/domain/gate/caps.ts",
      find: "  if (usage.hasEntry) return",
      replace: "  if (usage.hasEntry && usage.orders < 0) return",
    }],
    tests: ["tests/domain/gate/caps_test.ts"],
  },
  {
    name: "a repeat has a new id",
    edits: [{
      file: "src/domain/entry/entry_record.ts",
      find: "  return {\n    clientOrderId,\n",
      replace:
        "  return {\n    clientOrderId: parseOurId(`${clientOrderId}-2`) ?? clientOrderId,\n",
    }],
    tests: [IDS, "tests/engine/exactly_once_test.ts"],
  },
  {
    name: "the caps leave out what is not settled",
    edits: [{
      file: "src/domain/order/ledger.ts",
      find: 'return isEntryRecord(entry) && entry.status !== "rejected";',
      replace: 'return entry.side === "buy" && entry.status === "accepted";',
    }],
    tests: ["tests/domain/order/ledger_test.ts"],
  },
  {
    name: "an expired intent is still sent",
    edits: [{
      file: "src/domain/entry/entry_plan.ts",
      find: "  return !(nowMs < expiresAtMs);",
      replace: "  return !(nowMs < expiresAtMs + 86_400_000);",
    }],
    tests: ["tests/domain/entry/entry_plan_test.ts"],
  },
  {
    name: "an intent is made in what is held",
    edits: [{
      file: "src/domain/plan/signals.ts",
      find: "  if (isAnswered && !isFree(sight, own)) return SKIP.taken;",
      replace: "  if (isAnswered && !isFree(sight, own)) return null;",
    }],
    tests: [WAITS],
  },
  {
    name: "the same denial is logged in each cycle",
    edits: [{
      file: "src/engine/entry_words.ts",
      find: '  if (verdict.kind === "allowed" || isNewDenial(engine, intent, verdict.reason)) {',
      replace:
        '  if (verdict.kind === "allowed" || isNewDenial(engine, intent, verdict.reason) || inputs) {',
    }],
    tests: [WAITS],
  },
  {
    name: "the summary counts a symbol's tries",
    edits: [{
      file: "src/domain/day/entry_counts.ts",
      find: "    if (isKnown) triedCount++;",
      replace: "    if (isKnown) triedCount += events.length;",
    }],
    tests: ["tests/domain/day/entry_counts_test.ts"],
  },
  {
    name: "an entry judged by the account of the cycle's start",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: '    ...(account ? [{ ask: "account" } as const] : []),\n',
      replace: "",
    }],
    tests: [REFUSALS],
  },
  {
    name: "orders read before a slow price",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: '    { ask: "positions" },\n    { ask: "open_orders" },\n    // What was sold',
      replace: "    // What was sold",
    }],
    tests: [REFUSALS],
  },
  {
    name: "an entry in a symbol whose release has not ended",
    edits: [{
      file: "src/domain/entry/open_symbols.ts",
      find: "managed.has(symbol) || released.has(symbol)",
      replace: "managed.has(symbol) || released.has(`${symbol}?`)",
    }],
    tests: ["tests/engine/release_test.ts"],
  },
  {
    name: "a release put on record again ends what was bought since",
    edits: [{
      file: "src/domain/plan/records.ts",
      find: "each.symbol === released.symbol && !isBoughtSince(each, released))",
      replace: "each.symbol === released.symbol || isBoughtSince(each, released))",
    }],
    tests: ["tests/domain/plan/release_test.ts"],
  },
  {
    name: "a release never ends where each process looks once",
    edits: [{
      file: "src/domain/plan/release.ts",
      find: "(isRunOnce && isMissedBefore(absence));",
      replace: "(isRunOnce && !isMissedBefore(absence) && ledger === null);",
    }],
    tests: ["tests/domain/plan/release_test.ts", "tests/engine/release_test.ts"],
  },
  {
    name: "an absent entry settled while the broker shows its shares",
    edits: [{
      file: "src/domain/plan/entry_absent.ts",
      find: "  return !mayShow(sight, intent) || ",
      replace: '  return intent.symbol !== "" || ',
    }],
    tests: [ATTACKS],
  },
  {
    name: "an order that the archive has counted as a mismatch",
    edits: [{
      file: "src/domain/order/reconcile.ts",
      find: "added.filter(({ order }) => !sent.has(order.clientOrderId)),",
      replace: "added.filter(() => sent.size >= 0),",
    }],
    tests: ["tests/domain/order/reconcile_test.ts"],
  },
  {
    name: "the fill of an unresolved entry called foreign",
    edits: [{
      file: "src/engine/foreign.ts",
      find: "    ...listDoubtfulBuys(listEntries(engine), engine.nowMs()),\n",
      replace: "    ...[...listDoubtfulBuys(listEntries(engine), engine.nowMs())].slice(0, 0),\n",
    }],
    tests: ["tests/engine/exactly_once_test.ts"],
  },
  {
    name: "an entry that ended unfilled counted as entered",
    edits: [{
      file: "src/domain/day/entry_counts.ts",
      find: "broker.filledQty === 0 && isFinal(broker)",
      replace: "broker.filledQty < 0 && isFinal(broker)",
    }],
    tests: ["tests/domain/day/entry_counts_test.ts"],
  },
  {
    name: "a lock of LIVE said once and never again",
    edits: [{
      file: "src/domain/plan/reconciliation.ts",
      find: 'noteRecords(null, { kind: "locked" }, "mismatch lock")',
      replace:
        '{ ...noteRecords(null, { kind: "locked" }, "mismatch lock"), scope: { once: "said" } }',
    }],
    tests: ["tests/engine/attacks_test.ts"],
  },
  {
    name: "an intent said in each cycle",
    edits: [{
      file: "src/engine/signal_words.ts",
      find: "`${dateNy} ${intent.b2StartMs}`",
      replace: "`${dateNy} ${intent.b2StartMs} ${intent.scheduledAtMs}`",
    }],
    tests: [WAITS],
  },
  {
    name: "all due intents off their list with the record of the first",
    edits: [{
      file: "src/domain/plan/records.ts",
      find:
        "      const intents = records.intents.filter(({ clientOrderId }) => !ids.has(clientOrderId));",
      replace: "      const intents = records.intents.filter(({ scheduledAtMs }) =>\n" +
        "        ids.size === 0 || part.intents.some((each) => scheduledAtMs > each.scheduledAtMs)\n" +
        "      );",
    }],
    tests: [LEAVING_DISK],
  },
  {
    name: "a due intent off its list after its record",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: '[{ kind: "orders", entries: [entry] }, ...offList]',
      replace: '[{ kind: "orders", entries: [entry] }, ...offList.slice(1)]',
    }],
    tests: [LEAVING_DISK],
  },
  {
    name: "a replacement of the document before a due entry",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "  if (isPressing) await carryOut(engine, mandate);",
      replace:
        "  if (isPressing) await engine.trySaveState();\n  if (isPressing) await carryOut(engine, mandate);",
    }],
    tests: [LEAVING_DISK],
  },
  {
    name: "a due entry waits for the signals",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "  const isPressing = listPressing(engine).length > 0;\n",
      replace: "  const isPressing = false;\n",
    }],
    tests: [LEAVING_FIRST],
  },
  {
    name: "a due entry has the broker asked one thing after the other",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "  const isPressing = listPressing(engine).length > 0 ||\n",
      replace: "  const isPressing =\n",
    }],
    tests: [LEAVING_FIRST],
  },
  {
    name: "an entry that leaves before its moment",
    edits: [{
      file: "src/engine/plan_leave.ts",
      find: "  const isUndisturbed = await awaitMoment(engine, notBeforeMs);\n",
      replace: "  const isUndisturbed = await awaitMoment(engine, notBeforeMs - 300);\n",
    }],
    tests: [MOMENT],
  },
  {
    name: "an entry made ready for a moment that was missed",
    edits: [{
      file: "src/engine/plan_leave.ts",
      find: "const MOMENT_MISSED_MS = 250;",
      replace: "const MOMENT_MISSED_MS = 250_000;",
    }],
    tests: [MOMENT],
  },
  {
    name: "what is remembered in the pause is lost with the record of the moment",
    edits: [{
      file: "src/engine/plan_records.ts",
      find: "prepared?.before === before ? prepared.after",
      replace: "prepared !== null ? prepared.after",
    }],
    tests: [MOMENT],
  },
  {
    name: "a cycle that begins when its entry is due",
    edits: [{
      file: "src/engine/loop.ts",
      find: "    leadMs: readLeadMs(engine),\n",
      replace: "    leadMs: 0,\n",
    }],
    tests: [MOMENT],
  },
  {
    name: "a stop that the pause before an entry does not hear",
    edits: [
      {
        file: "src/engine/entry_moment.ts",
        find: "LAST_LOOK_MS, LOOK_MS), engine.stop);",
        replace: "LAST_LOOK_MS, LOOK_MS));",
      },
      {
        file: "src/engine/entry_moment.ts",
        find: "    isUndisturbed = !engine.stop.aborted && ",
        replace: "    isUndisturbed = ",
      },
    ],
    tests: [MOMENT],
  },
  {
    name: "a kill switch that the pause before an entry does not see",
    edits: [{
      file: "src/engine/entry_moment.ts",
      find: "  if (await noticeKillSwitch(engine)) engine.isCycleDue = true;\n",
      replace: "",
    }],
    tests: [MOMENT],
  },
  {
    name: "a moment of a position's that waits for an entry's",
    edits: [{
      file: "src/domain/plan/pause_end.ts",
      find: "momentsMs.filter((atMs) => atMs > beganMs)",
      replace: "momentsMs.filter((atMs) => atMs < beganMs - 86_400_000)",
    }],
    tests: [MOMENT],
  },
  {
    name: "an entry that leaves on old facts after a slow record",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: "nowMs + Math.min(Math.max(leftMs, RECORD_ROOM_MS), RECORD_AGE_MAX_MS),",
      replace: "nowMs + RECORD_AGE_MAX_MS,",
    }],
    tests: [MOMENT],
  },
  {
    name: "a position's need that waits for an entry's moment",
    edits: [{
      file: "src/domain/plan/pause_end.ts",
      find: " && areAllCalm(world)",
      replace: " && world !== null",
    }],
    tests: [MOMENT],
  },
  {
    name: "a run of one cycle that waits for an entry's moment",
    edits: [{
      file: "src/engine/entry_moment.ts",
      find: " || ports.config.isRunOnce\n",
      replace: "\n",
    }],
    tests: [MOMENT],
  },
  {
    name: "an account too old at the moment that its entry leaves at",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: "  const leavesMs = now.monotonicMs + Math.max(0, scheduledAtMs - now.brokerMs);",
      replace: "  const leavesMs = now.monotonicMs + Math.min(0, scheduledAtMs);",
    }],
    tests: [MOMENT],
  },
  {
    name: "a poll put off by the pause before an entry",
    edits: [{
      file: "src/domain/plan/wake.ts",
      find: " - inputs.pausedMs",
      replace: "",
    }],
    tests: ["tests/domain/plan/wake_test.ts"],
  },
  {
    name: "what was just denied is made anew in the same cycle",
    edits: [{
      file: "src/domain/plan/signals.ts",
      find: "    waiting: new Set([...desk.waiting, ...records",
      replace: "    waiting: new Set([...records",
    }],
    tests: [LEAVING_FIRST],
  },
  {
    name: "corporate actions of an entry are asked for when it is due",
    edits: [{
      file: "src/engine/corporate_actions.ts",
      find: "[...new Set([...managed, ...entering])]",
      replace: "[...managed]",
    }],
    tests: [LEAVING_FIRST],
  },
  {
    name: "what a refused entry bought is adopted before the broker shows it",
    edits: [{
      file: "src/domain/order/ledger.ts",
      find: 'entry.side === "buy" && (isUnsettled(entry) || isJustRefused(entry))',
      replace: 'entry.side === "buy" && (isUnsettled(entry) || isJustRefused(entry) && nowMs < 0)',
    }],
    tests: ["tests/engine/exactly_once_test.ts"],
  },
  {
    name: "a lost answer taken for a request that never left",
    edits: [{
      file: "src/domain/plan/settle_entry.ts",
      find: '    case "unknown":\n    case "requested":\n',
      replace:
        '    case "unknown":\n      return settleUnsent({ symbol, clientOrderId }, earlier, "lost");\n    case "requested":\n',
    }],
    tests: [LIFE, ENTRIES_PLAN],
  },
  {
    name: "an absence believed after 30 s",
    edits: [{
      file: "src/domain/entry/absence.ts",
      find: "const NOT_FOUND_MS = 70_000;",
      replace: "const NOT_FOUND_MS = 30_000;",
    }],
    tests: ["tests/domain/entry/absence_test.ts", LIFE],
  },
  {
    name: "what was proven absent and is not sent stays unsettled",
    edits: [{
      file: "src/domain/plan/entries.ts",
      find: "    pass.change.push(unsentPart(entry));\n",
      replace: "",
    }],
    tests: [ENTRIES_PLAN],
  },
  {
    name: "an entry that leaves by the gate of the one before it",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: "  if (desk.turn.gateFor !== listed.clientOrderId || !isOfNow) {",
      replace: "  if (desk.turn.gateFor === null) {",
    }],
    tests: [ENTRIES_PLAN],
  },
  {
    name: "a look at the lists for each entry",
    edits: [{
      file: "src/domain/plan/entry_sending.ts",
      find: "const lists = turn.looks === 0 ||",
      replace: "const lists = turn.looks >= 0 ||",
    }],
    tests: [LEAVING_FIRST, ENTRIES_PLAN],
  },
];
