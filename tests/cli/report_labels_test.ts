import fc from "fast-check";
import { placeLabels } from "../../src/cli/report/labels.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("placeLabels() leaves a text where it wants to stand, and moves one that would stand on it down", () => {
  const bought = { x: 100, y: 50, halfWidth: 11, stepY: null };
  const simulated = { x: 90, y: 53, halfWidth: 40, stepY: 14 };
  const away = { x: 300, y: 53, halfWidth: 40, stepY: 14 };
  assertEquals(placeLabels([bought, simulated, away], 200), [50, 67, 53]);
});

Deno.test("placeLabels() leaves out what has no place", () => {
  const label = { x: 100, y: 50, halfWidth: 11, stepY: null };
  assertEquals(placeLabels([label, label, { ...label, stepY: 14 }], 60), [50, null, null]);
});

Deno.test("placeLabels() never puts two texts on each other", () => {
  const wish = fc.record({
    x: fc.integer({ min: 0, max: 200 }),
    y: fc.integer({ min: 0, max: 200 }),
    halfWidth: fc.integer({ min: 5, max: 50 }),
    stepY: fc.constantFrom(14, null),
  });
  fc.assert(fc.property(fc.array(wish, { maxLength: 12 }), (wishes) => {
    const placed = placeLabels(wishes, 220).flatMap((y, index) => {
      const each = wishes[index];
      return y === null || each === undefined ? [] : [{ ...each, y }];
    });
    placed.forEach((a, index) =>
      placed.slice(index + 1).forEach((b) =>
        assert(Math.abs(a.x - b.x) >= a.halfWidth + b.halfWidth || Math.abs(a.y - b.y) >= 13)
      )
    );
  }));
});
