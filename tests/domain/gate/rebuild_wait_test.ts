import {
  describeWait,
  isOfBroker,
  objectToWait,
  type RebuildWait,
  waitForAnswer,
  waitForOwn,
} from "../../../src/domain/gate/rebuild_wait.ts";
import { assert, assertEquals } from "../../assert.ts";

const MESSAGE = 'Cannot read "/state/x": input/output error of the device';

const waits: {
  readonly what: string;
  readonly wait: RebuildWait;
  readonly objection: ReturnType<typeof objectToWait>;
  readonly names: string;
}[] = [
  {
    what: "a ledger that can't be read",
    wait: { kind: "ledger unreadable", message: MESSAGE },
    objection: { ledgerProblem: "ledger unreadable" },
    names: MESSAGE,
  },
  {
    what: "a ledger that is wrong",
    wait: { kind: "ledger invalid", message: MESSAGE },
    objection: { ledgerProblem: "ledger invalid" },
    names: MESSAGE,
  },
  {
    what: "a state that can't be read",
    wait: { kind: "state unreadable", message: MESSAGE },
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
    wait: { kind: "archive unreadable", message: MESSAGE },
    objection: { ledgerProblem: "archive unreadable" },
    names: MESSAGE,
  },
  {
    what: "another account's archive",
    wait: waitForOwn("archive/live_orders_2026-11-20.json"),
    objection: { invalidConfiguration: "ALPACA_PAPER" },
    names: "archive/live_orders_2026-11-20.json",
  },
  ...(["http", "timeout", "network", "malformed"] as const).map((failure) => ({
    what: `positions (${failure})`,
    wait: waitForAnswer("positions", { failure, message: MESSAGE }),
    objection: { positionsProblem: failure },
    names: MESSAGE,
  })),
  {
    what: "the account",
    wait: waitForAnswer("account", { failure: "timeout", message: MESSAGE }),
    objection: { ledgerProblem: "broker unreachable" },
    names: "account",
  },
  {
    what: "a state that can't be written",
    wait: { kind: "state disk", message: MESSAGE },
    objection: { ledgerProblem: "state unreadable" },
    names: MESSAGE,
  },
  {
    what: "a ledger that can't be written",
    wait: { kind: "ledger disk", message: MESSAGE },
    objection: { ledgerProblem: "ledger unreadable" },
    names: MESSAGE,
  },
  {
    what: "a row of ours that can't be read",
    wait: { kind: "row", what: MESSAGE, message: MESSAGE },
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
    assertEquals(objectToWait(wait), objection);
    assert(wait.message.includes(names), wait.message);
    assert(describeWait(wait).remedy !== "");
  });
}

Deno.test("each thing that a rebuild waits for is a cause of its own", () => {
  const causes = waits.map(({ wait }) => describeWait(wait).cause);
  // A positions read that fails in another way is the same outage.
  assertEquals(new Set(causes).size, waits.length - 3);
});

Deno.test("only what the broker did not answer is said as a trouble of its own", () => {
  assertEquals(waits.filter(({ wait }) => isOfBroker(wait)).map(({ what }) => what), [
    "positions (http)",
    "positions (timeout)",
    "positions (network)",
    "positions (malformed)",
    "the account",
    "a row of ours that can't be read",
  ]);
});

Deno.test("a rebuild that waits for nothing objects to nothing", () => {
  assertEquals(objectToWait(null), {});
});
