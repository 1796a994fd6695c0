import fc from "fast-check";
import {
  beginSearch,
  endSearch,
  type ListOutcome,
  LISTS_PER_CYCLE,
  nextList,
  PROBES_MAX,
  recordOutcome,
  type SearchMemory,
  SYMBOLS_PER_LIST,
} from "../../../src/domain/entry/symbol_search.ts";
import { assert, assertEquals } from "../../assert.ts";

const NOTHING: SearchMemory = { refused: new Set(), suspects: [] };
/** More cycles than any search over the symbols below needs. */
const CYCLES_MAX = 40;

function buildSymbols(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `S${index}`);
}

/** How the data API answers a list. */
type Answer = (list: readonly string[]) => ListOutcome;

/** Refuses a list with a bad symbol in it; `isNaming`: by the first one's name. */
function refuse(bad: ReadonlySet<string>, isNaming: boolean): Answer {
  return (list) => {
    const found = list.find((symbol) => bad.has(symbol));
    if (found === undefined) return { kind: "answered" };
    return { kind: "refused", named: isNaming ? [found] : [] };
  };
}

/** One cycle's search to its end. */
function runCycle(
  symbols: readonly string[],
  memory: SearchMemory,
  answer: Answer,
  { again = new Set<string>(), probeOffset = 0 } = {},
) {
  let search = beginSearch({
    symbols,
    memory,
    again,
    requestsMax: LISTS_PER_CYCLE,
    probeOffset,
  });
  const lists: (readonly string[])[] = [];
  const answered = new Set<string>();
  for (let list = nextList(search); list !== null; list = nextList(search)) {
    lists.push(list);
    const outcome = answer(list);
    if (outcome.kind === "answered") { for (const symbol of list) answered.add(symbol); }
    search = recordOutcome(search, outcome);
    assert(lists.length <= 100, "a search without an end");
  }
  const result = endSearch(search);
  const refused = new Set([...memory.refused, ...result.refused]);
  const next: SearchMemory = { refused, suspects: result.suspects };
  return { lists, answered, result, memory: next };
}

const CROWD = fc.record({
  count: fc.integer({ min: 1, max: 700 }),
  bad: fc.uniqueArray(fc.integer({ min: 0, max: 699 }), { maxLength: 25 }),
  isNaming: fc.boolean(),
});

Deno.test("a search finds every refused symbol, leaves out no other, and keeps to its bound in each cycle", () => {
  fc.assert(fc.property(CROWD, ({ count, bad, isNaming }) => {
    const symbols = buildSymbols(count);
    const refused = new Set(
      bad.map((index) => `S${index}`).filter((each) => symbols.includes(each)),
    );
    if (refused.size === count) return;
    let memory = NOTHING;
    for (let turn = 0; turn < CYCLES_MAX; turn++) {
      const cycle = runCycle(symbols, memory, refuse(refused, isNaming), { probeOffset: turn });
      assert(cycle.lists.length <= LISTS_PER_CYCLE);
      for (const symbol of cycle.memory.refused) assert(refused.has(symbol), `${symbol} left out`);
      for (const list of cycle.lists) {
        assertEquals(new Set(list).size, list.length);
        assert(list.length > 0 && list.length <= SYMBOLS_PER_LIST);
      }
      memory = cycle.memory;
      if (cycle.answered.size === count - refused.size && memory.suspects.length === 0) break;
    }
    assertEquals([...memory.refused].sort(), [...refused].sort());
  }));
});

