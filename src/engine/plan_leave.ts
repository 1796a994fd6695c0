import { type Begun, NOTHING_UNDER_WAY } from "../domain/account/unfinished.ts";
import { FREE_FILE } from "../domain/alert/remedies.ts";
import { type LedgerEntry, NOT_SENT } from "../domain/order/ledger.ts";
import {
  type EntryRequest,
  isUnjudged,
  type OrderRequest,
  type SendResult,
} from "../domain/order/order_request.ts";
import { symbolOf } from "../domain/plan/seen.ts";
import { settle } from "../domain/plan/settle.ts";
import { settleEntry, settleUnwritten } from "../domain/plan/settle_entry.ts";
import type { RecordChange, RecordPart, Settled } from "../domain/plan/step.ts";
import type { Engine } from "./engine.ts";
import { awaitMoment } from "./entry_moment.ts";
import { buildOrderRecorded } from "./ledger_store.ts";
import {
  areNamesOnRecord,
  type Prepared,
  prepareOrders,
  storeOrders,
  storeRecord,
  storeTaken,
  takeAnswer,
  takeUndurable,
} from "./plan_records.ts";
import type { Run, StepOf } from "./plan_run.ts";
import { StateError } from "./ports.ts";
import { sendLive } from "./send.ts";
import { tell, tellUnwritten } from "./teller.ts";

/** Lets a request leave under its record, and takes the answer in. */
export async function leave(run: Run, step: StepOf<"send">): Promise<void> {
  const { engine, turn } = run;
  const { request, permit, positionId } = step;
  const isAhead = request.op === "bracket" && request.notBeforeMs !== null;
  const prepared = isAhead ? prepareOrders(engine, step.change) : null;
  if (isAhead && !await reachMoment(run, request)) return;
  const made = await makeDurable(run, step, prepared);
  if (made.kind === "unwritten") return await holdUnwritten(run, step, made.why);
  const recorded = made.entries.map(buildOrderRecorded);
  const obstacle = request.op === "bracket" ? findRecordObstacle(engine, request) : null;
  if (obstacle !== null) await engine.event(...recorded);
  const answer: SendResult = obstacle === null
    ? await sendLive(engine, permit, request, recorded)
    : { kind: "stopped", reason: obstacle };
  const symbol = symbolOf(request);
  const acts = (turn.actsBySymbol.get(symbol) ?? 0) + 1;
  const id = request.op === "cancel" ? request.orderId : request.request.clientOrderId;
  run.turn = {
    ...run.turn,
    actsBySymbol: new Map(turn.actsBySymbol).set(symbol, acts),
    sendings: new Map(turn.sendings).set(id, (turn.sendings.get(id) ?? 0) + 1),
  };
  if (request.op !== "cancel") run.answers.set(positionId, answer);
  const { change, say } = settleAnswer(run, request, answer);
  await takeAnswer(engine, change);
  // What the broker would not say again is durable at once, and what is told of an entry; all else is looked up after a crash,
  // as what is pending.
  const isOnce = answer.kind === "rejected" || answer.kind === "duplicate";
  if (isOnce || request.op === "bracket") await storeTaken(engine);
  if (answer.kind === "accepted") engine.hindrances.delete(symbol);
  const notes = answer.kind === "accepted" ? [...say, ...step.done] : say;
  await tell(engine, notes, { told: run.told, isRest: false });
}

/** An entry made ready for its moment is judged anew where that was missed by more, as after the host slept. Milliseconds. */
const MOMENT_MISSED_MS = 250;

/** @returns Whether the entry's moment is now: all is as it was made ready for. */
async function reachMoment(run: Run, { request, notBeforeMs }: EntryRequest): Promise<boolean> {
  if (notBeforeMs === null) return true;
  const { engine } = run;
  const isUndisturbed = await awaitMoment(engine, notBeforeMs);
  const isDisturbed = run.entryTurn.isDisturbed || !isUndisturbed;
  run.entryTurn = { ...run.entryTurn, momentFor: request.clientOrderId, isDisturbed };
  return isUndisturbed && engine.nowMs() - notBeforeMs <= MOMENT_MISSED_MS;
}

function settleAnswer(run: Run, request: OrderRequest, answer: SendResult): Settled {
  const { state, ports: { clock } } = run.engine;
  const now = { brokerMs: run.engine.nowMs(), monotonicMs: clock.monotonicMs() };
  if (request.op !== "bracket") return settle(state, request, answer, now);
  noteSent(run, request, answer.kind);
  return settleEntry(state, request, answer, now.brokerMs);
}

