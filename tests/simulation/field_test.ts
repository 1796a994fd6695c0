import { assert, assertEquals, assertGreaterOrEqual } from "../assert.ts";
import type { Behaviour } from "../simulator/behaviour.ts";
import { FAMILIES, FIELD_FAMILIES, FIELD_RULES, type FieldFamily } from "./families.ts";
import { setField } from "./field.ts";
import { buildWeather, type Weather } from "./chance_fate.ts";
import { Prng } from "./prng.ts";
import { buildProfile, formatFamilies, parseFamilies } from "./profile.ts";
import { runSeed } from "./run.ts";
import { Sendings } from "./sendings.ts";
import { World } from "./world.ts";

const DAY_MS = 24 * 3_600_000;

Deno.test("seeds draw the field's families that are on, each of them, and none that is off", () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 2_000; seed++) {
    for (const family of buildProfile(new Prng(seed), null).families) {
      counts.set(family, (counts.get(family) ?? 0) + 1);
    }
  }
  for (const family of FIELD_FAMILIES) {
    const { isOn } = FIELD_RULES[family];
    if (isOn) assertGreaterOrEqual(counts.get(family) ?? 0, 150, family);
    else assertEquals(counts.get(family), undefined, family);
  }
});

Deno.test("what a seed holds besides is what it was before there was a field", () => {
  const drawn = [4, 12, 77].map((seed) => {
    const { families, dayCount, intensity } = buildProfile(new Prng(seed), null);
    return [dayCount, intensity, ...FAMILIES.filter((family) => families.has(family))];
  });
  assertEquals(drawn, [[1, 1, "outage"], [2, 1, "operator"], [2, 1, "crash"]]);
});

Deno.test("families are switched on by name, on or off by themselves", () => {
  assertEquals(parseFamilies("net,lag,hand"), {
    families: ["net", "lag", "hand"],
    place: "instead",
  });
  assertEquals(parseFamilies("+disk"), { families: ["disk"], place: "beside" });
  for (const text of ["net,luck", "+luck"]) assertEquals(parseFamilies(text), null);
  for (const text of ["net,lag", "+disk,lag"]) {
    const asked = parseFamilies(text);
    assertEquals(asked && formatFamilies(asked), text);
  }
});

Deno.test("families asked for beside what a seed draws change nothing else of it", () => {
  const drawn = buildProfile(new Prng(7), null);
  const beside = buildProfile(new Prng(7), { families: ["disk", "lag"], place: "beside" });
  assertEquals(beside.families, new Set([...drawn.families, "disk", "lag"]));
  assertEquals([beside.dayCount, beside.intensity], [drawn.dayCount, drawn.intensity]);
});

/** A run of one family in which no engine takes part: what the field does to the broker in it. */
function passDays(
  family: FieldFamily,
  seed: number,
): { world: World; weather: Weather; seen: Set<string> } {
  const world = new World(seed, { families: [family], place: "instead" });
  const weather = buildWeather();
  const seen = new Set<string>();
  world.onTrouble = () => {
    const { clockFault, accountStatus, isAccountBlocked } = world.exchange.behaviour;
    seen.add(
      `${clockFault} ${accountStatus} ${isAccountBlocked} ${JSON.stringify(weather.outageFault)}`,
    );
  };
  world.exchange.setPosition("AAA", 10, 50);
  setField(world, weather);
  for (let at = 0; at < 30; at++) world.advance(DAY_MS / 10);
  return { world, weather, seen };
}

/** What the broker is like after it, by family; of the others only that they did something. */
const AFTER: Readonly<Partial<Record<FieldFamily, (behaviour: Behaviour) => boolean>>> = {
  symbols: (behaviour) => behaviour.refusedSymbols.length > 0,
  documents: (behaviour) => behaviour.answerStyle?.keeps.length === 1,
  bare: (behaviour) => behaviour.answerStyle?.keeps.length === 0,
  rows: ({ extraPositions, extraOrders }) => extraPositions.length + extraOrders.length > 0,
  wording: (behaviour) => behaviour.duplicateWording !== "underscores",
  substitutes: (behaviour) => behaviour.substitutesLeg !== null,
  statuses: (behaviour) => behaviour.spellOf !== null,
  replacements: (behaviour) => behaviour.replaceFault !== null,
  lag: (behaviour) => behaviour.positionsLagMs > 0,
};

for (const family of FIELD_FAMILIES) {
  // Drawn request by request.
  if (family === "repeats") continue;
  Deno.test(`the field does what it says to the broker: ${family}`, () => {
    const holds = AFTER[family];
    const runs = [1, 2, 3, 4, 5].map((seed) => passDays(family, seed));
    if (holds !== undefined) {
      for (const { world } of runs) assert(holds(world.exchange.behaviour), `seed ${world.seed}`);
    } else {
      const kinds = runs.flatMap(({ seen }) => [...seen]);
      assertGreaterOrEqual(
        new Set(kinds).size,
        ["hand", "corporate", "night"].includes(family) ? 1 : 2,
      );
    }
  });
}

Deno.test("what lasts for a while is over in the end: clock, flags, status", () => {
  for (const family of ["hours", "flags"] as const) {
    const { world } = passDays(family, 3);
    const { clockFault, accountStatus, isAccountBlocked } = world.exchange.behaviour;
    assertEquals([clockFault, accountStatus, isAccountBlocked], [null, "ACTIVE", false]);
  }
});

Deno.test("a seed takes the same steps every time with all of the field in it", async () => {
  const families = FIELD_FAMILIES.filter((family) => FIELD_RULES[family].isOn);
  const on = { families, place: "instead" } as const;
  const [first, second] = [await runSeed(3, on), await runSeed(3, on)];
  assertEquals(second.hash, first.hash);
  assertEquals(second.counts, first.counts);
});

Deno.test("the same change twice without a question in between is one sending that left twice", () => {
  const request = { method: "POST", body: '{"client_order_id":"avwap-1"}' };
  const send = (between: (sendings: Sendings) => void) => {
    const world = new World(1);
    const sendings = new Sendings(world);
    sendings.leaving(request, "/v2/orders");
    between(sendings);
    sendings.leaving(request, "/v2/orders");
    return world.violations.length;
  };
  assertEquals(send(() => {}), 1);
  assertEquals(send((sendings) => sendings.settled()), 0);
  assertEquals(
    send((sendings) => sendings.leaving({ method: "DELETE", body: null }, "/v2/orders/1")),
    0,
  );
});
