import { LEFT_STOP } from "./account_acts.ts";
import { isKnownStatus } from "../../src/domain/order/orders.ts";
import { isDone } from "../simulator/order.ts";
import type { Auditor } from "./auditor.ts";
import { nyDateAt } from "../simulator/sessions.ts";
import { checkOddities } from "./field_checks.ts";
import { checkRecorded } from "./file_checks.ts";
import {
  checkOrphans,
  checkOversold,
  checkStops,
  checkUnprotectedSaid,
} from "./position_checks.ts";
import { FOREIGN_SYMBOL } from "./market.ts";
import {
  describeOrders,
  findLedgerFault,
  findObjection,
  findOwner,
  isDocumentUnreadable,
  isEngineOrder,
  isHiding,
  listAcceptedEntries,
  listEntries,
  listPositions,
  type RawPosition,
  readCoverage,
} from "./truth.ts";
import type { World } from "./world.ts";

/** A partly filled entry has 60 s by the engine's reading of the broker's clock, which may be some seconds behind. */
const PARTIAL_MS = 65_000;
/** Since so long before the close a quiet LIVE engine must have made everything good till canceled: at its first look. */
const CONVERT_MS = 10 * 60_000 + 30_000;
/** And at its second one, whatever went wrong before. */
const CONVERT_AGAIN_MS = 3 * 60_000 + 30_000;

/** So near to the close no exit is begun: it could not end. */
const LAST_EXIT_MS = 45_000;

/** A cycle takes so long at most: what changed in it may not have been seen in it. */
const UNSEEN_MS = 60_000;

/** From then on an exit that ended without a fill waits for the next session. */
const SPENT_EXIT_MS = 200_000;

/** What must hold at the end of a cycle on the market-hours path. */
export function checkCycle(auditor: Auditor): void {
  const { world, cycle } = auditor;
  checkNeverShort(world);
  if (cycle.cancelled.size > 0) {
    checkTrims(world);
    checkOversold(auditor);
  }
  if (cycle.isFailed) return;
  const isLive = cycle.mode === "LIVE";
  if (isLive && world.lostSellAnswers > 0 && world.troubles === world.lostSellAnswers) {
    for (const symbol of cycle.cancelled) {
      if (listManaged(world).includes(symbol)) checkProtected(auditor, symbol);
    }
  }
  if (world.troubles > 0) return;
  checkRecorded(world);
  checkReconciled(auditor);
  checkOddities(auditor);
  const managed = listManaged(world);
  if (cycle.mode === "DRY_RUN") checkUnprotectedSaid(auditor, managed);
  if (cycle.mode !== "LIVE") return;
  if (managed.length > 0) world.count("cycles checked for stops");
  for (const symbol of managed) checkProtected(auditor, symbol);
  checkDueExits(auditor);
  checkStops(auditor);
  checkOrphans(auditor);
}

/** After a completed reconciliation the ledger has every order of the day, whatever was done to it before. */
function checkReconciled({ world, cycle }: Auditor): void {
  // Written anew from the records, a ledger is held against the broker in the next cycle (pipeline 6).
  if (cycle.isUnreconciled) return;
  const fault = findLedgerFault(world);
  if (fault !== null && !fault.includes("mismatches")) return;
  // "Unreadable is not missing": nothing is rebuilt or written over then, whatever a hand took out meanwhile (pipeline 6).
  if (isDocumentUnreadable(world)) return;
  if (findObjection(world) !== null) return;
  // Another account's orders are held against nothing.
  if (findOwner(world) !== world.exchange.accountId) return;
  const today = nyDateAt(world.trueMs);
  const recorded = new Set(listEntries(world, "now").map((entry) => entry.client_order_id));
  const shownMs = cycle.startMs - world.exchange.behaviour.visibilityDelayMs;
  for (const order of world.exchange.orders) {
    if (!isEngineOrder(order) || nyDateAt(order.submitted.ms) !== today) continue;
    if (order.submitted.ms >= shownMs || recorded.has(order.clientOrderId)) continue;
    // A leg that was replaced is in no list any more, for a rebuilt ledger to take it from.
    if (order.parent !== null && order.status === "replaced") continue;
    world.violate(
      "a completed reconciliation leaves no order out",
      `${order.clientOrderId} (${order.status}) is not in the ledger`,
    );
  }
}

/** Shares are never sold that are not there; the race in which both exits fill is the exchange's own doing. */
export function checkNeverShort(world: World): void {
  if (world.exchange.behaviour.isDoubleFillRace) return;
  for (const { symbol, qty } of world.exchange.portfolio.positions.values()) {
    // What the operator sold twice by hand is his own short position.
    const isOurs = world.exchange.orders.some((order) =>
      symbol !== FOREIGN_SYMBOL && order.symbol === symbol && isEngineOrder(order)
    );
    if (qty < 0 && isOurs && !isSoldByLeft(world, symbol) && !isSoldBySplit(world, symbol)) {
      world.violate("never short", `${symbol} ${qty}`);
    }
  }
}

