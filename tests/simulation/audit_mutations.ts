import type { Family } from "./families.ts";
import type { Bug } from "./mutations.ts";

/** Deliberate bugs that an audit found the simulation blind to, or nearly so, each with what catches it now. */
export const AUDIT_BUGS: readonly Bug[] = [
  {
    issue: 3,
    name: "archive is not written",
    edits: [
      {
        file: "src/engine/records_desk.ts",
        find: "await engine.ports.ledger.archive(ledger);",
        replace: "await Promise.resolve();",
      },
    ],
  },
  {
    issue: 3,
    name: "the cycle that rebuilds a missing ledger goes LIVE",
    edits: [
      {
        file: "src/domain/plan/day_ledger.ts",
        find: 'return rewrite(records, blockedBy("ledger missing"), done);',
        replace: "return rewrite(records, null, done);",
      },
    ],
  },
  {
    issue: 3,
    name: "foreign positions do not block entries",
    edits: [
      {
        file: "src/domain/entry/open_symbols.ts",
        find: "  if (positions.some((position) => position.symbol === symbol)) return false;\n",
        replace: "",
      },
    ],
  },
  {
    issue: 3,
    name: "ledger of another account is used",
    edits: [
      {
        file: "src/domain/gate/record_owner.ts",
        find: "  return isOwn(records, keys) ? null : STATE_FILE;",
        replace: "  return null;",
      },
      {
        file: "src/domain/gate/record_owner.ts",
        find: "  if (ledger !== null && !isOwn(ledger, keys)) return LEDGER_FILE;",
        replace: "  if (ledger !== null && ledger.host === keys.accountId) return LEDGER_FILE;",
      },
    ],
  },
  {
    issue: 3,
    name: "an intent is sent before its time",
    edits: [
      {
        file: "src/domain/entry/entry_plan.ts",
        find: "else if (intent.scheduledAtMs <= nowMs) due.push(intent);",
        replace: "else if (intent.scheduledAtMs - 3_600_000 <= nowMs) due.push(intent);",
      },
    ],
  },
  {
    issue: 3,
    name: "rejected twice is tried again",
    edits: [
      {
        file: "src/domain/gate/caps.ts",
        find: "SYMBOL_REJECTIONS_MAX = 2",
        replace: "SYMBOL_REJECTIONS_MAX = 200",
      },
    ],
  },
  {
    issue: 3,
    name: "five rejections in a row are tried again",
    edits: [
      {
        file: "src/domain/gate/caps.ts",
        find: "REJECTIONS_IN_A_ROW_MAX = 5",
        replace: "REJECTIONS_IN_A_ROW_MAX = 500",
      },
    ],
  },
  {
    issue: 3,
    name: "a kill switch that can't be read is off",
    edits: [
      {
        file: "src/state/switch_files.ts",
        find: '(isOwn && found === "unknown")',
        replace: '(!isOwn && found === "unknown")',
      },
    ],
  },
  {
    issue: 4,
    name: "unresolved sells are dropped at the day roll",
    edits: [
      {
        file: "src/domain/order/reconcile.ts",
        find: "    isUnsettled(entry) || (isExitReason(entry.reason) && isOpenEntry(entry));",
        replace: '    entry.side === "buy" && isUnsettled(entry);',
      },
    ],
  },
  {
    issue: 4,
    name: "our plain stop is cancelled first instead of shrunk",
    edits: [{
      file: "src/domain/plan/shrink.ts",
      find: "return isWhole ? order.orderId : null;",
      replace: "return isWhole ? null : null;",
    }],
  },
  {
    issue: 4,
    name: "a split is taken as a change",
    edits: [
      {
        file: "src/domain/account/position_account.ts",
        find:
          "  const shown = holdings.find(({ oursQty, handQty }) => isSameQty(oursQty + handQty, shownQty));",
        replace:
          "  const shown = holdings.map((each) => ({ ...each, oursQty: shownQty }))[0];\n  void isSameQty;",
      },
      {
        file: "src/domain/account/share_count.ts",
        find:
          "const isExplained = shownQty !== null && isShownByFills(inputs, shownQty, readings);",
        replace:
          "const isExplained = shownQty !== null;\n  isShownByFills(inputs, shownQty ?? 0, readings);",
      },
    ],
  },
  {
    issue: 4,
    name: "known stops are not raised at a restart",
    edits: [
      {
        file: "src/domain/account/known_stop.ts",
        find: "return highestUsd > roundToIncrement(stopUsd) ? highestUsd : null;",
        replace: "return highestUsd > roundToIncrement(stopUsd) ? null : null;",
      },
    ],
  },
  {
    issue: 4,
    name: "high water is lost at a restart",
    edits: [
      {
        file: "src/state/state_format.ts",
        find: "highWaterUsd: wire.high_water,",
        replace: "highWaterUsd: wire.pivot,",
      },
    ],
  },
  {
    issue: 4,
    name: "orphan stops are not cancelled",
    edits: [
      {
        file: "src/domain/plan/orphans.ts",
        find: "  if (orphan === undefined) return null;",
        replace: "  if (orphan === undefined || seen !== null) return null;",
      },
    ],
  },
  {
    issue: 4,
    name: "cancel timeout is treated as final",
    edits: [
      {
        file: "src/domain/plan/give_way.ts",
        find: "  return unended.length === 0 ? null",
        replace:
          "  return unended.length === 0 || view.world.now.monotonicMs - begun.sinceMs >= CANCEL_WAIT_MS ? null",
      },
      // The count of what sells still hold would make it harmless.
      {
        file: "src/domain/account/free_shares.ts",
        find: "filter((group) => !isBoundGroup(group))",
        replace: "filter((group) => !isBoundGroup(group) && !group.isLeaving)",
      },
    ],
  },
  {
    issue: 4,
    name: "the first cycle after a start does not protect",
    edits: [{
      file: "src/engine/cycle.ts",
      find: "    await carryOut(engine, { gate: decision, fresh });",
      replace:
        '  const isFirst = engine.state.lastCycleAtMs === null || engine.equitySaid === null || !engine.fillsSaid.has("__");\n  engine.fillsSaid.set("__", 1);\n  if (!isFirst) await carryOut(engine, { gate: decision, fresh });',
    }],
  },
  {
    issue: 4,
    name: "the stop is not raised to the pivot at R1",
    edits: [
      {
        file: "src/domain/exit/exit_rules.ts",
        find: "floorUsd: ({ pivotUsd }: ExitLevels) => pivotUsd,",
        replace: "floorUsd: ({ stopUsd }: ExitLevels) => stopUsd,",
      },
    ],
  },
  {
    issue: 4,
    name: "the stop does not trail after R2",
    edits: [
      {
        file: "src/domain/exit/decide_exit.ts",
        find: "  return Math.max(position.stopUsd, position.highWaterUsd - moveUsd / 2);",
        replace: "  return moveUsd > 0 ? position.stopUsd : position.highWaterUsd;",
      },
    ],
  },
  {
    issue: 4,
    name: "no trim at R2",
    edits: [
      {
        file: "src/domain/exit/exit_rules.ts",
        find: "levelUsd: ({ r2Usd }: ExitLevels) => r2Usd,",
        replace: "levelUsd: ({ r2Usd }: ExitLevels) => 1e9 * r2Usd,",
      },
    ],
  },
  {
    issue: 4,
    name: "stops that are not ours are cancelled as orphans",
    edits: [
      {
        file: "src/domain/plan/orphans.ts",
        find: "    isStopOrder(order) && !isFinal",
        replace: "    !isFlatten(order.clientOrderId) && !isFinal",
      },
      {
        file: "src/domain/plan/orphans.ts",
        find: "    const positionId = findOwner(sight, order);",
        replace: "    const positionId = findOwner(sight, order) ?? order.clientOrderId;",
      },
      {
        file: "src/domain/plan/orphans.ts",
        find: "isOfClosed || (isOurs(order.clientOrderId) && isGone(look, symbol));",
        replace: "look !== null;",
      },
    ],
  },
  {
    issue: 3,
    name: "no alert for a position without stop",
    edits: [
      {
        file: "src/engine/standing_alarms.ts",
        find: "engine.logError(`${what} ${symbol}",
        replace: "engine.ports.log.info(`${what} ${symbol}",
      },
    ],
  },
  {
    issue: 4,
    name: "open orders that can't be read count as none",
    edits: [
      {
        file: "src/engine/asking.ts",
        find: '  if (open.kind === "failed") return open;',
        replace:
          '  if (open.kind === "failed") {\n    engine.putBook(new Map());\n    return { kind: "ok", value: [], atMonotonicMs: 0 };\n  }',
      },
    ],
  },
  {
    issue: 4,
    name: "every exit is exempt from the gate",
    edits: [
      {
        file: "src/engine/send.ts",
        find: '  if (permit.kind === "exit_rest") {',
        replace: '  if (permit.kind === "exit_rest" || order.op !== "bracket") {',
      },
    ],
  },
  {
    issue: 4,
    name: "what the broker does not show yet is not there",
    edits: [
      {
        file: "src/engine/asker.ts",
        find: 'asker.putBook(noteUnshown(asker.book, orderId, kind === "unknown"));',
        replace:
          "asker.putBook(new Map([...noteUnshown(asker.book, orderId, true)].filter(([, each]) => each.isShown)));",
      },
    ],
  },
  {
    issue: 3,
    name: "a change whose answer was lost leaves again by itself",
    edits: [
      {
        file: "src/broker/request_sender.ts",
        find: '      const answer = { kind: "failed", failure } as const;',
        replace:
          "      const answer = await this.#exchange(call.method, call.path, call.body, allowedMs);",
      },
    ],
  },
  {
    issue: 4,
    name: "nobody is told of shares that are bare at night",
    edits: [
      {
        file: "src/engine/standing_alarms.ts",
        find: "  for (const alarm of alarms) say(engine, alarm, context);",
        replace:
          "  for (const alarm of context.isClosed ? [] : alarms) say(engine, alarm, context);",
      },
    ],
  },
  {
    issue: 4,
    name: "nobody is told of what waits in a session",
    edits: [
      {
        file: "src/engine/standing_alarms.ts",
        find: "  for (const alarm of alarms) say(engine, alarm, context);",
        replace:
          "  for (const alarm of context.isClosed ? alarms : []) say(engine, alarm, context);",
      },
    ],
  },
  {
    issue: 4,
    name: "nobody is told of what no order explains",
    edits: [
      {
        file: "src/engine/standing_alarms.ts",
        find: "  for (const alarm of alarms) say(engine, alarm, context);",
        replace:
          '  for (const alarm of alarms.filter(({ cause }) => cause !== "split")) say(engine, alarm, context);',
      },
    ],
  },
];

