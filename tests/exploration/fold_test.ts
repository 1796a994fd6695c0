import { assertEquals } from "../assert.ts";
import { Prng } from "../simulation/prng.ts";
import { listExplorations } from "./bounds.ts";
import type { Explorer } from "./explorer.ts";
import type { PlannedState } from "./planned_client.ts";
import type { PackedState } from "./state_table.ts";

const WALKS = 10;
const STEPS = 100;

/** What can happen in a state, without names. */
function listKinds(explorer: Explorer<PlannedState>, state: PackedState): string[] {
  return explorer.listEdges(state).map((edge) => {
    const next = explorer.follow(state, edge);
    if (next === null) return "not within the bound";
    return `${edge.kind}${edge.broken === null ? "" : ", which breaks a property"}`;
  });
}

function walk(
  folded: Explorer<PlannedState>,
  whole: Explorer<PlannedState>,
  begin: number,
  prng: Prng,
): string[] {
  const story: string[] = [];
  let one = folded.table.get(folded.begins[begin] ?? 0);
  let other = whole.table.get(whole.begins[begin] ?? 0);
  for (let step = 0; step < STEPS; step++) {
    const kinds = listKinds(folded, one);

    assertEquals(listKinds(whole, other), kinds, story.join("\n"));
    const edges = folded.listEdges(one);
    const open = edges.flatMap((edge, at) => folded.follow(one, edge) === null ? [] : [at]);
    const chosen = open[prng.whole(0, open.length - 1)];
    const [edge, twin] = [edges[chosen ?? 0], whole.listEdges(other)[chosen ?? 0]];
    if (chosen === undefined || edge === undefined || twin === undefined) break;
    story.push(edge.tell());
    const [next, also] = [folded.follow(one, edge), whole.follow(other, twin)];
    if (next === null || also === null) break;
    [one, other] = [next, also];
  }
  return story;
}

const FOLDED = listExplorations("small");
const WHOLE = listExplorations("small", { isWhole: true });
for (const [at, { name, build }] of FOLDED.entries()) {
  Deno.test(`what is folded and forgotten decides nothing: ${name}`, () => {
    const folded = build();
    const whole = WHOLE[at]?.build() ?? folded;
    const prng = new Prng(at + 1);
    const lengths = Array.from(
      { length: WALKS },
      (_, number) => walk(folded, whole, number % 2, prng).length,
    );
    assertEquals(lengths.filter((length) => length === 0), []);
  });
}
