import { type LedgerEntry, NOT_SENT } from "../domain/order/ledger.ts";
import {
  type EntryRequest,
  isUnjudged,
  type OrderRequest,
  type SendResult,
} from "../domain/order/order_request.ts";
import type { GateDecision } from "../domain/gate/gate.ts";
import { planEntries } from "../domain/plan/entries.ts";
import { plan } from "../domain/plan/plan.ts";
import { settleEntry, settleUnwritten } from "../domain/plan/settle_entry.ts";
import { type Begun, NOTHING_UNDER_WAY } from "../domain/account/unfinished.ts";
import { settle } from "../domain/plan/settle.ts";
import type {
  EntryQuestion,
  Planned,
  Question,
  RecordChange,
  RecordPart,
  Settled,
  Step,
} from "../domain/plan/step.ts";
import { symbolOf } from "../domain/plan/seen.ts";
import type { EntryTurn, OperatorView, Seen, Turn } from "../domain/plan/world.ts";
import { FREE_FILE } from "../domain/alert/remedies.ts";
import { askByRoot } from "./asker.ts";
import type { Engine } from "./engine.ts";
import {
  askForEntry,
  buildDesk,
  type EntryMandate,
  NEW_ENTRY_TURN,
  recordSimulated,
} from "./entry_desk.ts";
import { awaitMoment } from "./entry_moment.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { readGate, readOperatorObjection } from "./gate_reader.ts";
import { buildOrderRecorded } from "./ledger_store.ts";
import { isOfThisSession, refresh } from "./observe.ts";
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
import { beginTurn, buildWorld, readKeys } from "./plan_world.ts";
import { StateError } from "./ports.ts";
import { trackPositions } from "./positions.ts";
import { readPrices } from "./prices.ts";
import { sendLive } from "./send.ts";
import { tell, tellUnwritten } from "./teller.ts";
import { listBare } from "./unfinished.ts";

/** What a run of the plan is carried out under. */
export interface Mandate {
  /** `null` where the gate was not asked. */
  readonly gate: GateDecision | null;
  /** Positions adopted in this cycle, which it only protects. */
  readonly fresh?: ReadonlySet<string>;
  readonly closed?: Seen["closed"];
  /** Entries instead of positions. */
  readonly entries?: EntryMandate;
}

/** What one run of the plan has of its own. */
interface Run {
  readonly engine: Engine;
  readonly mandate: Mandate;
  operator: OperatorView;
  turn: Turn;
  /** What it counts of entries, and whether the operator has paused them as far as it has looked. */
  entryTurn: EntryTurn;
  areEntriesPaused: boolean;
  /** Notes of rests that were told in this run. */
  readonly told: Set<string>;
  /** How the broker answered what was sent last, by position. */
  readonly answers: Map<string, SendResult>;
}

/** What is asked, and what is sent, for positions and for entries. */
type AnyQuestion = Question | EntryQuestion;
type AnyPlanned = Planned<AnyQuestion, OrderRequest>;
type AnyStep = AnyPlanned["step"];
type StepOf<Kind extends Step["do"]> = Extract<AnyStep, { readonly do: Kind }>;

/**
 * Carries the plan out, one step after the other, until nothing more can be done now: decides nothing.
 * @returns Positions about whose stop the broker has given its judgement.
 */
export async function carryOut(engine: Engine, mandate: Mandate): Promise<ReadonlySet<string>> {
  const run: Run = {
    engine,
    mandate,
    operator: await readOperator(engine, mandate.gate),
    turn: beginTurn(engine, mandate.fresh ?? new Set()),
    entryTurn: NEW_ENTRY_TURN,
    areEntriesPaused: engine.isPauseSeen,
    told: new Set(),
    answers: new Map(),
  };
  for (;;) {
    const { step, say } = planNext(run);
    const stepsLeft = run.turn.stepsLeft - 1;
    run.turn = { ...run.turn, stepsLeft };
    // The plan begins nothing without steps; one that goes on all the same is at fault.
    if (stepsLeft < -20) {
      engine.onBreach("The plan makes no progress: left to the next cycle");
      break;
    }
    await tell(engine, say, { told: run.told, isRest: step.do === "rest" });
    if (step.do === "rest") {
      if (step.wakeAtMs !== null) engine.wakeAt(step.wakeAtMs);
      break;
    }
    await carryOutStep(run, step);
    const isLookNew = step.do === "read" && step.questions.some(({ ask }) => ask === "positions");
    run.turn = { ...run.turn, isLookNew };
  }
  if (run.answers.size > 0) await storeTaken(engine);
  return listJudged(run);
}