/** Whether a stop that somebody left in the symbol has sold: that the engine cancels it may come too late. */
function isSoldByLeft(world: World, symbol: string): boolean {
  return world.exchange.orders.some((order) =>
    order.symbol === symbol && order.clientOrderId.includes(LEFT_STOP) && order.filledQty > 0
  );
}

/** Whether an order from before anybody could see a split or merger has sold since: it was for other shares than there are now. */
function isSoldBySplit({ exchange, issuerActs }: World, symbol: string): boolean {
  const splitMs = issuerActs.get(symbol)?.atMs;
  if (splitMs === undefined) return false;
  const seenMs = splitMs + exchange.behaviour.positionsLagMs;
  return exchange.orders.some((order) =>
    order.symbol === symbol && order.submitted.ms <= seenMs &&
    order.fills.some((fill) => fill.atMs > splitMs)
  );
}

/** Each trim at most once for a position. */
function checkTrims(world: World): void {
  const done = new Set<string>();
  for (const order of world.exchange.orders) {
    const trim = /^(.*-r[12]_trim)-\d+$/.exec(order.clientOrderId)?.[1];
    if (trim === undefined || order.filledQty === 0) continue;
    if (done.has(trim)) world.violate("each trim at most once", trim);
    done.add(trim);
  }
}

/** Symbols with shares that the engine bought or took over, by the exchange's record and the state file. */
export function listManaged(world: World): string[] {
  const bought = listAcceptedEntries(world).filter((order) => order.filledQty > 0);
  const symbols = new Set(bought.map((order) => order.symbol));
  for (const symbol of symbols) if (!world.isOwned(symbol)) symbols.delete(symbol);
  for (const { symbol, unexplained_qty: unexplained } of listPositions(world)) {
    if (unexplained === null) symbols.add(symbol);
  }
  return [...symbols].filter((symbol) =>
    !world.strange.has(symbol) && world.exchange.portfolio.qty(symbol) > 0
  ).sort();
}

/** A cycle that began before the time was over has looked at it as it was then. */
function isEntryWorking({ world, cycle }: Auditor, symbol: string): boolean {
  return listAcceptedEntries(world).some((order) =>
    order.symbol === symbol && !isDone(order) &&
    (order.fills.length === 0 || cycle.startMs - (order.fills[0]?.atMs ?? 0) < PARTIAL_MS)
  );
}

/** A LIVE cycle that nothing disturbed ends with working sells for every share. */
function checkProtected(auditor: Auditor, symbol: string): void {
  const { world, cycle } = auditor;
  const { heldQty, coveredQty, replacingQty, unclearQty, isBound, isLeaving } = readCoverage(
    world,
    symbol,
  );
  // Shares that somebody put beside ours, part of one among them: nobody can say which are whose.
  const isMixed = !Number.isInteger(world.exchange.portfolio.qty(symbol)) &&
    listPositions(world).some((each) => each.symbol === symbol && each.unexplained_qty !== null);
  if (isMixed) return;
  // A stop that is being replaced is in force until the new one is.
  if (coveredQty + replacingQty >= heldQty || isEntryWorking(auditor, symbol)) return;
  // What only an answer by id can judge is not touched for that alone; nor is anything beside a trade that is as good as done.
  if (isBound || coveredQty + replacingQty + unclearQty >= heldQty) return;
  // The stop that took the place of one that does not trade does not trade either: tried again in a minute.
  if (isAsleepAgain(world, symbol) || isMaybeSent(world, symbol, cycle.startMs)) return;
  const isOpen = world.exchange.sessions.at(world.trueMs) !== null;
  if (!isOpen || isHiding(world, symbol, cycle.startMs)) return;
  const isEnding = listAcceptedEntries(world).some((order) =>
    order.symbol === symbol &&
    (order.status === "pending_cancel" || (isDone(order) && order.updatedMs >= cycle.startMs))
  );
  // Beside a buy of somebody else's the exchange takes no stop: a wash trade.
  const isBarred = (world.exchange.desk.active.get(symbol)?.working ?? []).some((order) =>
    order.side === "buy" && !isDone(order) && !isEngineOrder(order)
  );
  // What was taken over in this cycle is only protected: at or below its stop it is sold in the next.
  // What can't be recorded does not leave, a stop either (pipeline 6), for as long as something else lies in the document's place.
  const isExplained = isLeaving || isEnding || isBarred || world.isBlocked() ||
    cycle.adopted.has(symbol) || isDocumentUnreadable(world);
  // Beside a buy it is tried once a minute, and said at each try.
  const saidFromMs = cycle.startMs - (isBarred ? AGAIN_MS : 0);
  if (isExplained && auditor.isSaid(symbol, "stop", saidFromMs)) return;
  world.violate(
    "every LIVE cycle ends with a working stop",
    `${symbol}: ${coveredQty} of ${heldQty} covered (${describeOrders(world, symbol)})`,
  );
}

