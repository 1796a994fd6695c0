import { describeWait, objectToWait, type RebuildWait } from "../../src/domain/rebuild_wait.ts";
import { assert, assertEquals } from "../assert.ts";

const MESSAGE = 'Cannot read "/state/x": input/output error of the device';
const NONE = { invalidConfiguration: null, ledgerProblem: null, positionsProblem: null };

const waits: {
  readonly what: string;
  readonly wait: RebuildWait;
  readonly objection: Partial<ReturnType<typeof objectToWait>>;
  readonly names: string;
}[] = [
  {
    what: "a ledger that can't be read",
    wait: { kind: "ledger", problem: "ledger unreadable", message: MESSAGE },
    objection: { ledgerProblem: "ledger unreadable" },
    names: MESSAGE,
  },
  {
    what: "a ledger that is wrong",
    wait: { kind: "ledger", problem: "ledger invalid", message: MESSAGE },
    objection: { ledgerProblem: "ledger invalid" },
    names: MESSAGE,
  },
  {
    what: "a state that can't be read",
    wait: { kind: "state", message: MESSAGE },
    objection: { ledgerProblem: "state unreadable" },
    names: MESSAGE,
  },
  {
    what: "a state of another format",
    wait: { kind: "newer", message: MESSAGE },
    objection: { invalidConfiguration: "execution_state.json" },
    names: MESSAGE,
  },
  {
    what: "an archive that can't be read",
    wait: { kind: "archive", message: MESSAGE },
    objection: { ledgerProblem: "archive unreadable" },
    names: MESSAGE,
  },
  {
    what: "another account's archive",
    wait: { kind: "foreign", file: "archive/live_orders_2026-11-20.json" },
    objection: { invalidConfiguration: "ALPACA_PAPER" },
    names: "archive/live_orders_2026-11-20.json",
  },
  ...(["http", "timeout", "network", "malformed"] as const).map((failure) => ({
    what: `positions (${failure})`,
    wait: { kind: "positions", failure, message: MESSAGE } as const,
    objection: { positionsProblem: failure },
    names: MESSAGE,
  })),
  {
    what: "the account",
    wait: { kind: "broker", what: "account", message: MESSAGE },
    objection: { ledgerProblem: "broker unreachable" },
    names: "account",
  },
  {
    what: "a state that can't be written",
    wait: { kind: "disk", record: "execution_state.json", message: MESSAGE },
    objection: { ledgerProblem: "state unreadable" },
    names: MESSAGE,
  },
  {
    what: "a row of ours that can't be read",
    wait: { kind: "row", message: MESSAGE },
    objection: { ledgerProblem: "broker unreachable" },
    names: MESSAGE,
  },
  {
    what: "two clocks that differ",
    wait: { kind: "clock", message: MESSAGE },
    objection: { ledgerProblem: "ledger invalid" },
    names: MESSAGE,
  },
];
for (const { what, wait, objection, names } of waits) {
  Deno.test(`a rebuild that waits for ${what} gives the gate that input's reason, and says it`, () => {
    assertEquals(objectToWait(wait), { ...NONE, ...objection });
    const { detail, remedy } = describeWait(wait);
    assert(detail.includes(names), detail);
    assert(remedy !== "");
  });
}

Deno.test("each thing that a rebuild waits for is a cause of its own", () => {
  const causes = waits.map(({ wait }) => describeWait(wait).cause);
  // A positions read that fails in another way is the same outage.
  assertEquals(new Set(causes).size, waits.length - 3);
});

Deno.test("a ledger that can't be written is the ledger's problem, not the state's", () => {
  const wait = { kind: "disk", record: "live_orders_today.json", message: MESSAGE } as const;
  assertEquals(objectToWait(wait), { ...NONE, ledgerProblem: "ledger unreadable" });
});

Deno.test("a rebuild that waits for nothing objects to nothing", () => {
  assertEquals(objectToWait(null), NONE);
});