function planNext({ engine, mandate, turn, operator, ...run }: Run): AnyPlanned {
  const world = buildWorld(engine, turn, operator, mandate.closed ?? new Map());
  if (mandate.entries === undefined) return plan(world);
  const { areEntriesPaused, entryTurn } = run;
  const desk = buildDesk(engine, mandate.entries, { areEntriesPaused, turn: entryTurn });
  return planEntries({ ...world, desk });
}

async function readOperator(engine: Engine, gate: GateDecision | null): Promise<OperatorView> {
  const isAsked = listBare(engine).length > 0;
  return {
    gate,
    objection: isAsked ? await readOperatorObjection(engine) : null,
    isLossReached: engine.dayLoss.kind === "reached",
    keys: readKeys(engine),
  };
}

async function carryOutStep(run: Run, step: Exclude<AnyStep, { do: "rest" }>): Promise<void> {
  const { engine } = run;
  switch (step.do) {
    case "read":
      return await ask(run, step);
    case "record":
      run.entryTurn = await recordSimulated(engine, step.change, run.entryTurn);
      return await storeRecord(engine, step.change);
    case "send":
      return await leave(run, step);
  }
}

async function ask(run: Run, { questions, notBeforeMs }: StepOf<"read">): Promise<void> {
  const { clock } = run.engine.ports;
  const pauseMs = (notBeforeMs ?? 0) - clock.monotonicMs();
  if (pauseMs > 0) await clock.sleep(pauseMs);
  const last = questions.filter(({ ask }) => LAST.has(ask));
  // A sell's fill is in the answer by its id before any list has it: what is asked by name comes first, all of it together.
  await Promise.all(
    questions.filter((each) => !last.includes(each)).map((each) => askOne(run, each)),
  );
  for (const question of last) await askOne(run, question);
}

/** What is looked at after all that is asked by name, in this order: nothing slow lies between the gate and what it is for. */
const LAST: ReadonlySet<AnyQuestion["ask"]> = new Set(["positions", "day_loss", "gate"]);

async function askOne(run: Run, question: AnyQuestion): Promise<void> {
  const { engine } = run;
  const asked = engine.markAsked();
  switch (question.ask) {
    case "positions":
      run.turn = { ...run.turn, looks: run.turn.looks + 1 };
      await refresh(engine);
      // What changed meanwhile must be explained first: no stop for a split, or for what was sold.
      if (run.mandate.entries === undefined) await trackPositions(engine);
      return;
    case "open_orders":
      // Read with the positions.
      return;
    case "order": {
      const { orderId } = question;
      const outcome = await askByRoot(engine, orderId);
      return engine.learn([{ to: "order", orderId, outcome }], asked);
    }
    case "look_up": {
      const { clientOrderId } = question;
      const outcome = await engine.ports.broker.lookUp(clientOrderId, "protect");
      return engine.learn([{ to: "look_up", clientOrderId, outcome }], asked);
    }
    case "trade": {
      const { symbol } = question;
      const { rows } = await readPrices(engine, [symbol], "; its stop is looked at again soon");
      const trade = rows.get(symbol);
      const isNow = trade !== undefined && isOfThisSession(engine, trade);
      return engine.learn([{ to: "trade", symbol, trade: isNow ? trade : null }], asked);
    }
    case "gate":
      await askGate(run);
  }
  const answered = await askForEntry(engine, question, run.entryTurn);
  run.entryTurn = { ...run.entryTurn, ...answered };
}

/** The gate and the operator's pause, as they are now. */
async function askGate(run: Run): Promise<void> {
  const { engine } = run;
  const { decision } = await readGate(engine);
  await printGateIfChanged(engine, decision);
  run.operator = { ...run.operator, gate: decision };
  run.areEntriesPaused = await engine.ports.operatorFiles.areEntriesPaused();
}

async function leave(run: Run, step: StepOf<"send">): Promise<void> {
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
function listJudged({ engine, answers }: Run): ReadonlySet<string> {
  const judged = [...answers].filter(([positionId, answer]) => {
    if (answer.kind === "accepted") return true;
    if (answer.kind === "rejected") return !isUnjudged(answer);
    const last = engine.state.ledger?.entries.filter((entry) => entry.positionId === positionId)
      .at(-1);
    return last?.status === "accepted" && last.detail !== NOT_SENT;
  });
  return new Set(judged.map(([positionId]) => positionId));
}
