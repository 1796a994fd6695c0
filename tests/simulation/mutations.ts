import { AUDIT_BUGS, AUDIT_TRACKS } from "./audit_mutations.ts";
import type { Family } from "./families.ts";

/** One deliberate bug: texts of the source and what to put in their place, and a seed near which it shows. */
export interface Mutation {
  readonly name: string;
  /** The issue whose promise it breaks. */
  readonly issue: 3 | 4;
  readonly edits: readonly {
    readonly file: string;
    readonly find: string;
    readonly replace: string;
  }[];
  readonly seed: number;
  /** The kinds of trouble in which it shows soonest. */
  readonly families: readonly Family[];
}

/** One without its track. */
export type Bug = Omit<Mutation, "seed" | "families">;

function edit(
  issue: 3 | 4,
  name: string,
  file: string,
  texts: { readonly find: string; readonly replace: string },
): Bug {
  return { name, issue, edits: [{ file: `src/${file}`, ...texts }] };
}

const BUGS: readonly Bug[] = [
  edit(3, "the entry leaves before its record", "engine/plan_leave.ts", {
    find: "  const made = await makeDurable(run, step, prepared);",
    replace:
      '  const made = request.op === "bracket" ? { kind: "made" as const, entries: [] } : await makeDurable(run, step, prepared);',
  }),
  edit(3, "the directory is not synced after a rename", "state/durable_file.ts", {
    find: "    throw error;\n  }\n  await fs.syncDir(parentOf(path));",
    replace: "    throw error;\n  }",
  }),
  edit(3, "the new file is not synced before the rename", "state/durable_file.ts", {
    find: "Promise<void> {\n  try {\n    await file.write(bytes);\n    await file.sync();",
    replace: "Promise<void> {\n  try {\n    await file.write(bytes);",
  }),
  edit(3, "the kill switch is read once per cycle", "engine/gate_reader.ts", {
    find: "isKillSwitchFile: await operatorFiles.isKillSwitchOn(),",
    replace: 'isKillSwitchFile: engine.killSwitchSeen === "file",',
  }),
  edit(3, "the gate is not asked again before the request", "engine/send.ts", {
    find: "formatGateReason(reason);\n  }\n  const { decision } = await readGate(engine);",
    replace:
      "formatGateReason(reason);\n  }\n  if (engine.isStateLoaded) return null;\n  const { decision } = await readGate(engine);",
  }),
  edit(3, '"not found" is believed at once', "domain/entry/absence.ts", {
    find: "  if (nowMs < deadlineAtMs) return same;",
    replace: "  if (nowMs < deadlineAtMs) return { ...same, isAbsent: true };",
  }),
  edit(3, "the caps count fills", "domain/order/ledger.ts", {
    find: 'return isEntryRecord(entry) && entry.status !== "rejected";',
    replace: 'return entry.side === "buy" && (entry.broker?.filledQty ?? 0) > 0;',
  }),
  edit(3, "an order that the ledger lacked is only said", "domain/order/reconcile.ts", {
    find: "      entries: [...entries, ...added.map(({ entry }) => entry)],",
    replace: "      entries: [...entries],",
  }),
  edit(3, "an old list is as good as a fresh one", "domain/entry/watchlist_step.ts", {
    find: "  if (dateNy !== todayNy) {",
    replace: '  if (dateNy !== todayNy && dateNy === "") {',
  }),
  {
    issue: 3,
    name: "client and event log keep what they are given",
    edits: [
      {
        file: "src/state/event_log.ts",
        find: "  const redact = buildRedact(options.secrets);",
        replace: "  const redact = buildRedact([]);",
      },
      {
        file: "src/broker/alpaca_client.ts",
        find: "  const redact = buildRedact([keyId, secretKey]);",
        replace: "  const redact = buildRedact([]);",
      },
    ],
  },
  edit(4, "the sell leaves before the cancel is final", "domain/plan/give_way.ts", {
    find: "  return unended.length === 0 ? null",
    replace: "  return unended.length < 1_000 ? null",
  }),
  edit(4, "the stop for the rest is for all shares", "domain/plan/place.ts", {
    find: "  const qty = Math.min(mostQty, view.availableQty);",
    replace: "  const qty = Math.min(mostQty, view.count?.sureQty ?? 0);",
  }),
  edit(4, "a trim is marked done when it was decided", "domain/plan/exit.ts", {
    find: '  if (sellQty === 0 || exitRecord === "done") {',
    replace: '  if (sellQty === 0 || exitRecord !== "none") {',
  }),
  {
    issue: 4,
    name: "the stop follows the price down",
    edits: [
      {
        file: "src/domain/exit/decide_exit.ts",
        find: "isTrailing ? trail({ ...position, stopUsd, highWaterUsd }) : stopUsd;",
        replace: "isTrailing ? priceUsd - moveUsd / 2 : stopUsd;",
      },
      {
        file: "src/domain/plan/protection_step.ts",
        find: "(order.stopPriceUsd ?? 0) < position.stopUsd &&",
        replace: "order.stopPriceUsd !== position.stopUsd &&",
      },
    ],
  },
  edit(4, "the stop for the rest is not on record first", "domain/plan/exit.ts", {
    find: "stop: restQty > 0 ? buildSellRecord(",
    replace: "stop: restQty > 1e9 ? buildSellRecord(",
  }),
  edit(4, "day legs are left to die with the day", "domain/plan/protection_step.ts", {
    find: "  if (isGtcNeeded && countGtcCovered(groups, leastUsd) < qty) {",
    replace: "  if (isGtcNeeded && countGtcCovered(groups, leastUsd) < 0) {",
  }),
  edit(4, "a stop is a day order", "broker/trading_changes.ts", {
    find: '        time_in_force: "gtc",',
    replace: '        time_in_force: "day",',
  }),
  edit(4, "a split position is sold", "domain/account/position_shares.ts", {
    find: "shares.isExplained && position.unexplainedQty === null &&\n    position.qty !== null &&",
    replace: "\n    position.qty !== null &&",
  }),
  edit(4, "no stop for the rest", "domain/plan/give_way.ts", {
    find: "  return stopQty > 0 ? placeStop(",
    replace: "  return stopQty > 1e9 ? placeStop(",
  }),
  {
    issue: 4,
    name: "an exit sent again has a new id",
    edits: [{
      file: "src/domain/plan/sell_record.ts",
      find: "isUnused || isSameShares ? attempt : attempt + 1",
      replace: "attempt + 1",
    }],
  },
  edit(4, "held legs are no protection", "domain/order/protection.ts", {
    find: '.filter((each) => each.side === "sell" && !isFinal(each));',
    replace:
      '.filter((each) => each.side === "sell" && !isFinal(each) && each.status !== "held" && each.type !== "limit");',
  }),
  edit(4, "a half filled entry is left alone", "domain/entry/entry_end.ts", {
    find: "export const PARTIAL_MAX_MS = 60_000;",
    replace: "export const PARTIAL_MAX_MS = 60_000_000;",
  }),
];

