import { z } from "zod";
import { assertEquals } from "../assert.ts";
import { describeUntaken, listUntaken, watchSellSide } from "./sell_side.ts";
import figures from "./small_bound.json" with { type: "json" };

const WATCH = await watchSellSide();
// Loaded once that is watched: a function that nothing calls is not seen otherwise.
const { keepFigures, listExplorations } = await import("./bounds.ts");

const FiguresWire = z.record(
  z.string(),
  z.strictObject({
    states: z.number(),
    transitions: z.number(),
    depth: z.number(),
    graph: z.string(),
  }),
);

/** What these searches found when their figures were last kept: `deno task explore --json`. */
const KEPT = FiguresWire.parse(figures);

/** Kinds of transitions that the searches have taken. */
const taken = new Set<string>();

/** What broker, market, hands, operator and network can do: with any of it missing, a search says less than it seems to. */
const KINDS = [
  "# and # both fill",
  "# ends by itself",
  "# fills",
  "# fills before its cancel",
  "# fills # before its cancel",
  "# is accepted",
  "# is calculated: traded, and not settled",
  "# is done_for_day",
  "# is new",
  "# is rejected after all",
  "# is stopped",
  "# is suspended",
  "# stands in the place of #",
  "# takes the place of #, where that still rests",
  "a hand buys #",
  "a hand cancels #",
  "a hand moves # to @#",
  "a hand puts a limit for #",
  "a hand puts a stop for #",
  "a hand sells #",
  "a late request arrives",
  "a split, orders end",
  "a split, orders stay",
  "lists and positions are up to date",
  "the cancel of # is done",
  "the guaranteed trade of # is done",
  "the cycle is cut off",
  "the kill switch is put there",
  "the kill switch is taken away",
  "the market closes",
  "the market opens",
  "the process dies",
  "the process dies for a while",
  "what was taken appears",
];

const EXPLORATIONS = listExplorations("small");
for (const { name, build } of EXPLORATIONS) {
  Deno.test(`every state of the small bound keeps every property: ${name}`, () => {
    const explorer = build();
    while (explorer.advance(100_000));
    explorer.checkProgress();
    for (const kind of explorer.figures.taken.keys()) taken.add(kind);
    assertEquals(keepFigures(explorer.figures), KEPT[name]);
  });
}

Deno.test("the kept figures are those of these searches, and of nothing else", () => {
  assertEquals(Object.keys(KEPT), EXPLORATIONS.map(({ name }) => name));
});

Deno.test("each kind of thing that can happen did happen in the small bound", () => {
  assertEquals(KINDS.filter((kind) => !taken.has(kind)), []);
});

Deno.test("each branch of the sell side is taken in the small bound, or lies outside the automaton by a known reason", async () => {
  const { untaken, taken } = await listUntaken(WATCH);
  assertEquals(untaken.filter(({ outside }) => outside === null).map(describeUntaken), []);
  assertEquals(taken, []);
});
