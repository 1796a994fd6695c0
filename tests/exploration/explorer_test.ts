import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import type { Client } from "./client.ts";
import type { Bound } from "./edge.ts";
import { Counterexample, Explorer } from "./explorer.ts";
import type { Budget } from "./remainder.ts";
import { type SmallBug, SmallPlanner, type SmallState } from "./small_planner.ts";

function explore(bug: SmallBug | null, budget: Budget): Explorer<SmallState> {
  const bound: Bound = {
    name: "test",
    budget,
    levels: [1, 3, 4],
    hands: { stop: 1, limit: 5 },
    countLeft: () => Infinity,
  };
  const explorer = new Explorer(new SmallPlanner(bug), bound);
  while (explorer.advance(10_000));
  explorer.checkProgress();
  return explorer;
}

function findCounterexample(bug: SmallBug, budget: Budget): Counterexample | null {
  try {
    explore(bug, budget);
    return null;
  } catch (error) {
    if (error instanceof Counterexample) return error;
    throw error;
  }
}

const PRICE: Budget = { price: 2 };
const CRASH: Budget = { price: 1, crash: 2 };
const CROSS: Budget = { price: 1, cross: 1, partial: 1 };
const LOSS: Budget = { price: 1, loss: 1 };
const SWITCH: Budget = { price: 1, switch: 2 };

for (const budget of [PRICE, CRASH, CROSS, LOSS, SWITCH]) {
  Deno.test(`a planner without a mistake keeps every property within ${JSON.stringify(budget)}`, () => {
    const { figures } = explore(null, budget);
    assert(figures.states > 500, `${figures.states} states are too few to mean anything`);
    assertEquals(explore(null, budget).figures, figures, "the same states in the same sequence");
  });
}

/** What each mistake is found by, and how many lines its shortest story has. */
const BUGS: readonly {
  readonly bug: SmallBug;
  readonly budget: Budget;
  readonly property: string;
  readonly lines: number;
}[] = [
  {
    bug: "sells before the cancel is final",
    budget: PRICE,
    property: "it asks for more shares than there are: 4 held, 4 reserved",
    lines: 7,
  },
  {
    bug: "forgets what it sold",
    budget: PRICE,
    property: "it asks for more shares than there are: 2 held, 0 reserved",
    lines: 7,
  },
  {
    bug: "stops doubtful shares",
    budget: LOSS,
    property: "2 shares are on sale, and 0 are held",
    lines: 11,
  },
  {
    bug: "rests in silence",
    budget: PRICE,
    property: "it rests in silence, and 2 shares are bare",
    lines: 5,
  },
  {
    bug: "forgets that it is bare",
    budget: CRASH,
    property: "no good end when the broker is prompt",
    lines: 4,
  },
  {
    bug: "records after it sent",
    budget: {},
    property: "it sends what is not on record",
    lines: 2,
  },
  {
    bug: "waits for ever",
    budget: LOSS,
    property: "4 shares are on sale, and 0 are held",
    lines: 7,
  },
];
for (const { bug, budget, property, lines } of BUGS) {
  Deno.test(`a planner that ${bug} is found out`, () => {
    const found = findCounterexample(bug, budget);
    assertStringIncludes(found?.property ?? "nothing", property);
    assertEquals(found?.story.length, lines, `the shortest story:\n${found?.message}`);
  });
}

Deno.test("a client that never comes to rest is a counterexample, too", () => {
  const planner = new SmallPlanner(null);
  const restless: Client<SmallState> = {
    ...planner,
    begins: planner.begins,
    decide: (client, outside) => {
      const step = planner.decide(client, outside);
      const next = { ...client, looks: client.looks + 1 };
      return step.do === "rest" ? { do: "record", next } : step;
    },
  };
  const bound: Bound = {
    name: "test",
    budget: {},
    levels: [],
    hands: { stop: 1, limit: 5 },
    countLeft: () => Infinity,
  };
  const explorer = new Explorer(restless, bound);
  let found: Counterexample | null = null;
  try {
    while (explorer.advance(10_000));
  } catch (error) {
    if (error instanceof Counterexample) found = error;
  }
  assertEquals(found?.property, "it comes to no end");
});