/** An entry has had its turn in this run. */
function noteSent(
  run: Run,
  { request: { clientOrderId }, earlier }: Extract<OrderRequest, { readonly op: "bracket" }>,
  answer: SendResult["kind"],
): void {
  const entry = { isRepeat: earlier !== null, answer, atMs: run.engine.nowMs() };
  const sent = new Map(run.entryTurn.sent).set(clientOrderId, entry);
  run.entryTurn = { ...run.entryTurn, sent };
}

/** Why the record of an entry, once made, still lets nothing leave; `null` where it does. */
function findRecordObstacle(engine: Engine, { notAfterMs }: EntryRequest): string | null {
  // Made from the reserve, which is for exits and protection: what this entry's own would need may not be there (pipeline 5).
  if (engine.ports.disk.fault?.kind === "full") return "disk full";
  return engine.nowMs() >= notAfterMs ? "writing the record took too long" : null;
}

/** What became of a request's record: the orders that it has, or why it can't be written, so that nothing may leave. */
type Made =
  | { readonly kind: "made"; readonly entries: readonly LedgerEntry[] }
  | { readonly kind: "unwritten"; readonly why: string };

async function makeDurable(
  { engine }: Run,
  { change, permit, request }: StepOf<"send">,
  prepared: Prepared | null,
): Promise<Made> {
  const isOnRecord = areNamesOnRecord(engine.state, change);
  try {
    return { kind: "made", entries: await storeOrders(engine, change, prepared) };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    // A failing ledger can't stop the rest of an exit: what is on record stands for it.
    if (permit.kind !== "exit_rest" || !isOnRecord) {
      return { kind: "unwritten", why: error.message };
    }
    takeUndurable(engine, change);
    engine.sayError(
      `${symbolOf(request)}: the ledger fails in the middle of an exit: ${error.message}`,
      FREE_FILE,
    );
    return { kind: "made", entries: [] };
  }
}

/** Nothing left: an exit is not tried again in this cycle, and what protects is left to the next one. */
async function holdUnwritten(run: Run, step: StepOf<"send">, message: string): Promise<void> {
  const { engine, turn } = run;
  const { positionId, request } = step;
  if (request.op === "bracket") {
    noteSent(run, request, "stopped");
    const { change, say } = settleUnwritten(request.request, listIntents(step.change), message);
    await storeRecord(engine, change);
    return await tell(engine, say);
  }
  const reason = tellUnwritten(engine, { ...step, request }, message);
  const unfinished = engine.state.unfinished.find((each) => each.positionId === positionId);
  const why = `its record can't be written: ${message}`;
  const held = { atMs: engine.nowMs(), why, isOver: reason === null };
  const tried = { cycleStartedAtMs: turn.cycleStartedAtMs, again: "no" } as const;
  const before = unfinished?.underWay ?? NOTHING_UNDER_WAY;
  const underWay = { ...before, begun: null, held, tried };
  await storeRecord(engine, [
    ...listUnsent(engine, before.begun),
    { kind: "unfinished", positionId, change: { underWay } },
  ]);
}

/** What an entry's record would have taken off the list. */
function listIntents(change: RecordChange) {
  return change.flatMap((part) => part.kind === "off_list" ? part.intents : []);
}

/** What was begun, is recorded in memory alone, and never will be sent. */
function listUnsent({ state: { ledger } }: Engine, begun: Begun | null): RecordPart[] {
  const ids = [begun?.sellId, begun?.stopId];
  return (ledger?.entries ?? []).flatMap(({ clientOrderId, status }) =>
    clientOrderId !== null && ids.includes(clientOrderId) && status === "pending"
      ? [{ kind: "not_sent", clientOrderId } as const]
      : []
  );
}

/** What the broker has judged, whatever it said: it took it, or will not have it. */
export function listJudged({ engine, answers }: Run): ReadonlySet<string> {
  const judged = [...answers].filter(([positionId, answer]) => {
    if (answer.kind === "accepted") return true;
    if (answer.kind === "rejected") return !isUnjudged(answer);
    const last = engine.state.ledger?.entries.filter((entry) => entry.positionId === positionId)
      .at(-1);
    return last?.status === "accepted" && last.detail !== NOT_SENT;
  });
  return new Set(judged.map(([positionId]) => positionId));
}
