import type { Auditor } from "./auditor.ts";
import type { ChangeRequest } from "./change_request.ts";
import { checkEntry } from "./entry_checks.ts";
import { checkExit } from "./sell_checks.ts";
import { PAUSED_PATH } from "./world.ts";
import { findLedgerFault, findObjection, isOfAnotherAccount } from "./truth.ts";

/** The stop that follows an exit may be late: it is good till canceled, and rests overnight. */
const LATE_STOP_MS = 25_000;
/** Positions at most 5 s old, and what a wait for the request budget adds. */
const POSITIONS_AGE_MS = 15_000;

/** Everything that must hold when a request leaves that changes an order. */
export function checkRequest(auditor: Auditor, change: ChangeRequest): void {
  checkPermit(auditor, change);
  checkRecord(auditor, change);
  if (change.op === "entry") checkEntry(auditor, change);
  else checkExit(auditor, change);
}

/** A gate PASS on the inputs of this instant; the rest of an exit needs only the operator not to object. */
function checkPermit(auditor: Auditor, change: ChangeRequest): void {
  const { world, shown } = auditor;
  const what = `${change.op} ${change.symbol} left`;
  const objection = findObjection(world);
  if (objection !== null) {
    return world.violate("no request without a gate PASS", `${what}: ${objection}`);
  }
  if (isOfAnotherAccount(world)) {
    return world.violate("no request without a gate PASS", `${what}: the account is another`);
  }
  const isLateStop = change.op === "stop" && auditor.rests.get(change.symbol) === "cancelled";
  const lateMs = isLateStop ? LATE_STOP_MS : 0;
  const { sessions } = world.exchange;
  if ((sessions.at(world.trueMs) ?? sessions.at(world.trueMs - lateMs)) === null) {
    auditor.closedChecks.leaving(change);
  }
  if (isRest(auditor, change)) return;
  if (shown.clock.isWrong) {
    world.violate("no new decision by a clock that contradicts itself", what);
  }
  if (change.op === "entry" && world.disk.has(PAUSED_PATH)) {
    return world.violate("no entry while entries are paused", what);
  }
  const fault = findLedgerFault(world);
  if (fault !== null) return world.violate("no request without a gate PASS", `${what}: ${fault}`);
  const block = shown.findBlock();
  if (block !== null) return world.violate("no request without a gate PASS", `${what}: ${block}`);
  const { positions } = shown;
  if (!positions.isUsable || world.trueMs - positions.atMs > POSITIONS_AGE_MS) {
    world.violate("no request without a gate PASS", `${what}: positions were not read`);
  }
  if (auditor.hasLostState && auditor.openCycles === 0) {
    world.violate("no request without a gate PASS", `${what}: the state was lost`);
  }
}

/** What was rejected afterwards is put right in the next cycles. */
const REOPENED_MS = 10 * 60_000;

/** Whether the exit's cancel has left: then only the operator can stop what follows (pipeline 5). */
function isRest({ rests, world }: Auditor, { op, symbol }: ChangeRequest): boolean {
  const rest = rests.get(symbol);
  // A sell or stop that was taken and rejected afterwards has not ended it.
  const isReopened = world.exchange.orders.some((order) =>
    order.symbol === symbol && order.side === "sell" && order.status === "rejected" &&
    world.trueMs - order.updatedMs < REOPENED_MS
  );
  if (op === "stop" && isReopened) return true;
  switch (rest) {
    case undefined:
      return false;
    case "replaced":
      return op === "sell";
    case "cancelled":
      return op !== "entry" && op !== "replace";
    case "entry_ended":
      return op === "stop";
  }
}

/** The record is durable before the request leaves: in the bytes that a crash right now could not take. */
function checkRecord(auditor: Auditor, change: ChangeRequest): void {
  const { world, cycle } = auditor;
  if (change.op === "cancel" || world.ledgerTouchedMs >= cycle.startMs) return;
  const { recorded } = change;
  // A failing ledger can't stop the rest of an exit: its stop leaves under the record that was written for it before.
  const isRestored = change.op === "stop" && isRest(auditor, change);
  if (recorded === null && isRestored && findLedgerFault(world) !== null) return;
  if (recorded === null) {
    return world.violate(
      "the ledger entry is durable before its request",
      `${change.op} ${change.clientOrderId} left without one`,
    );
  }
  if (recorded.status === "rejected" && !isRestored) {
    world.violate(
      "the ledger entry is durable before its request",
      `${change.clientOrderId} left though its entry says ${recorded.status}`,
    );
  }
}