/** Whether a sell was about to leave when a process died: until its deadline it may hold its shares (pipeline 6). */
function isMaybeSent(world: World, symbol: string, nowMs: number): boolean {
  return listEntries(world, "now").some((entry) =>
    entry.symbol === symbol && entry.side === "sell" && entry.status === "pending" &&
    Date.parse(entry.deadline_at ?? "") > nowMs
  );
}

/** So often the engine gives a sell that does not trade another try, and a stop beside a buy. */
const AGAIN_MS = 61_000;

function isAsleepAgain({ exchange, trueMs }: World, symbol: string): boolean {
  const sells = exchange.orders.filter((order) => order.symbol === symbol && order.side === "sell");
  return sells.some((order) => order.asleep !== null && !isDone(order)) &&
    sells.some((order) => (order.canceledMs ?? -Infinity) > trueMs - AGAIN_MS);
}

/** Where the price was over R1 all through a quiet LIVE cycle, the trim was sent or a reason was said. */
function checkDueExits(auditor: Auditor): void {
  const { world, cycle } = auditor;
  const session = world.exchange.sessions.at(world.trueMs);
  for (const position of listPositions(world)) {
    const { symbol } = position;
    const trade = world.exchange.quotes.lastTrade(symbol, world.trueMs);
    const beforeUsd = cycle.pricesUsd.get(symbol);
    if (session === null || trade === null || beforeUsd === undefined) continue;
    // For as long as the data API refuses the symbol, nobody has a price of it.
    if (world.exchange.behaviour.refusedSymbols.includes(symbol)) continue;
    if (session.closeMs - world.trueMs < LAST_EXIT_MS) continue;
    if (
      trade.atMs < session.openMs + 60_000 || world.exchange.quotes.isHalted(symbol, world.trueMs)
    ) {
      continue;
    }
    const leastUsd = Math.min(trade.priceUsd, beforeUsd);
    const isOld = Date.parse(position.opened_at) < cycle.startMs - 60_000;
    const isPlain = position.unexplained_qty === null && !world.strange.has(symbol);
    const heldQty = world.exchange.portfolio.qty(symbol);
    if (!isOld || !isPlain || heldQty < 2 || position.qty !== heldQty) continue;
    // The second trim waits until the first has filled, which is looked at in moments.
    const isJustTrimmed = world.exchange.orders.some((order) =>
      order.clientOrderId.startsWith(`${position.position_id}-r1_trim-`) &&
      order.submitted.ms >= cycle.startMs
    );
    const isR1Due = !position.trimmed_r1 && leastUsd >= position.r1 * 1.002;
    const isR2Due = position.trimmed_r1 && !position.trimmed_r2 &&
      leastUsd >= position.r2 * 1.002 && !cycle.cancelled.has(symbol) && !isJustTrimmed &&
      !isSold(world, symbol, cycle.startMs);
    if ((!isR1Due && !isR2Due) || position.r2 <= position.pivot) continue;
    // The broker takes no sell beside a buy: what waits for an entry whose cancel hangs is not left in silence (`Silence`).
    // Nor was an exit decided beside one that ended in this cycle.
    const isBesideEntry = listAcceptedEntries(world).some((order) =>
      order.symbol === symbol && (!isDone(order) || order.updatedMs >= cycle.startMs)
    );
    if (isBesideEntry) continue;
    if (auditor.isSaid(symbol, "exit", cycle.startMs)) continue;
    // Beside a trade that is as good as done nothing new leaves: its shares may be gone (pipeline 5).
    const { isSelling, isBound } = readCoverage(world, symbol);
    if (isSelling || isBound || isHiding(world, symbol, cycle.startMs)) continue;
    if (session.closeMs - world.trueMs < SPENT_EXIT_MS && hasSpentExit(auditor, position)) continue;
    world.violate(
      "an exit that is due is sent",
      `${symbol} at ${leastUsd}, r1 ${position.r1}, r2 ${position.r2}, not trimmed`,
    );
  }
  checkTrimFlags(auditor);
}

/** Whether an exit of the position ended without a fill, so that it is not sent again near the close, or in this cycle. */
function hasSpentExit({ world, cycle }: Auditor, { position_id: id }: RawPosition): boolean {
  return world.exchange.orders.some((order) =>
    order.clientOrderId.startsWith(`${id}-`) && order.type === "market" && isDone(order) &&
    (order.filledQty === 0 || order.updatedMs >= cycle.startMs)
  );
}

