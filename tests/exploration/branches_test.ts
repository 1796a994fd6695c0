import { assertEquals } from "../assert.ts";
import { watchBranches } from "./branches.ts";

Deno.test("what nothing has come to is listed with its line, its function and its condition", async () => {
  const watch = await watchBranches(new URL(".", import.meta.url));
  const { describeSample } = await import("./branches_sample.ts");
  assertEquals([describeSample({ qty: 2 }), describeSample({ qty: 3 })], ["over", "over"]);
  const branches = await watch.list(["branches_sample.ts"]);
  assertEquals(branches.map(({ line, within, text }) => `${line} ${within}: ${text}`), [
    '9 describeSample: if (qty < 2) [return "small";]',
    '10 describeSample: const word = isOpen [? "open"]',
    "11 describeSample: return qty > 2 && isOpen [? describeOpen(word)]",
    "14 describeOpen: [function describeOpen(word) { return `still ${word]",
  ]);
});
