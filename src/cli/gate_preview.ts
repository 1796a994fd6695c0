import type { ReadFailure } from "../domain/order/order_request.ts";
import {
  decideGate,
  type GateDecision,
  type GateFailReason,
  type TokenFile,
} from "../domain/gate/gate.ts";
import { firstLedgerProblem, type LedgerProblem } from "../domain/order/ledger.ts";
import { compareLedgerFile } from "../domain/order/ledger_file.ts";
import { hasTraces } from "../domain/account/rebuild_records.ts";
import { LEDGER_FILE, STATE_FILE } from "../domain/gate/rebuild_wait.ts";
import { isOwn, type RecordOwner } from "../domain/gate/record_owner.ts";
import { ARCHIVE_DAYS_MAX, PAST_DAYS } from "../engine/archive.ts";
import { isLocked } from "../domain/account/engine_state.ts";
import { problemOf } from "../engine/gate_reader.ts";
import type { ArchiveRead, LedgerRead, StateRead } from "../domain/account/records_read.ts";
import type { EngineConfig, EnginePorts } from "../engine/ports.ts";

/** What the broker adds to a preview of the gate; without it the gate is asked as if the broker agreed. */
export interface BrokerPart {
  readonly accountId: string | null;
  readonly positionsProblem: ReadFailure | null;
  readonly ledgerProblem: LedgerProblem | null;
}

/** What the gate of a first cycle that starts now would be decided from. */
export interface PreviewInputs {
  readonly config: EngineConfig;
  /** Host that orders go to. */
  readonly host: string;
  readonly isKillSwitchFile: boolean;
  readonly fileToken: TokenFile;
  readonly ledger: LedgerRead;
  readonly state: StateRead;
  /** Its newest days, as many as the cycle reads. */
  readonly archive: ArchiveRead;
  readonly todayNy: string;
  readonly broker: BrokerPart | null;
}

/** What the records are, as they were read. */
type RecordInputs = Pick<PreviewInputs, "ledger" | "state" | "archive" | "todayNy" | "broker">;

/** What of the records themselves blocks the next cycle's LIVE; `null` where nothing does. */
export function findRecordObjection(inputs: RecordInputs): GateFailReason | null {
  const file = findStateProblem(inputs);
  if (file !== null) return { code: "invalid_configuration", variable: file };
  const problem = findLedgerProblem(inputs);
  return problem === null ? null : { code: "ledger_unavailable", problem };
}

/** The gate as the next cycle's would be (interface, Gate), from what was read for this preview. */
export function previewGate(inputs: PreviewInputs): GateDecision {
  const { config, broker } = inputs;
  return decideGate({
    isDryRun: config.isDryRun,
    isKillSwitchEnv: config.isKillSwitchEnv,
    isKillSwitchFile: inputs.isKillSwitchFile,
    isLiveTrading: config.isLiveTrading,
    envToken: config.confirmToken,
    fileToken: inputs.fileToken,
    caps: config.caps,
    allowlist: config.allowlist,
    invalidConfiguration: config.invalidConfiguration ?? findStateProblem(inputs) ??
      (findOtherAccount(inputs) === null ? null : "ALPACA_PAPER"),
    ledgerProblem: findLedgerProblem(inputs),
    positionsProblem: broker?.positionsProblem ?? null,
  });
}

function findLedgerProblem(inputs: RecordInputs): LedgerProblem | null {
  const { ledger, broker } = inputs;
  return firstLedgerProblem([
    // A missing ledger is not made while what it is made from can't be read.
    ledger.kind === "missing" && findUnreadable(inputs) !== null ? null : problemOf(ledger),
    findUnreadable(inputs),
    findDayProblem(inputs),
    findHandsChange(inputs),
    findLock(inputs),
    broker?.ledgerProblem ?? null,
  ]);
}

/** A ledger of a day still to come; one of an earlier day is turned to today by the cycle itself. */
function findDayProblem({ ledger, todayNy }: RecordInputs): LedgerProblem | null {
  return ledger.kind === "ok" && ledger.ledger.dateNy > todayNy ? "ledger invalid" : null;
}

