import { compareDays } from "../simulation/before/differences.ts";
import { loadRelease } from "../simulation/before/release.ts";
import { runSameSeed } from "../simulation/before/same_seed.ts";
import { formatDay } from "../simulation/before/table.ts";
import type { AskedFamilies } from "../simulation/profile.ts";
import { withRelease010 } from "../support/release_0_1_0.ts";
import { assertEquals, assertGreater } from "../assert.ts";

const CALM: AskedFamilies = { families: [], place: "instead" };

Deno.test("a quiet day through release 0.1.0 and through this one: the same entries, exits, stops and result, in fewer requests", async () => {
  await withRelease010(async (dir) => {
    const release = await loadRelease(dir);
    const both = await runSameSeed(release, 8, CALM);
    assertEquals(compareDays(both).map(formatDay), [""]);
    const [before, now] = [both.before.days[0], both.now.days[0]];
    assertEquals([before?.entries.length, before?.exits.length], [3, 3]);
    assertGreater(before?.requests ?? 0, now?.requests ?? 0);
    assertEquals(await runSameSeed(release, 8, CALM), both);
  });
});

Deno.test("what a rule of this release decides otherwise is a difference of its day", async () => {
  await withRelease010(async (dir) => {
    const both = await runSameSeed(await loadRelease(dir), 22, CALM);
    const [day] = compareDays(both).slice(-1);
    const entries = day?.differences.find(({ kind }) => kind === "entries");
    assertEquals(entries, { kind: "entries", before: "none", now: "BBB 19" });
  });
});