/** As `TRACKS` of `mutations.ts`. */
export const AUDIT_TRACKS: Readonly<
  Record<string, readonly [families: readonly Family[], seed: number]>
> = {
  "the cycle that rebuilds a missing ledger goes LIVE": [["files"], 1],
  "foreign positions do not block entries": [["account"], 1],
  "ledger of another account is used": [["files", "operator"], 1],
  "rejected twice is tried again": [["refusals"], 1],
  "five rejections in a row are tried again": [["refusals"], 1],
  "a kill switch that can't be read is off": [["disk", "operator"], 1],
  "unresolved sells are dropped at the day roll": [["net", "crash"], 1],
  "a split is taken as a change": [["account"], 1],
  "known stops are not raised at a restart": [["crash"], 1],
  "orphan stops are not cancelled": [["account"], 1],
  "cancel timeout is treated as final": [["cancels"], 1],
  "the first cycle after a start does not protect": [["crash"], 1],
  "stops that are not ours are cancelled as orphans": [["account"], 1],
  "no alert for a position without stop": [["operator"], 1],
  "open orders that can't be read count as none": [["outage", "net"], 1],
  "every exit is exempt from the gate": [["files", "net"], 1],
  "what the broker does not show yet is not there": [["mood"], 1],
  "a change whose answer was lost leaves again by itself": [["net"], 1],
  "nobody is told of shares that are bare at night": [["night"], 1],
  "nobody is told of what waits in a session": [["refusals"], 1],
  "nobody is told of what no order explains": [["corporate"], 1],
};
