import { assert } from "../assert.ts";
import { Prng } from "../simulation/prng.ts";
import type { Behaviour } from "../simulator/behaviour.ts";
import { REPLACE_FAULTS } from "../simulator/wording.ts";
import { AutomatonBench } from "./automaton_bench.ts";
import type { AskStep, CaseStep } from "./bench.ts";
import type { Change, Habits } from "./broker_state.ts";
import { isQuestion, type Question } from "./broker_answers.ts";
import { SimulatorBench } from "./simulator_bench.ts";

const RUNS = 600;
const STEPS = 12;
const IDS = ["a", "b", "c", "d", "e", "f"];

/** A step before its answer is known, which is the simulator's to give. */
type Try = Exclude<CaseStep, AskStep> | Omit<AskStep, "is">;

function drawChange(chance: Prng): Change {
  const id = chance.whole(1, 4);
  const qty = chance.whole(1, 4);
  const level = chance.whole(1, 4);
  const clientOrderId = chance.pick(IDS);
  switch (chance.pick(["sell", "stop", "bracket", "cancel", "cancel", "replace"] as const)) {
    case "sell":
      return { kind: "sell", clientOrderId, qty };
    case "stop":
      return { kind: "stop", clientOrderId, qty, level };
    case "bracket":
      return { kind: "bracket", clientOrderId, qty, takeLevel: 5, stopLevel: 1 };
    case "cancel":
      return { kind: "cancel", id };
    case "replace":
      return { kind: "replace", id, clientOrderId, ...chance.isHit(0.5) ? { qty } : { level } };
  }
}

function drawTry(chance: Prng): Try {
  const roll = chance.uniform();
  if (roll < 0.2) return { pass: true };
  if (roll < 0.35) return { price: chance.whole(1, 5) };
  if (roll < 0.4) return { market: "closes" };
  const ask = drawChange(chance);
  if (!chance.isHit(0.15)) return { ask };
  return { ask, loss: chance.pick(["before", "after", "late"] as const) };
}

/** A market that closes opens again; nothing trades while it is closed. */
function drawStory(chance: Prng): Try[] {
  const tries: Try[] = [{ held: chance.pick([0, 4]) }, { ask: drawChange(chance) }];
  let [isOpen, days, isLate] = [true, 0, false];
  for (let at = 0; at < STEPS; at++) {
    const drawn = drawTry(chance);
    // The automaton has room for one request under way at a time.
    const next = "ask" in drawn && drawn.loss === "late" && isLate ? { ask: drawn.ask } : drawn;
    if ("ask" in next) isLate ||= next.loss === "late";
    if ("market" in next && isOpen && days < 2) {
      isOpen = false;
      days++;
      tries.push(next);
    } else if (!isOpen && chance.isHit(0.3)) {
      isOpen = true;
      tries.push({ market: "opens" });
    } else if (!("market" in next) && (isOpen || !("price" in next))) tries.push(next);
  }
  return tries;
}

function drawWorld(chance: Prng): { mood: Partial<Behaviour>; habits: Partial<Habits> } {
  const isFillCarriedOver = chance.isHit(0.5);
  const isReplacedAtOnce = chance.isHit(0.5);
  const isShortingAllowed = chance.isHit(0.5);
  const openShows = chance.pick(["parent", "legs"] as const);
  const stopAboveMarket = chance.pick(["triggers", "refuses"] as const);
  const firstStatus = chance.pick(["new", "pending_new"] as const);
  const isFilledCancelAnswered = chance.isHit(0.3);
  const draw = chance.fork("mood");
  return {
    habits: {
      isFillCarriedOver,
      isReplacedAtOnce,
      isShortingAllowed,
      openShows,
      stopAboveMarket,
      firstStatus,
    },
    mood: {
      isFillCarriedOver,
      isShortingAllowed,
      stopAboveMarket,
      openNestedShows: openShows,
      isFilledCancelAnswered,
      acknowledgeMs: firstStatus === "new" ? 0 : 10,
      replaceDelayMs: isReplacedAtOnce ? 0 : chance.pick([500, 7000]),
      cancelDelayMs: chance.pick([80, 7000]),
      isDoubleFillRace: isShortingAllowed && chance.isHit(0.1),
      cancelOutcome: () => draw.pick(["canceled", "canceled", "filled", "stuck"]),
      partialFills: () => draw.isHit(0.3) ? [{ afterMs: 0, qty: 1 }] : null,
      rejectsLater: () => draw.isHit(0.05),
      replaceFault: () => draw.isHit(0.2) ? draw.pick(REPLACE_FAULTS) : null,
    },
  };
}

/** What is asked after each step: all that can be seen. */
const LOOKS: readonly Question[] = [
  { kind: "positions" },
  { kind: "open_orders" },
  { kind: "all_orders" },
  ...[1, 2, 3, 4, 5, 6].map((id): Question => ({ kind: "order", id })),
];

/** Goes one story through both; the automaton must be able to do what the simulator does. @returns What was tried. */
function compare(seed: number): number {
  const chance = new Prng(seed);
  const { mood, habits } = drawWorld(chance);
  const simulator = new SimulatorBench(mood);
  const automaton = new AutomatonBench(habits, ["partial", "cross", "refusal"]);
  const story: string[] = [];
  let asked = 0;
  const shown = new Map<string, string>();
  const go = (next: Try): void => {
    const [is = ""] = simulator.go("ask" in next ? { ...next, is: "" } : next);
    const possible = automaton.go("ask" in next ? { ...next, is } : next);
    const step = JSON.stringify(next);
    // What a look shows anew, and everything that was done.
    if (shown.get(step) !== is && is !== "not_found") story.push(`${step} ${is}`);
    if (!("ask" in next)) return;
    asked++;
    if (isQuestion(next.ask)) shown.set(step, is);
    const text = `${story.join("\n")}\nthe automaton would say:\n${possible.join("\n")}`;
    assert(possible.includes(is), `seed ${seed}, ${JSON.stringify(habits)}\n${text}`);
  };
  for (const next of drawStory(chance)) {
    go(next);
    for (const ask of LOOKS) go({ ask });
  }
  return asked;
}

Deno.test(`what the simulator does in ${RUNS} stories, the automaton can do`, () => {
  let asked = 0;
  for (let seed = 1; seed <= RUNS; seed++) asked += compare(seed);
  assert(asked > RUNS * STEPS * LOOKS.length / 2);
});
