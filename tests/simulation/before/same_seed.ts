import type { AskedFamilies } from "../profile.ts";
import { type Ending, runIncarnation, type Surroundings } from "../incarnation.ts";
import { runDays } from "../run.ts";
import { World } from "../world.ts";
import { type DayFigures, DayWatch } from "./day_watch.ts";
import { runOldIncarnation } from "./incarnation.ts";
import { MomentPrng } from "./moment_prng.ts";
import type { Release } from "./release.ts";

const MINUTE_MS = 60_000;

/** What one side made of a seed. */
export interface Side {
  readonly days: readonly DayFigures[];
  /** Why the run ended before its days did; `null` where it did not. */
  readonly ending: string | null;
  /** What happened, one line each. */
  readonly story: readonly string[];
}

/** What both sides made of one seed: release 0.1.0 and the source as it is. */
export interface SameSeed {
  readonly seed: number;
  readonly families: readonly string[];
  readonly before: Side;
  readonly now: Side;
}

/**
 * Runs the same seed through release 0.1.0 and through the source as it is. What neither of them decides is made equal: chance goes
 * by the moment, the host's timers are in time, and each entry waits for the least delay that the seed has.
 * @param asked The kinds of trouble, instead of those that the seed draws or beside them.
 */
export async function runSameSeed(
  release: Release,
  seed: number,
  asked: AskedFamilies | null = null,
): Promise<SameSeed> {
  const before = await runSide(seed, asked, (around) => runOldIncarnation(release, around));
  const now = await runSide(seed, asked, runIncarnation);
  return { seed, families: now.families, before, now };
}

async function runSide(
  seed: number,
  asked: AskedFamilies | null,
  start: (surroundings: Surroundings) => Promise<Ending>,
): Promise<Side & { readonly families: readonly string[] }> {
  let readMs = () => 0;
  const chance = new MomentPrng(seed, () => Math.floor(readMs() / MINUTE_MS));
  const world = new World(seed, asked, chance);
  readMs = () => world.trueMs;
  world.isPunctual = true;
  const watch = new DayWatch(world);
  const slackChance = chance.fork("slack");
  await runDays(world, watch, (surroundings) => {
    // 0.1.0 draws an entry's delay, today's is a function of its symbol and level.
    const { settings } = world;
    settings["ENTRY_DELAY_MAX_SECONDS"] = settings["ENTRY_DELAY_MIN_SECONDS"] ?? "";
    // The releases tell Slack different things: that moves nothing else.
    return start({ ...surroundings, slackChance });
  });
  const violation = world.violations[0];
  return {
    families: [...world.profile.families],
    days: watch.list(),
    ending: violation === undefined ? null : `${violation.invariant}: ${violation.detail}`,
    story: watch.story,
  };
}
