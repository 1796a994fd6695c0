import type { TestedBug } from "../tested_bug.ts";

/** Bugs of the day's loss limit (interface, `MAX_LIVE_LOSS_PER_DAY`). */
export const LOSS_BUGS: readonly TestedBug[] = [
  {
    name: "a day's loss exactly at its limit denies nothing",
    edits: [{
      file: "src/domain/day_loss.ts",
      find: "toValueMicros(1, resultUsd) > -toValueMicros(1, limitUsd)",
      replace: "toValueMicros(1, resultUsd) >= -toValueMicros(1, limitUsd)",
    }],
    tests: ["tests/domain/day_loss_test.ts"],
  },
  {
    name: "a loss limit that was reached is forgotten when the price comes back",
    edits: [{
      file: "src/domain/day_loss.ts",
      find: "if (onRecord?.dateNy === dateNy) return",
      replace: 'if (onRecord?.dateNy === "") return',
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
  {
    name: "a loss limit of yesterday ends the entries of today",
    edits: [{
      file: "src/domain/day_loss.ts",
      find: "if (onRecord?.dateNy === dateNy) return",
      replace: "if (onRecord !== null) return",
    }],
    tests: ["tests/domain/day_loss_test.ts"],
  },
  {
    name: "a day result that is not known counts as no loss",
    edits: [{
      file: "src/domain/caps.ts",
      find: 'if (loss.kind === "unknown") return',
      replace: 'if (loss.kind === "unknown" && loss.why === "") return',
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
  {
    name: "entries that are not filled stay at work when the loss limit is reached",
    edits: [{
      file: "src/domain/entry_end.ts",
      find: 'if (isLossReached) return { kind: "cancel", why: "daily loss" };',
      replace: "",
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
  {
    name: "what was lost since the cycle looked is not held against the limit",
    edits: [{
      file: "src/engine/entries.ts",
      find: "  engine.dayLoss = await readDayLoss(engine);",
      replace: "",
    }],
    tests: ["tests/engine/day_loss_test.ts"],
  },
];
