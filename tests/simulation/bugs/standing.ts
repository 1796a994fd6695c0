import type { TestedBug } from "../tested_bug.ts";

const STANDING = "src/domain/account/standing.ts";
const ALARMS = "src/domain/account/standing_alarms.ts";
const FLEETING_TEST = "tests/engine/fleeting_stops_test.ts";
const LOSSES_TEST = "tests/domain/account/stop_losses_test.ts";
const STANDING_TEST = "tests/domain/account/standing_test.ts";
const ALARMS_TEST = "tests/domain/account/standing_alarms_test.ts";
const ENGINE_TEST = "tests/engine/standing_test.ts";
const HAND_TEST = "tests/engine/hand_shares_test.ts";
const CLOSED_TEST = "tests/engine/closed_market_test.ts";
const STATE_TEST = "tests/state/execution_state_test.ts";

export const STANDING_BUGS: readonly TestedBug[] = [
  {
    name: "what was absent is there again where nothing could be looked at",
    edits: [{
      file: STANDING,
      find: "const isUnlooked = blind === null ? !hasLooked : UNLOOKED.has(blind.code);",
      replace: "const isUnlooked = blind === null && hasLooked && before === undefined;",
    }],
    tests: [STANDING_TEST, CLOSED_TEST],
  },
  {
    name: "exits of a session that could not be decided can be, as soon as its clock can't be read",
    edits: [{
      file: STANDING,
      find: '(due === "unknown" && !isOpen) ? null : due;',
      replace: 'due === "unknown" ? null : due;',
    }],
    tests: [STANDING_TEST],
  },
  {
    name: "a position that one answer at night lacks is an alarm",
    edits: [{
      file: ALARMS,
      find: "isMissedOnce(standing, context) ? TWO_LOOKS_MS : ALARM_AFTER_MS;",
      replace: "isMissedOnce(standing, context) ? ALARM_AFTER_MS : ALARM_AFTER_MS;",
    }],
    tests: [ALARMS_TEST],
  },
  {
    name: "a position that an answer at night lacks is not looked for under its stop",
    edits: [{
      file: "src/domain/plan/closed_cover.ts",
      find: "standing.bareQty === 0 && standing.cause !== ABSENT.code;",
      replace: "standing.bareQty === 0 && ABSENT.code !== null;",
    }],
    tests: [CLOSED_TEST],
  },
  {
    name: "a trim that waits is all that is due",
    edits: [{
      file: STANDING,
      find: 'if (isCloseDue(position, qty, price.priceUsd)) return "stop_exit";',
      replace: 'if (isCloseDue(position, qty, price.priceUsd) && qty < 0) return "stop_exit";',
    }],
    tests: [STANDING_TEST],
  },
  {
    name: "what no order explains is a hand's",
    edits: [{
      file: STANDING,
      find: "const riddleQty = shownQty ?? before?.mostHeldQty ?? position.unexplainedQty;",
      replace:
        "const riddleQty = shownQty !== null ? 0 : before?.mostHeldQty ?? position.unexplainedQty;",
    }],
    tests: [STANDING_TEST, HAND_TEST],
  },
  {
    name: "each new stop that is lost begins the two minutes anew",
    edits: [{
      file: "src/domain/account/stop_losses.ts",
      find: "    sinceMs: recent?.sinceMs ?? nowMs,",
      replace: "    sinceMs: nowMs,",
    }],
    tests: [LOSSES_TEST, FLEETING_TEST],
  },
  {
    name: "a stop in the place of one that was lost covers at once",
    edits: [{
      file: "src/domain/account/stop_losses.ts",
      find: "losses.times > 1 ? losses.qty : 0;",
      replace: "losses.times > 1_000 ? losses.qty : 0;",
    }],
    tests: [LOSSES_TEST, FLEETING_TEST],
  },
  {
    name: "a stop that the engine took down is lost",
    edits: [{
      file: "src/engine/stop_watch.ts",
      find:
        "  if (known !== undefined && isAtWork(known)) engine.stopsTakenDown.add(order.orderId);",
      replace: "  if (known === undefined) engine.stopsTakenDown.add(order.orderId);",
    }],
    tests: [FLEETING_TEST],
  },
  {
    name: "a lost stop is looked at again by the poll alone",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: "      due !== null || doubtfulQty > 0 || stops.losses !== null",
      replace: "      due !== null || doubtfulQty > 0",
    }],
    tests: [FLEETING_TEST],
  },
  {
    name: "a standing without a since",
    edits: [{
      file: STANDING,
      find: "  const sinceMs = before?.bareSinceMs ?? nowMs;",
      replace: "  const sinceMs = nowMs;",
    }],
    tests: [STANDING_TEST, ENGINE_TEST],
  },
  {
    name: "a bare position that falls through its stop is no news",
    edits: [{
      file: ALARMS,
      find: '    const isDue = kind === "due" || isDueAlarm(standing, context);',
      replace: '    const isDue = kind === "due";',
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "one exit's since is the next one's",
    edits: [{
      file: STANDING,
      find: "  return isSame ? before.dueSinceMs : null;",
      replace: "  return isSame || before.due !== null ? before.dueSinceMs : null;",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "a night is like the one before it",
    edits: [{
      file: ALARMS,
      find: "  return `${stage} ${dateNyOf(nextOpenMs)}`;",
      replace: "  return stage;",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "a close that has passed makes the next session a night",
    edits: [{
      file: "src/domain/plan/cycle_end.ts",
      find:
        "isDayKnown(end.calendar, now.brokerMs) ? isKnownClosed(world) : now.untilCloseMs <= 0;",
      replace: "isKnownClosed(world) || now.untilCloseMs <= 0;",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "what can't be read now was never seen",
    edits: [{
      file: STANDING,
      find: "cover ?? before ?? { coveredQty: 0, gtcQty: 0 };",
      replace: "cover ?? { coveredQty: 0, gtcQty: 0 };",
    }],
    tests: ["tests/engine/broker_clock_test.ts"],
  },
  {
    name: "what was seen last covers now",
    edits: [{
      file: STANDING,
      find: "const protectedQty = cover === null ? 0 : safeQty;",
      replace: "const protectedQty = safeQty;",
    }],
    tests: [STANDING_TEST, ENGINE_TEST],
  },
  {
    name: "each change of the cause is news",
    edits: [{
      file: "src/engine/standing_alarms.ts",
      find: "said.includes(symbol)",
      replace: 'said.includes("") && symbol === ""',
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "one failed read is an alarm of every position under day legs",
    edits: [{
      file: ALARMS,
      find: "  return context.isOperatorStopped && isCoverRead &&",
      replace: "  return !context.isLive && isCoverRead &&",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "the kill switch in an exit is an error for each step",
    edits: [{
      file: "src/engine/teller.ts",
      find: "${EXIT_PARTS[part]}: ${said}`;\n  if (isOwn) engine",
      replace: "${EXIT_PARTS[part]}: ${said}`;\n  if (!isOwn) engine",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "what is due forgets since when",
    edits: [{
      file: STANDING,
      find: "dueSinceMs: waiting === null ? null : findDueSince(waiting, before) ?? nowMs,",
      replace: "dueSinceMs: waiting === null ? null : nowMs,",
    }],
    tests: [STANDING_TEST, ENGINE_TEST],
  },
  {
    name: "a restart forgets since when a position is bare",
    edits: [{
      file: "src/state/standing_format.ts",
      find: "bare_since: formatTime(standing.bareSinceMs),",
      replace: "bare_since: null,",
    }],
    tests: [STATE_TEST, ENGINE_TEST],
  },
  {
    name: "an alarm once and never again",
    edits: [{
      file: ALARMS,
      find: "  return `${findStage(context)}:${names}`;",
      replace: "  return names;",
    }],
    tests: [ALARMS_TEST, ENGINE_TEST],
  },
  {
    name: "an alarm does not come again before the open",
    edits: [{
      file: ALARMS,
      find: "nextOpenMs - nowMs <= BEFORE_OPEN_MS",
      replace: "nextOpenMs - nowMs <= 0",
    }],
    tests: [ALARMS_TEST, ENGINE_TEST],
  },
  {
    name: "unreadable counted as covered",
    edits: [{
      file: STANDING,
      find: "  if (hasLooked) return cover;",
      replace: "  if (hasLooked) return cover ?? { coveredQty: Infinity, gtcQty: Infinity };",
    }],
    tests: [STANDING_TEST, ENGINE_TEST],
  },
  {
    name: "bare is measured by what is sure",
    edits: [{
      file: STANDING,
      find: "ceilQty(mostHeldQty - protectedQty)",
      replace: "Math.ceil(sureQty - protectedQty)",
    }],
    tests: [STANDING_TEST],
  },
  {
    name: "an old stop covers a split position",
    edits: [{
      file: STANDING,
      find: "  if (position.unexplainedQty !== null) return { coveredQty: 0, gtcQty: 0 };\n",
      replace: "",
    }],
    tests: [STANDING_TEST],
  },
  {
    name: "a price that can't be read leaves nothing due",
    edits: [{
      file: STANDING,
      find: '  if (blind !== undefined || price.kind === "unread") return "unknown";',
      replace:
        '  if (blind !== undefined) return "unknown";\n  if (price.kind === "unread") return null;',
    }],
    tests: [STANDING_TEST, ENGINE_TEST],
  },
  {
    name: "a closed market forgets what was due",
    edits: [{
      file: STANDING,
      find: '    return due === "stop" || (due === "unknown" && !isOpen) ? null : due;',
      replace: "    return null;",
    }],
    tests: [STANDING_TEST],
  },
  {
    name: "a partly filled entry is no alarm",
    edits: [{
      file: ALARMS,
      find: "  if (bareSinceMs === null) return false;",
      replace: '  if (bareSinceMs === null || standing.cause === "entry") return false;',
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "bare in the last ten minutes waits its two minutes",
    edits: [{
      file: ALARMS,
      find: "if (isLate(context) || isLong(bareSinceMs, context)) return true;",
      replace: "if (isLong(bareSinceMs, context)) return true;",
    }],
    tests: [ALARMS_TEST],
  },
  {
    name: "the operator's own switch raises an alarm of each trim",
    edits: [{
      file: ALARMS,
      find: "  return !isTrim(due) || !context.isOperatorStopped;",
      replace: "  return isTrim(due) || due !== null;",
    }],
    tests: [ALARMS_TEST, ENGINE_TEST],
  },
  {
    name: "a closed cycle takes no standing",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "const areStandingsTaken = await takeStandings(engine, { market, gate });",
      replace: "const areStandingsTaken = await Promise.resolve(false);",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "shares without any stop wait for the poll while the operator has stopped the engine",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: "isWaiting && (!isStopped || isSomeOpen)",
      replace: "isWaiting && (!isStopped || (isSomeOpen && now.brokerMs < 0))",
    }],
    tests: ["tests/engine/exits_test.ts"],
  },
  {
    name: "what is due wakes nobody",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: "due !== null || doubtfulQty > 0",
      replace: "doubtfulQty > 0",
    }],
    tests: ["tests/domain/plan/moments_test.ts"],
  },
  {
    name: "an alarm that is over is not taken back",
    edits: [{
      file: "src/engine/standing_alarms.ts",
      find: "  if (alerted !== OVER) engine.alert(buildWithdrawal({ key, value: OVER }));\n",
      replace: "",
    }],
    tests: ["tests/engine/alerts_test.ts"],
  },
  {
    name: "status shows what is dead as a stop",
    edits: [{
      file: "src/cli/status_cover.ts",
      find: "groups.filter(({ standing }) => STOPS.has(standing)).flatMap",
      replace: "groups.flatMap",
    }, {
      file: "src/cli/status_cover.ts",
      find: 'return parts.length > 1 ? parts.join(", ") : `${qty}, NO STOP`;',
      replace:
        'return parts.length > 1 || stops.length > 0 ? parts.join(", ") : `${qty}, NO STOP`;',
    }],
    tests: ["tests/cli/status_test.ts"],
  },
  {
    name: "a new foreign position told every day",
    edits: [{
      file: "src/engine/foreign.ts",
      find: "const isNew = engine.state.alerted[key] === undefined;",
      replace: "const isNew = engine.state.alerted[key] !== engine.dateNy();",
    }],
    tests: ["tests/engine/positions_test.ts"],
  },
  {
    name: "a managed short position is told once a day",
    edits: [{
      file: "src/domain/account/standing.ts",
      find: 'if (isShort(position)) return "unknown";',
      replace: "if (isShort(position)) return null;",
    }],
    tests: ["tests/engine/standing_test.ts"],
  },
  {
    name: "a run that can't write down since when waits two minutes",
    edits: [{
      file: ALARMS,
      find: "return isForgetful || nowMs - sinceMs >= afterMs;",
      replace: "return nowMs - sinceMs >= afterMs;",
    }],
    tests: [ALARMS_TEST, ENGINE_TEST],
  },
  {
    name: "a write that fails is remembered",
    edits: [{
      file: "src/engine/engine.ts",
      find: "    this.isWriteFailing = true;\n",
      replace: "",
    }],
    tests: [ENGINE_TEST],
  },
  {
    name: "nobody wakes when what waits becomes an alarm",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: "  return [...areStandingsTaken ? listAlarms(world) : [], ",
      replace: "  return [...areStandingsTaken ? listAlarms(world).slice(9) : [], ",
    }],
    tests: ["tests/domain/plan/moments_test.ts"],
  },
  {
    name: "nobody wakes for the conversion before the close",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: '    [readConversionMs(now, positions.length), "conversion"],\n',
      replace:
        '    ...positions.length < 0 ? [[readConversionMs(now, 0), "conversion"] as const] : [],\n',
    }],
    tests: ["tests/domain/plan/moments_test.ts"],
  },
  {
    name: "what a failed cycle left undecided waits for the poll",
    edits: [{
      file: "src/domain/plan/moments.ts",
      find: "each.scheduledAtMs <= outcome.cycleBeganMs",
      replace: "each.expiresAtMs <= outcome.cycleBeganMs",
    }],
    tests: ["tests/domain/plan/moments_test.ts"],
  },
];
