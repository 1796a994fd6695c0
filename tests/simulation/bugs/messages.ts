import type { TestedBug } from "../tested_bug.ts";

const FILLS = "tests/engine/fill_messages_test.ts";
const KILL = "tests/engine/kill_message_test.ts";
const NOT_RUNNING = "tests/domain/alert/not_running_test.ts";
const HEALTH = "tests/domain/alert/health_test.ts";
const STATUS = "tests/cli/status_test.ts";
const LAG = "tests/engine/lag_test.ts";
const LOST = "tests/engine/lost_answers_messages_test.ts";
const REPETITION = "tests/domain/alert/repetition_test.ts";
const ALERTS = "tests/engine/alerts_test.ts";
const STARTS = "tests/domain/alert/starts_test.ts";
const LOG = "tests/cli/log_test.ts";

/** What the operator is told, and what is not told twice. */
export const MESSAGES_BUGS: readonly TestedBug[] = [
  {
    name: "a fill told by the process's memory alone",
    edits: [
      {
        file: "src/engine/fill_messages.ts",
        find: "    if (engine.state.alerted[key] !== undefined || !isDue(engine, each)) continue;",
        replace: "    if (engine.fillsTold.has(orderId) || !isDue(engine, each)) continue;",
      },
      {
        file: "src/engine/fill_messages.ts",
        find: "buildStateMessage(state, engine.state.alerted, message)",
        replace: "buildStateMessage(state, {}, message)",
      },
    ],
    tests: [FILLS],
  },
  {
    name: "a fill told only when its order has ended",
    edits: [{
      file: "src/engine/fill_messages.ts",
      find: "  if (nowMs - sinceMs >= TOLD_AFTER_MS) return true;",
      replace: "  if (nowMs - sinceMs >= NEWS_MS) return true;",
    }],
    tests: [FILLS],
  },
  {
    name: "the alarm beside a kill switch's message that says the same",
    edits: [{
      file: "src/domain/account/standing_alarms.ts",
      find: "!context.toldSymbols.has(standing.symbol)",
      replace: "standing.symbol !== null",
    }],
    tests: [KILL, "tests/domain/account/standing_alarms_test.ts"],
  },
  {
    name: "a stop lost after the kill switch's message waits two minutes",
    edits: [{
      file: "src/engine/notices.ts",
      find: "before !== undefined && !isWorse(standing, before)",
      replace: "before !== undefined",
    }],
    tests: [KILL],
  },
  {
    name: "the kill switch's message before the look at what it left",
    edits: [{
      file: "src/engine/standings.ts",
      find: "  await noticeKillSwitch(engine);\n",
      replace: "  await noticeKillSwitch(engine);\n  alertKillSwitch(engine);\n",
    }],
    tests: ["tests/engine/standing_test.ts", KILL],
  },
  {
    name: "execution not running said at each start",
    edits: [{
      file: "src/domain/alert/not_running.ts",
      find: "  if (!isUncovered) return isSaid ? null : first;",
      replace: "  if (!isUncovered) return first;",
    }],
    tests: [NOT_RUNNING],
  },
  {
    name: "execution not running forgotten where no records exist yet",
    edits: [{
      file: "src/engine/not_running.ts",
      find: "  return told.some(({ value }) => decideNotRunning(facts, value) === null);",
      replace: "  return told.some(({ value }) => value === facts.cause);",
    }],
    tests: ["tests/engine/not_running_test.ts"],
  },
  {
    name: "the switch outside told while a night rests on a day order",
    edits: [{
      file: "src/domain/alert/health.ts",
      find: "(!isOpen && each.gtcQty < each.mostHeldQty)",
      replace: "(!isOpen && each.coveredQty < each.mostHeldQty)",
    }],
    tests: [HEALTH],
  },
  {
    name: "an ERROR that Slack never took forgotten by the switch outside",
    edits: [{
      file: "src/alerts/slack.ts",
      find: '    if (item.alert.level === "ERROR") this.#isErrorLost = true;\n',
      replace: "",
    }],
    tests: ["tests/alerts/slack_wait_test.ts"],
  },
  {
    name: "caps of a damaged ledger shown as unused",
    edits: [{
      file: "src/cli/status_report.ts",
      find: "  const none = isFirstStart ? 0 : null;",
      replace: "  const none = isFirstStart ? null : 0;",
    }],
    tests: [STATUS],
  },
  {
    name: "a stop whose answer was lost told in each cycle",
    edits: [{
      file: "src/engine/records_words.ts",
      find: "    `rejected:${symbol}:${order}:${isUnsent}`,",
      replace: "    `rejected:${symbol}:${order}:${engine.nowMs()}`,",
    }],
    tests: [LOST],
  },
  {
    name: "shares that a fill has sold told as bare",
    edits: [{
      file: "src/engine/notices.ts",
      find: "return count.isExplained || isLagging ? count.mostHeldQty",
      replace: "return !count.isExplained && isLagging ? count.mostHeldQty",
    }],
    tests: [LOST, LAG],
  },
  {
    name: "shares that positions do not show yet told as missing",
    edits: [{
      file: "src/domain/account/position_shares.ts",
      find: "    mostHeldQty > readRecentFills(sight, position).boughtQty;",
      replace: "    mostHeldQty > 0 * readRecentFills(sight, position).boughtQty;",
    }],
    tests: ["tests/engine/lag_cases_test.ts"],
  },
  {
    name: "shares that are being sold told as bare",
    edits: [{
      file: "src/domain/alert/alert_facts.ts",
      find: "qty - sellingQty - stops",
      replace: "qty - 0 * sellingQty - stops",
    }],
    tests: ["tests/domain/alert/alert_facts_test.ts", LAG],
  },
  {
    name: "a position that nobody has seen taken for covered",
    edits: [{
      file: "src/domain/alert/not_running.ts",
      find: "lastSeen === null || lastSeen.gtcQty < lastSeen.heldQty",
      replace: "lastSeen !== null && lastSeen.gtcQty < lastSeen.heldQty",
    }],
    tests: [NOT_RUNNING, "tests/cli/not_started_test.ts"],
  },
  {
    name: "a start that the configuration refuses told to nobody",
    edits: [{
      file: "src/cli/not_started.ts",
      find: "isRetried || !(error instanceof ConfigError)",
      replace: "true",
    }],
    tests: ["tests/cli/not_started_test.ts"],
  },
  {
    name: "the heartbeat's day result 0 before the records are read",
    edits: [{
      file: "src/domain/alert/alert_heartbeat.ts",
      find: '    inputs.positions === null\n      ? "Day result',
      replace: '    inputs.gateLine === ""\n      ? "Day result',
    }],
    tests: ["tests/domain/alert/alert_heartbeat_test.ts"],
  },
  {
    name: "a thing that goes on told once and never again",
    edits: [{
      file: "src/domain/alert/repetition.ts",
      find: "    if (nowMs - run.saidMs < SAY_AGAIN_MS) {",
      replace: "    if (nowMs - run.saidMs < Infinity) {",
    }],
    tests: [REPETITION, ALERTS],
  },
  {
    name: "a thing that came back after its end held back",
    edits: [{
      file: "src/engine/trouble.ts",
      find: "  for (const each of [trouble, ...engine.troubles]) engine.endError(each);\n",
      replace: "",
    }],
    tests: [ALERTS],
  },
  {
    name: "an error told again by each process",
    edits: [{
      file: "src/engine/engine.ts",
      find: "    if (Number.isFinite(saidMs)) this.repetition.remember(meaning, saidMs, nowMs);\n",
      replace: "",
    }],
    tests: [ALERTS],
  },
  {
    name: "a repeated error that Slack lost silent for an hour",
    edits: [{
      file: "src/engine/engine.ts",
      find: "      state: { key, value: `${dateNyOf(nowMs)} ${nowMs}` },\n",
      replace: "",
    }],
    tests: [ALERTS],
  },
  {
    name: "a start told in each process of a loop",
    edits: [{
      file: "src/domain/alert/starts.ts",
      find: "times <= TOLD_MAX + 1 ||",
      replace: "times > 0 ||",
    }],
    tests: [STARTS],
  },
  {
    name: "a fill printed for each process that records it",
    edits: [{
      file: "src/domain/day/log_lines.ts",
      find: "    if (!isAgain) this.#filled.set(orderId, qty);\n",
      replace: "",
    }],
    tests: [LOG],
  },
  {
    name: "a refused stop told once for each step that tried it",
    edits: [{
      file: "src/engine/teller.ts",
      find: "`stop_not_placed:${symbol}: ${buildMeaning(why)}`",
      replace: "`stop_not_placed:${problem}`",
    }, {
      file: "src/engine/teller.ts",
      find: '{ why, after: "exit", isOwn }',
      replace: '{ why, after: "nothing", isOwn }',
    }],
    tests: ["tests/engine/refused_stop_messages_test.ts"],
  },
  {
    name: "what is planned shown as none where the records can't be read",
    edits: [{
      file: "src/cli/status_text.ts",
      find: '  if (isUnread(report)) return "UNKNOWN";\n  return report.intents',
      replace: "  return report.intents",
    }],
    tests: [STATUS],
  },
  {
    name: "the end of an adopted position told without its R",
    edits: [{
      file: "src/engine/fill_messages.ts",
      find: "      plan.stopUsd ?? adoption?.initialStopUsd ?? null,\n",
      replace: "      plan.stopUsd,\n",
    }],
    tests: ["tests/engine/fill_messages_test.ts"],
  },
  {
    name: "flatten's own sells told as a stranger's hand too",
    edits: [{
      file: "src/domain/account/position_account.ts",
      find: " && !isOurs && !isFlatten) takenQty",
      replace: " && !isOurs) takenQty",
    }],
    tests: ["tests/engine/fill_messages_test.ts"],
  },
  {
    name: "what the broker leaves bare shown as at the last cycle",
    edits: [{
      file: "src/cli/status_open.ts",
      find: "  if (cover === null || qty === null) return knownQty;\n",
      replace: "  if (cover === null || qty === null || cover.qty > 0) return knownQty;\n",
    }],
    tests: [STATUS],
  },
  {
    name: "an entry told late with the stop of by then",
    edits: [{
      file: "src/domain/alert/trade_message.ts",
      find: "  if (!isCovered || (plannedUsd === null && position !== null)) return",
      replace: "  if (position !== null) return",
    }],
    tests: ["tests/engine/fill_messages_test.ts"],
  },
  {
    name: "a position that is not shown makes 0.00",
    edits: [{
      file: "src/engine/open_results.ts",
      find: "qty: held ? Math.min(qty ?? held.qty, held.qty) : null,",
      replace: "qty: held === null ? null : Math.min(qty ?? 0, held?.qty ?? 0),",
    }],
    tests: ["tests/engine/heartbeat_words_test.ts"],
  },
  {
    name: "raises of a stop counted as repeats",
    edits: [{
      file: "src/domain/day/log_lines.ts",
      find: '  "position",\n',
      replace: "",
    }],
    tests: [LOG],
  },
  {
    name: "an error with a key of its own is held back by another with the same words",
    edits: [{
      file: "src/engine/engine.ts",
      find: "const meaning = isDistinct ? problem : buildMeaning(problem);",
      replace: "const meaning = buildMeaning(problem);",
    }],
    tests: ["tests/engine/unreadable_rows_test.ts"],
  },
  {
    name: "what the journal repeats is forgotten with its process",
    edits: [{
      file: "src/cli/run.ts",
      find: "heard: isContinued ? past.heard : [],",
      replace: "heard: isContinued ? [] : [],",
    }],
    tests: ["tests/cli/run_test.ts"],
  },
  {
    name: "a start by hand says nothing that was said a moment ago",
    edits: [{
      file: "src/cli/run.ts",
      find: "const isContinued = isJournal && (",
      replace: 'const isContinued = start.value !== "" && (',
    }, {
      file: "src/cli/run.ts",
      find: "if (isJournal && await lock.isHeld()) {",
      replace: "if (await lock.isHeld()) {",
    }],
    tests: ["tests/cli/run_test.ts"],
  },
  {
    name: "the close near is why a symbol was not entered all day",
    edits: [{
      file: "src/domain/day/fate.ts",
      find: '=> readText(event, "reason") !== SKIP.closeNear)',
      replace: '=> readText(event, "reason") !== SKIP.entered)',
    }],
    tests: ["tests/domain/day/entry_counts_test.ts"],
  },
  {
    name: "processes that end again and again send a heartbeat each",
    edits: [{
      file: "src/domain/alert/heartbeat_due.ts",
      find: "isInLoop ? nextAtMs : nowMs",
      replace: "isInLoop ? nowMs : nowMs",
    }],
    tests: ["tests/domain/alert/heartbeat_due_test.ts"],
  },
  {
    name: "a summary of a day without a session",
    edits: [{
      file: "src/domain/alert/summary_due.ts",
      find: "isDue: market.isOpen || isOpenAhead || isCycled",
      replace: "isDue: market.isOpen || isOpenAhead || nowMs > 0 || isCycled",
    }],
    tests: ["tests/domain/alert/summary_due_test.ts"],
  },
];
