import { assert, assertEquals } from "../assert.ts";
import { type CrashStage, withCrashStage } from "./crash_stage.ts";
import {
  CLOSE_POINTS,
  FIRST_TRIM_POINTS,
  type KillPoint,
  listEntryPoints,
  SECOND_TRIM_POINTS,
} from "./kill_points.ts";
import {
  buildStoryList,
  buildStoryOptions,
  CLOSE_MS,
  FIRST_TARGET_USD,
  isHeldAndSettled,
  isSettled,
  listEntryOrders,
  SECOND_TARGET_USD,
  SYMBOL,
} from "./point_story.ts";

const MINUTE_MS = 60_000;
/** A point between two steps of a running process can be missed; more than this is a point that is not there. */
const TRIES_MAX = 20;

/** Plays until the point was met. */
async function playMet(
  point: KillPoint,
  play: (stage: CrashStage) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
    const isMet = await withCrashStage(buildStoryOptions(), async (stage) => {
      stage.writeList(buildStoryList());
      const isPlayed = await play(stage);
      await stage.kill();
      assertEquals(stage.audit.violations, [], stage.audit.trace.join("\n"));
      return isPlayed;
    });
    if (isMet) return;
  }
  throw new Error(`never killed ${point.when} in ${TRIES_MAX} tries`);
}

/** Lets the armed point strike. @returns Whether it was met; a process on a loaded host can be past it unseen. */
async function strike(stage: CrashStage, point: KillPoint): Promise<boolean> {
  await stage.passUntil(() => stage.isHit, 3 * MINUTE_MS);
  return stage.isHit && point.isMet(stage);
}

/** Starts again and lets time pass until it is so. */
async function recover(stage: CrashStage, isSo: () => boolean): Promise<void> {
  stage.start();
  const isDone = await stage.passUntil(isSo, 5 * MINUTE_MS);
  // The cycle after it must find nothing more to do.
  await stage.passTo(stage.nowMs() + MINUTE_MS);
  assert(isDone && isSo(), stage.audit.trace.join("\n"));
}

/** A position of 14 shares under its bracket. */
async function enter(stage: CrashStage): Promise<void> {
  stage.start();
  const isHeld = await stage.passUntil(() => isHeldAndSettled(stage), 3 * MINUTE_MS);
  assert(isHeld, stage.audit.trace.join("\n"));
  assertEquals(stage.exchange.position(SYMBOL)?.qty, SHARES);
}

const SHARES = 13;
const AFTER_R1 = SHARES - Math.floor(SHARES / 2);
const AFTER_R2 = AFTER_R1 - Math.floor(AFTER_R1 / 2);

for (const point of listEntryPoints(SYMBOL)) {
  Deno.test(`killed ${point.when}, an entry is at the broker once and in the ledger`, () =>
    playMet(point, async (stage) => {
      stage.start(point.trigger());
      if (!await strike(stage, point)) return false;
      await recover(stage, () => isHeldAndSettled(stage));
      const orders = listEntryOrders(stage);
      assertEquals(orders.map(({ status, qty }) => [status, qty]), [["filled", SHARES]]);
      assertEquals(
        stage.files.listEntries().map((entry) => [entry.client_order_id, entry.status]),
        [
          [orders[0]?.clientOrderId ?? "", "accepted"],
        ],
      );
      return true;
    }));
}

for (const point of FIRST_TRIM_POINTS) {
  Deno.test(`killed ${point.when}, a trim at R1 sells once and ends protected`, () =>
    playMet(point, async (stage) => {
      await enter(stage);
      stage.arm(point.trigger());
      stage.exchange.setPrice(SYMBOL, FIRST_TARGET_USD);
      if (!await strike(stage, point)) return false;
      await recover(stage, () => isTrimmedTo(stage, AFTER_R1));
      return true;
    }));
}

for (const point of SECOND_TRIM_POINTS) {
  Deno.test(`killed ${point.when}, a trim at R2 sells once and ends protected`, () =>
    playMet(point, async (stage) => {
      await enter(stage);
      stage.exchange.setPrice(SYMBOL, FIRST_TARGET_USD);
      await stage.passUntil(() => isTrimmedTo(stage, AFTER_R1), 3 * MINUTE_MS);
      stage.arm(point.trigger());
      stage.exchange.setPrice(SYMBOL, SECOND_TARGET_USD);
      if (!await strike(stage, point)) return false;
      await recover(stage, () => isTrimmedTo(stage, AFTER_R2));
      return true;
    }));
}

for (const point of CLOSE_POINTS) {
  Deno.test(`killed ${point.when}, a position goes into the night with its stop`, () =>
    playMet(point, async (stage) => {
      await enter(stage);
      stage.arm(point.trigger());
      stage.keeper.jumpTo(CLOSE_MS - 11 * MINUTE_MS);
      if (!await strike(stage, point)) return false;
      await recover(stage, () => isSettled(stage) && isKeptOvernight(stage));
      assertEquals(stage.exchange.position(SYMBOL)?.qty, SHARES);
      return true;
    }));
}

function isTrimmedTo(stage: CrashStage, qty: number): boolean {
  return stage.exchange.position(SYMBOL)?.qty === qty && isSettled(stage) &&
    isKeptOvernight(stage);
}

function isKeptOvernight({ audit }: CrashStage): boolean {
  return audit.listUnprotected(true).length === 0;
}
