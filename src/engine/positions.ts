import { listBought } from "../domain/account/bought.ts";
import type { Searched } from "../domain/account/explain.ts";
import { isFinal } from "../domain/order/orders.ts";
import { account, type Search } from "../domain/plan/account.ts";
import type { Settled } from "../domain/plan/step.ts";
import { reviseTrims } from "../domain/plan/trims.ts";
import { readPastEntries } from "./archive.ts";
import { askUnlisted } from "./asking.ts";
import type { Engine } from "./engine.ts";
import { recordFills } from "./fills.ts";
import { refresh } from "./observe.ts";
import { take } from "./plan_records.ts";
import { ensurePasts, readPasts } from "./pasts.ts";
import { sightOf } from "./sight.ts";
import { tell } from "./teller.ts";

/**
 * Brings the managed positions up to what the broker shows (pipeline 5, "Which positions"): asks for what the decision needs,
 * stores it, tells it. Sends nothing.
 */
export async function trackPositions(engine: Engine): Promise<void> {
  takeInBought(engine);
  await ensurePasts(engine);
  // What a list of the day shows as replaced may have a successor that no list shows.
  await askUnlisted(engine, () => false);
  const searched = new Map<string, Searched>();
  for (;;) {
    const look = { sight: sightOf(engine), dateNy: engine.dateNy(), searched };
    const accounted = account(engine.state, look);
    if (accounted.kind === "asks") {
      await search(engine, accounted.searches, searched);
      continue;
    }
    // What explains it is told before it, and while the book has it.
    await recordFills(engine);
    await takeAndTell(engine, accounted);
    accounted.wakesAtMs.forEach((atMs) => engine.wakeAt(atMs));
    return;
  }
}

/** Brings the trim flags to what the records of today and of the last days show (`reviseTrims`). LIVE only. */
export async function updateTrims(engine: Engine, fresh: ReadonlySet<string>): Promise<void> {
  const read = await readPastEntries(engine);
  const past = read.kind === "ok" ? read.entries : [];
  await takeAndTell(engine, reviseTrims(engine.state, { sight: sightOf(engine), past, fresh }));
}

/** Takes a decision into the records, durable with their next write, and tells it. */
export async function takeAndTell(engine: Engine, { change, say }: Settled): Promise<void> {
  take(engine, change);
  await tell(engine, say);
}

/** Takes in what was bought and no position stands for. */
export function takeInBought(engine: Engine): void {
  const bought = listBought(engine.state, sightOf(engine));
  take(engine, bought.map((position) => ({ kind: "managed", position })));
}

/** Asks for what the lists do not have, and notes for each position that it was asked for. */
async function search(
  engine: Engine,
  searches: readonly Search[],
  searched: Map<string, Searched>,
): Promise<void> {
  const listOf = (what: Search["what"]) =>
    searches.filter((each) => each.what === what).map(({ position }) => position);
  const pasts = listOf("past");
  if (pasts.length > 0) {
    const read = await readPasts(engine, pasts);
    for (const { positionId } of pasts) {
      searched.set(positionId, read.has(positionId) ? "past" : "unread");
    }
  }
  const symbols = new Set(listOf("orders").map(({ symbol }) => symbol));
  if (symbols.size > 0) {
    await askUnlisted(engine, ({ order }) => symbols.has(order.symbol) && !isFinal(order));
  }
  for (const { positionId } of listOf("orders")) searched.set(positionId, "orders");
  if (searches.some(({ isListed }) => isListed)) await refresh(engine);
}
