import type { TestedBug } from "../simulation/tested_bug.ts";

/** A deliberate bug that the exploration must catch. */
export type ExploredBug = Pick<TestedBug, "name" | "edits">;

/** Mistakes of the planner that money would pay for: each has a shortest story in the small bound. */
export const EXPLORED_BUGS: readonly ExploredBug[] = [
  {
    name: "a fill is forgotten",
    edits: [{
      file: "src/domain/account/order_book.ts",
      find: "const filled = seen.filledQty >= known.filledQty ? seen : known;",
      replace: "const filled = known;",
    }],
  },
  {
    name: "a stop for doubtful shares",
    edits: [{
      file: "src/domain/account/share_count.ts",
      find: "Math.max(0, floorQty(least - doubtfulQty))",
      replace: "Math.max(0, floorQty(least))",
    }],
  },
  {
    name: "no second look after a cancel",
    edits: [{
      file: "src/domain/plan/give_way.ts",
      find: "return unended.length === 0 ? null",
      replace: "return unended.length < 99 ? null",
    }, {
      file: "src/domain/account/free_shares.ts",
      find: "filter((group) => !isBoundGroup(group))",
      replace: "filter((group) => !isBoundGroup(group) && !group.isLeaving)",
    }],
  },
  {
    name: "replace is tried for ever",
    edits: [{
      file: "src/domain/plan/view.ts",
      find: `return isReplaceRefused(sight.book, orderId) ||
    (isOfCycle && unreplaceable.orderId === orderId);`,
      replace: 'return isOfCycle && isReplaceRefused(sight.book, "");',
    }],
  },
  {
    name: "a stop is placed before the cancel is final",
    edits: [{
      file: "src/domain/account/free_shares.ts",
      find: "filter((group) => !isBoundGroup(group))",
      replace: "filter((group) => !isBoundGroup(group) && !group.isLeaving)",
    }],
  },
  {
    name: "begun is not closed by an objection",
    edits: [{
      file: "src/domain/plan/settle.ts",
      find: `    begun: endBegun(about, clientOrderId),
  };`,
      replace: `    begun: about.underWay.begun,
  };`,
    }],
  },
  {
    name: "a mandate is carried into the next cycle",
    edits: [{
      file: "src/domain/plan/view.ts",
      find:
        "return begun.processId === now.processId && begun.cycleStartedAtMs === turn.cycleStartedAtMs;",
      replace: "return begun.processId === now.processId && turn.cycleStartedAtMs > 0;",
    }],
  },
  {
    name: "a leaving order protects",
    edits: [{
      file: "src/domain/order/protection.ts",
      find: 'return (group.standing === "works" || group.standing === "selling") &&',
      replace: 'return ["works", "selling", "leaving"].includes(group.standing) &&',
    }],
  },
  {
    name: "a wait has no since",
    edits: [{
      file: "src/domain/account/standing.ts",
      find: "bareSinceMs: bareQty > 0 ? findBareSince(inputs,",
      replace: "bareSinceMs: bareQty < 0 ? findBareSince(inputs,",
    }],
  },
  {
    name: "a since begins anew at each rest",
    edits: [{
      file: "src/domain/account/standing.ts",
      find: "bareSinceMs: bareQty > 0 ? findBareSince(inputs,",
      replace: "bareSinceMs: bareQty > 0 ? findBareSince({ ...inputs, before: undefined },",
    }],
  },
  {
    name: "a trim is done when it was sent",
    edits: [{
      file: "src/domain/plan/settle.ts",
      find: '{ ...unknown, isIdTaken: answer.kind === "duplicate" },',
      replace: `{ ...unknown, isIdTaken: answer.kind === "duplicate" },
          ...(isExitReason(entry.reason)
            ? [{ kind: "position", position: markTrimmed(about.position, entry.reason) } as const]
            : []),`,
    }],
  },
  {
    name: "the stop is lowered after a trim",
    edits: [{
      file: "src/domain/exit/decide_exit.ts",
      find: "[flag]: true, stopUsd };",
      replace: "[flag]: true, stopUsd: 2 * position.pivotUsd - position.r1Usd };",
    }],
  },
  {
    name: "an entry that is partly filled is waited for without an end",
    edits: [{
      file: "src/domain/entry/entry_end.ts",
      find:
        `return nowMs >= untilMs ? { kind: "cancel", why: "partly filled" } : { kind: "wait", untilMs };`,
      replace: `return { kind: "wait", untilMs };`,
    }],
  },
  {
    name: "an entry is ended with no stop on record for what it bought",
    edits: [{
      file: "src/domain/plan/entry.ts",
      find: "const stop = qty > 0 ? buildStopRecord(view, facts) : null;",
      replace: "const stop = qty > 99 ? buildStopRecord(view, facts) : null;",
    }],
  },
  {
    name: "a sell that is not found a second time is absent, whatever was said to its repeat",
    edits: [{
      file: "src/domain/plan/resolve.ts",
      find: "sendings < SENDINGS_MAX ? sendAgain(view, permit, entry) : null;",
      replace: `sendings < SENDINGS_MAX
      ? sendAgain(view, permit, entry)
      : record([{ kind: "not_sent", clientOrderId }]);`,
    }],
  },
];
