import {
  decideGate,
  decideOperator,
  type GateDecision,
  type GateFailReason,
  type GateInputs,
  type OperatorInputs,
} from "../domain/gate/gate.ts";
import { isLocked } from "../domain/account/engine_state.ts";
import type { GateInputsRecord } from "../domain/day/events.ts";
import {
  firstLedgerProblem,
  type LedgerProblem,
  type LiveLedger,
  MISMATCHES_MAX,
} from "../domain/order/ledger.ts";
import { objectToWait } from "../domain/gate/rebuild_wait.ts";
import { findForeignFile } from "../domain/gate/record_owner.ts";
import type { Engine } from "./engine.ts";
import { readPositions } from "./listing.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";

/** What the broker said longer ago is read again before an order that changes something leaves (interface, Gate). */
export const FACTS_AGE_MAX_MS = 5_000;

/** The ledger problem that a read alone shows. */
export function problemOf(read: LedgerRead): LedgerProblem | null {
  switch (read.kind) {
    case "ok":
      return read.ledger.mismatches >= MISMATCHES_MAX ? "broker mismatch" : null;
    case "missing":
      return "ledger missing";
    case "unreadable":
      return "ledger unreadable";
    case "invalid":
      return "ledger invalid";
  }
}

/** The operator's part of the gate, from the files as they are now. */
export async function readOperatorInputs(engine: Engine): Promise<OperatorInputs> {
  const { config, operatorFiles } = engine.ports;
  return {
    isDryRun: config.isDryRun,
    isKillSwitchEnv: config.isKillSwitchEnv,
    isKillSwitchFile: await operatorFiles.isKillSwitchOn(),
    isLiveTrading: config.isLiveTrading,
    envToken: config.confirmToken,
    fileToken: await operatorFiles.readToken(),
  };
}

/** The operator's own objection to an order, from fresh files; `null` where there is none. */
export async function readOperatorObjection(engine: Engine): Promise<GateFailReason | null> {
  return decideOperator(await readOperatorInputs(engine));
}

/** Whether ledger, state and broker belong together; the variable to name where they do not (pipeline 6). */
export function findIdentityProblem(engine: Engine, ledger: LiveLedger | null): string | null {
  return findForeignFile(engine.keys, engine.state, ledger) === null ? null : "ALPACA_PAPER";
}

/** What a gate evaluation found beside its decision. */
export interface GateReading {
  readonly decision: GateDecision;
  /** The files of the operator among them are as they were at the decision. */
  readonly inputs: GateInputs;
  /** The day's ledger as the records have it; `null` where its file forbids to count from it. */
  readonly ledger: LiveLedger | null;
  /** What its file says of itself; `null` where it can't be read. */
  readonly file: LiveLedger | null;
}

/**
 * Evaluates the gate from inputs read now (interface, Gate). Positions count as read now where they are at most
 * `FACTS_AGE_MAX_MS` old; the operator's files are read last, so that nothing slow lies between them and the request.
 * @param known What the ledger's file says, where this cycle has looked at it for its gate already.
 */
export async function readGate(engine: Engine, known?: LedgerRead): Promise<GateReading> {
  const positionsProblem = await readPositionsProblem(engine);
  const read = known ?? await engine.ports.ledger.read();
  const file = read.kind === "ok" ? read.ledger : null;
  const waits = [engine.stateWait, engine.ledgerWait].map(objectToWait);
  const { caps, allowlist, invalidConfiguration } = engine.ports.config;
  const inputs: GateInputs = {
    ...await readOperatorInputs(engine),
    caps,
    allowlist,
    invalidConfiguration: invalidConfiguration ?? engine.stateProblem ??
      waits.find((wait) => wait.invalidConfiguration)?.invalidConfiguration ??
      findIdentityProblem(engine, file),
    ledgerProblem: firstLedgerProblem([
      // A ledger that is missing because its rebuild waits: what it waits for is the reason.
      read.kind === "missing" && isRebuildWaiting(engine) ? null : problemOf(read),
      engine.ledgerProblem,
      isLocked(engine.state) ? "broker mismatch" : null,
      ...waits.map((wait) => wait.ledgerProblem ?? null),
      findChangeProblem(engine, file),
    ]),
    positionsProblem: positionsProblem ??
      waits.find((wait) => wait.positionsProblem)?.positionsProblem ?? null,
  };
  engine.gateInputs = describeInputs(inputs);
  const ledger = file === null ? null : engine.state.ledger;
  return { decision: decideGate(inputs), inputs, ledger, file };
}

function isRebuildWaiting({ stateWait, ledgerWait }: Engine): boolean {
  return [stateWait, ledgerWait].some((wait) => wait !== null && !wait.kind.endsWith("disk"));
}

function describeInputs(inputs: GateInputs): GateInputsRecord {
  return {
    is_dry_run: inputs.isDryRun,
    is_kill_switch_env: inputs.isKillSwitchEnv,
    is_kill_switch_file: inputs.isKillSwitchFile,
    is_live_trading: inputs.isLiveTrading,
    has_env_token: inputs.envToken !== null,
    has_file_token: inputs.fileToken.kind === "present",
    invalid_configuration: inputs.invalidConfiguration,
    ledger_problem: inputs.ledgerProblem,
    positions_problem: inputs.positionsProblem,
  };
}

/** A ledger that another hand changed since the cycle looked, or that is not of today, is not today's count. */
function findChangeProblem(engine: Engine, file: LiveLedger | null): LedgerProblem | null {
  if (file === null) return null;
  const isToday = file.dateNy === engine.dateNy();
  const isOurs = engine.state.ledger === null || engine.store.isKnown(file);
  return isToday && isOurs ? null : "ledger invalid";
}

async function readPositionsProblem(engine: Engine): Promise<GateInputs["positionsProblem"]> {
  const observation = engine.observation;
  if (observation === null) return "network";
  const { positions } = observation;
  if (positions.kind === "failed") return positions.failure;
  const ageMs = engine.ports.clock.monotonicMs() - positions.atMonotonicMs;
  if (ageMs <= FACTS_AGE_MAX_MS) return null;
  const seen = await readPositions(engine, observation, "protect");
  // What the cycle saw first stays the last that is known: what is bare or due of it is told.
  if (seen.positions.kind === "failed") return seen.positions.failure;
  engine.observation = seen;
  return null;
}
