import { assertEquals, assertNotEquals } from "../../assert.ts";
import { MomentPrng } from "./moment_prng.ts";

Deno.test("two runs that drew another number of times draw the same from the next minute on", () => {
  const draw = (counts: readonly number[]) => {
    let minute = 0;
    const chance = new MomentPrng(7, () => minute).fork("net");
    return counts.map((count) => {
      minute++;
      const drawn = Array.from({ length: count }, () => chance.uniform());
      return drawn.slice(0, 2);
    });
  };
  const [first, second] = [draw([2, 3, 2]), draw([5, 2, 9])];
  assertEquals(first, second);
  assertEquals(new Set(first.flat()).size, 6);
});

Deno.test("each stream and each seed has its own chance", () => {
  const draw = (seed: number, label: string) => new MomentPrng(seed, () => 1).fork(label).uniform();
  assertNotEquals(draw(7, "net"), draw(7, "disk"));
  assertNotEquals(draw(7, "net"), draw(8, "net"));
  assertEquals(draw(7, "net"), draw(7, "net"));
});