/** Whether a sell left since then: what follows it may wait for the next cycle. */
function isSold({ exchange }: World, symbol: string, sinceMs: number): boolean {
  return exchange.orders.some((order) =>
    order.symbol === symbol && order.side === "sell" && order.type === "market" &&
    order.submitted.ms >= sinceMs
  );
}

/** A trim that is marked as done was sold. */
function checkTrimFlags(auditor: Auditor): void {
  const { world } = auditor;
  if (world.profile.families.has("files") || world.profile.families.has("account")) return;
  for (const position of listPositions(world)) {
    if (position.adopted_qty > 0 || world.strange.has(position.symbol)) continue;
    if (isHiding(world, position.symbol, auditor.cycle.startMs)) continue;
    // Beside a trade that is as good as done nothing is decided anew (pipeline 5).
    if (readCoverage(world, position.symbol).isBound) continue;
    const bought = world.exchange.findOrder(position.position_id)?.filledQty ?? 0;
    // Of one share that a stop left there is nothing to trim.
    if (bought < 4 || (position.qty ?? 0) < 2) continue;
    const flags = [["r1_trim", position.trimmed_r1], ["r2_trim", position.trimmed_r2]] as const;
    for (const [reason, isDoneFlag] of flags) {
      const isSold = world.exchange.orders.some((order) =>
        order.clientOrderId.startsWith(`${position.position_id}-${reason}-`) &&
        // One that this cycle's overnight stop took the place of is known to have ended unfilled in the next.
        (order.filledQty > 0 || !isDone(order) || order.updatedMs >= auditor.cycle.startMs)
      );
      if (isDoneFlag && !isSold) {
        world.violate("a trim is done when it was sold", `${position.position_id} ${reason}`);
      }
    }
  }
}

/** At the close of a quiet LIVE day every managed share has a good-till-canceled stop. */
export function checkClose(auditor: Auditor): void {
  const { world } = auditor;
  checkNeverShort(world);
  checkTrims(world);
  checkOversold(auditor);
  const isQuietSince = (ms: number) =>
    !world.isDead && auditor.liveSinceMs <= ms && auditor.lastLiveEndMs >= ms &&
    world.lastTroubleMs < ms;
  const againMs = world.trueMs - CONVERT_AGAIN_MS;
  const isQuietLate = isQuietSince(againMs);
  const fromMs = isQuietLate ? againMs : world.trueMs - CONVERT_MS;
  if (!isQuietLate && !isQuietSince(fromMs)) return;
  world.count("closes checked");
  if (world.lastTroubleMs >= world.trueMs - CONVERT_MS) world.count("closes checked after trouble");
  if (world.profile.families.has("cancels")) world.count("closes checked where cancels hang");
  for (const symbol of listManaged(world)) {
    const { heldQty, gtcQty, unclearQty, unclearSinceMs } = readCoverage(world, symbol);
    if (gtcQty >= heldQty || auditor.isSaid(symbol, "stop", fromMs)) continue;
    // What only the operator can judge is not cancelled for that alone: he is told, once a cycle has seen it.
    const isUnseen = unclearSinceMs >= auditor.lastLiveEndMs - UNSEEN_MS;
    const isTold = (auditor.bareSaidMs.get(symbol) ?? -Infinity) >= world.trueMs - CONVERT_MS;
    const isUnclear = gtcQty + unclearQty >= heldQty || hasEndedUnclear(world, symbol);
    if (isUnclear && (isUnseen || isTold)) continue;
    const entered = listAcceptedEntries(world).some((order) =>
      order.symbol === symbol && world.trueMs - (order.fills[0]?.atMs ?? Infinity) < 2 * PARTIAL_MS
    );
    if (entered) continue;
    world.violate(
      "good-till-canceled stops cover every share at the close",
      `${symbol}: ${gtcQty} of ${heldQty} (${describeOrders(world, symbol)})`,
    );
  }
}

/** Whether a day order in a status that nobody knows has ended with this very close. */
function hasEndedUnclear({ exchange, trueMs }: World, symbol: string): boolean {
  return exchange.orders.some(({ symbol: each, side, expiredMs, asleep }) =>
    each === symbol && side === "sell" && expiredMs === trueMs &&
    asleep !== null && !isKnownStatus(asleep.spell.status)
  );
}

/** How much of everything happened, for the statistics. */
export function countOrders(world: World): void {
  for (const order of world.exchange.orders) {
    if (!isEngineOrder(order)) continue;
    const reason = /-(r1_trim|r2_trim|stop_exit|stop)-\d+$/.exec(order.clientOrderId)?.[1] ??
      "entry";
    world.count(`order ${reason} ${order.filledQty > 0 ? "filled" : order.status}`);
  }
}