/** By name: where a bug shows, and from which seed on; one that is not here shows in every calm day. */
const TRACKS: Readonly<Record<string, readonly [families: readonly Family[], seed: number]>> = {
  "the directory is not synced after a rename": [["crash"], 1],
  "the new file is not synced before the rename": [["crash"], 1],
  "the kill switch is read once per cycle": [["operator"], 1],
  "the gate is not asked again before the request": [["operator", "files"], 1],
  '"not found" is believed at once': [["net"], 1],
  "an order that the ledger lacked is only said": [["files"], 1],
  "an old list is as good as a fresh one": [["operator"], 1],
  "client and event log keep what they are given": [["net"], 1],
  "a trim is marked done when it was decided": [["net", "mood"], 1],
  "a split position is sold": [["account"], 1],
  "an exit sent again has a new id": [["net"], 1],
  "a half filled entry is left alone": [["fills"], 1],
};

/** The deliberate bugs that the simulation must catch (issues 3 and 4, "mutation proof"). */
export const MUTATIONS: readonly Mutation[] = [...BUGS, ...AUDIT_BUGS].map((bug) => {
  const [families, seed] = TRACKS[bug.name] ?? AUDIT_TRACKS[bug.name] ?? [[], 1];
  return { ...bug, families, seed };
});