/** A file that another hand changed since it was written blocks the cycle that finds it so (runbook 4.4). */
function findHandsChange({ ledger, state, todayNy }: RecordInputs): LedgerProblem | null {
  if (ledger.kind !== "ok" || state.kind !== "ok" || state.state.ledger === null) return null;
  const versions = state.state.ledgerVersions;
  const found = compareLedgerFile(state.state.ledger, ledger.ledger, { versions, todayNy });
  return found.kind === "changed" || found.kind === "later" ? "ledger invalid" : null;
}

/** The lock of two mismatches stands in the records, whatever became of the ledger's file. */
function findLock({ state }: RecordInputs): LedgerProblem | null {
  return state.kind === "ok" && isLocked(state.state) ? "broker mismatch" : null;
}

/** A record that is there and can't be read, where it is needed: nothing is rebuilt without it (pipeline 6). */
function findUnreadable(inputs: RecordInputs): LedgerProblem | null {
  if (inputs.state.kind === "unreadable") return "state unreadable";
  return inputs.archive.kind === "unreadable" && isArchiveNeeded(inputs)
    ? "archive unreadable"
    : null;
}

/** What the next cycle reads of the archive: where the document is lost, its copy too. Never throws. */
export async function readArchiveFor(
  state: StateRead,
  ports: Pick<EnginePorts, "ledger" | "state">,
): Promise<ArchiveRead> {
  const isLost = state.kind === "missing" || state.kind === "damaged";
  const archive = await ports.ledger.readArchive(isLost ? ARCHIVE_DAYS_MAX : PAST_DAYS);
  if (archive.kind !== "ok" || !isLost) return archive;
  const copy = await ports.state.readCopy();
  if (copy.kind === "unreadable") return copy;
  return { ...archive, unusable: [...copy.unusable, ...archive.unusable] };
}

/** Whether a record is to be made anew, from the archive too. */
export function isArchiveNeeded(
  { ledger, state }: Pick<PreviewInputs, "ledger" | "state">,
): boolean {
  return ledger.kind !== "ok" || state.kind === "missing" || state.kind === "damaged";
}

/** A state that is damaged, newer, or missing although the engine has traded blocks LIVE (pipeline 6). */
function findStateProblem({ state, ledger, archive, broker }: RecordInputs): string | null {
  if (state.kind === "damaged" || state.kind === "newer") return STATE_FILE;
  // What can't be read has a reason of its own, and nothing is rebuilt in the next cycle.
  const isRebuilt = state.kind === "missing" && archive.kind === "ok" &&
    (ledger.kind === "ok" || ledger.kind === "missing") &&
    (broker?.positionsProblem ?? null) === null;
  if (!isRebuilt) return null;
  const present = ledger.kind === "ok" ? [ledger.ledger] : [];
  const ledgers = [...present, ...archive.ledgers];
  return hasTraces({ copy: null, ledgers, orders: [] }) ? STATE_FILE : null;
}

/**
 * The record that is of another host or account than the broker's, by its file's name, in the archive too (pipeline 6).
 * @returns `null` where there is none.
 */
export function findOtherAccount(
  inputs: Pick<PreviewInputs, "ledger" | "state" | "archive" | "host" | "broker">,
): string | null {
  const { ledger, state, archive, host, broker } = inputs;
  const owners: { readonly file: string; readonly owner: RecordOwner }[] = [
    ...(ledger.kind === "ok" ? [{ file: LEDGER_FILE, owner: ledger.ledger }] : []),
    ...(state.kind === "ok" ? [{ file: STATE_FILE, owner: state.state }] : []),
    ...(archive.kind === "ok"
      ? archive.ledgers.map((owner) => ({
        file: `archive/live_orders_${owner.dateNy}.json`,
        owner,
      }))
      : []),
  ];
  const accountId = broker?.accountId ?? null;
  return owners.find(({ owner }) => !isOwn(owner, { host, accountId }))?.file ?? null;
}