Deno.test("a search goes on where the cycle before ended, and leaves no good symbol out while requests fail", () => {
  fc.assert(fc.property(CROWD, fc.array(fc.boolean(), { maxLength: 60 }), (crowd, failures) => {
    const symbols = buildSymbols(crowd.count);
    const refused = new Set(crowd.bad.map((index) => `S${index}`));
    const answer = refuse(refused, crowd.isNaming);
    let asked = 0;
    let memory = NOTHING;
    for (let turn = 0; turn < 5; turn++) {
      const cycle = runCycle(
        symbols,
        memory,
        (list) => failures[asked++] === true ? { kind: "failed" } : answer(list),
      );
      for (const symbol of cycle.memory.refused) assert(refused.has(symbol), `${symbol} left out`);
      const kept = cycle.memory.suspects.flat();
      assertEquals(new Set(kept).size, kept.length, "a symbol is suspected twice");
      assertEquals(kept.filter((symbol) => cycle.memory.refused.has(symbol)), []);
      memory = cycle.memory;
    }
  }));
});

Deno.test("where every part is refused, nobody is left out, and few requests find it", () => {
  for (const count of [1, 2, 7, 40, 1_000]) {
    for (const isNaming of [false, true]) {
      if (isNaming && count > LISTS_PER_CYCLE) continue;
      const symbols = buildSymbols(count);
      const { lists, result } = runCycle(symbols, NOTHING, refuse(new Set(symbols), isNaming));
      assertEquals(result, { refused: [], suspects: [], isRequestAtFault: true });
      assert(isNaming || lists.length <= 2 + PROBES_MAX, `${count}: ${lists.length}`);
    }
  }
});

Deno.test("a symbol refused alone while nothing was answered is asked again, not left out", () => {
  const answers: ListOutcome[] = [
    { kind: "refused", named: [] },
    { kind: "refused", named: [] },
    { kind: "failed" },
  ];
  const { result } = runCycle(["A", "B"], NOTHING, () => answers.shift() ?? { kind: "failed" });
  assertEquals([result.refused, result.isRequestAtFault], [[], false]);
  assertEquals(result.suspects.flat().sort(), ["A", "B"]);
});

Deno.test("a list without an answer leaves the others theirs, and is no refusal", () => {
  const symbols = buildSymbols(3 * SYMBOLS_PER_LIST);
  const { lists, answered, result } = runCycle(
    symbols,
    NOTHING,
    (list) => list.includes("S0") ? { kind: "failed" } : { kind: "answered" },
  );
  assertEquals([lists.length, answered.size], [3, 2 * SYMBOLS_PER_LIST]);
  assertEquals(result, { refused: [], suspects: [], isRequestAtFault: false });
});

Deno.test("a refusal that names every symbol of its list names none", () => {
  const bad = refuse(new Set(["S5"]), false);
  const echo: Answer = (list) =>
    bad(list).kind === "answered" ? { kind: "answered" } : { kind: "refused", named: list };
  const { memory } = runCycle(buildSymbols(9), NOTHING, echo);
  assertEquals([...memory.refused], ["S5"]);
});

Deno.test("a refusal that names a symbol nobody asked for names none", () => {
  const bad = refuse(new Set(["S5"]), false);
  const { memory } = runCycle(
    buildSymbols(9),
    NOTHING,
    (list) => bad(list).kind === "answered" ? bad(list) : { kind: "refused", named: ["OTHER"] },
  );
  assertEquals([...memory.refused], ["S5"]);
});

Deno.test("a left-out symbol is not asked; a managed one is, by itself", () => {
  const memory: SearchMemory = { refused: new Set(["B", "C"]), suspects: [] };
  const { lists } = runCycle(["A", "B", "C", "D"], memory, () => ({ kind: "answered" }), {
    again: new Set(["B"]),
  });
  assertEquals(lists, [["A", "D"], ["B"]]);
});

Deno.test("a suspect list is not asked whole again, nor beside what was answered", () => {
  const memory: SearchMemory = { refused: new Set(), suspects: [["A", "B", "C", "D"], ["GONE"]] };
  const { lists } = runCycle(
    ["A", "B", "C", "D", "E"],
    memory,
    refuse(new Set(["D"]), false),
  );
  assertEquals(lists, [["E"], ["A", "B"], ["C"], ["D"]]);
});

Deno.test("no symbols cost no request", () => {
  assertEquals(runCycle([], NOTHING, () => ({ kind: "answered" })).lists, []);
});
