import type { TestedBug } from "../tested_bug.ts";

/** Bugs of the day's loss limit (interface, `MAX_LIVE_LOSS_PER_DAY`). */
export const LOSS_BUGS: readonly TestedBug[] = [
  {
    name: "a day's loss exactly at its limit denies nothing",
    edits: [{
      file: "src/domain/account/day_loss.ts",
      find: "toValueMicros(1, resultUsd) > -toValueMicros(1, limitUsd)",
      replace: "toValueMicros(1, resultUsd) >= -toValueMicros(1, limitUsd)",
    }],
    tests: ["tests/domain/account/day_loss_test.ts"],
  },
  {
    name: "a loss limit that was reached is forgotten when the price comes back",
    edits: [{
      file: "src/domain/account/day_loss.ts",
      find: "if (onRecord?.dateNy === dateNy) return",
      replace: 'if (onRecord?.dateNy === "") return',
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
  {
    name: "a loss limit of yesterday ends the entries of today",
    edits: [{
      file: "src/domain/account/day_loss.ts",
      find: "if (onRecord?.dateNy === dateNy) return",
      replace: "if (onRecord !== null) return",
    }],
    tests: ["tests/domain/account/day_loss_test.ts"],
  },
  {
    name: "a day result that is not known counts as no loss",
    edits: [{
      file: "src/domain/gate/caps.ts",
      find: 'if (loss.kind === "unknown") return',
      replace: 'if (loss.kind === "unknown" && loss.why === "") return',
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
  {
    name: "entries that are not filled stay at work when the loss limit is reached",
    edits: [{
      file: "src/domain/entry/entry_end.ts",
      find: 'if (isLossReached) return { kind: "cancel", why: "daily loss" };',
      replace: "",
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
  {
    name: "what was lost since the cycle looked is not held against the limit",
    edits: [{
      file: "src/engine/entry_desk.ts",
      find: "      engine.dayLoss = await readDayLoss(engine);",
      replace: "",
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
  {
    name: "what a trail lacks that could not be written is no loss",
    edits: [{
      file: "src/engine/day_loss.ts",
      find: "if (!await recordFills(engine) || !await recordEquity(engine)) return null;",
      replace: "await recordFills(engine);\n  await recordEquity(engine);",
    }],
    tests: ["tests/engine/day_loss_sources_test.ts"],
  },
  {
    name: "a fill that could not be recorded is not recorded again",
    edits: [{
      file: "src/engine/fills.ts",
      find:
        "    if (await engine.event(event)) engine.fillsSaid.set(order.orderId, order.filledQty);",
      replace: "    engine.fillsSaid.set(order.orderId, order.filledQty);\n" +
        "    if (await engine.event(event)) continue;",
    }],
    tests: ["tests/engine/day_loss_sources_test.ts"],
  },
  {
    name: "a day that begins as the last one ended has no look of its own",
    edits: [{
      file: "src/engine/equity.ts",
      find: "JSON.stringify([dateNy, equityUsd, held])",
      replace: "JSON.stringify([equityUsd, held])",
    }],
    tests: ["tests/engine/day_loss_sources_test.ts"],
  },
  {
    name: "an absent position has lost nothing",
    edits: [{
      file: "src/domain/day/day_start.ts",
      find: '  ["absent", "absent"],\n',
      replace: "",
    }],
    tests: ["tests/domain/day/day_holdings_test.ts"],
  },
  {
    name: "shares bought today and adopted count from the previous close",
    edits: [{
      file: "src/domain/day/day_start.ts",
      find: 'boughtQty: isSaid ? readNumber(event, "bought_today_qty") : 0,',
      replace: "boughtQty: isSaid ? 0 : null,",
    }],
    tests: ["tests/domain/day/day_holdings_test.ts"],
  },
  {
    name: "a loss limit that was reached is in no copy of the records",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: "lastCycleAtMs, mismatches, dayLoss }",
      replace: "lastCycleAtMs, mismatches }",
    }],
    tests: ["tests/engine/day_loss_sources_test.ts"],
  },
  {
    name: "a flatten sells the engine's shares first",
    edits: [{
      file: "src/domain/day/account_looks.ts",
      find: 'if (reason !== "other" && reason !== "flatten") return qty;',
      replace: 'if (reason !== "other") return qty;',
    }],
    tests: ["tests/domain/day/day_holdings_test.ts"],
  },
];
