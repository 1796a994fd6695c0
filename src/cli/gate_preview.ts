import { decideGate, type GateDecision, type ReadFailure, type TokenFile } from "../domain/gate.ts";
import type { LedgerProblem, LiveLedger } from "../domain/ledger.ts";
import { hasTraces } from "../domain/rebuild_state.ts";
import { problemOf } from "../engine/gate_reader.ts";
import type { EngineConfig, LedgerRead, StateRead } from "../engine/ports.ts";
import { STATE_FILE } from "../engine/state_loading.ts";

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
  /** The newest of the archive, for what a missing state means. */
  readonly archived: readonly LiveLedger[];
  readonly todayNy: string;
  readonly broker: BrokerPart | null;
}

/** The gate as the next cycle's would be (interface, Gate), from what was read for this preview. */
export function previewGate(inputs: PreviewInputs): GateDecision {
  const { config, broker, ledger } = inputs;
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
      (isOtherAccount(inputs) ? "ALPACA_PAPER" : null),
    ledgerProblem: problemOf(ledger) ?? findDayProblem(inputs) ?? broker?.ledgerProblem ?? null,
    positionsProblem: broker?.positionsProblem ?? null,
  });
}

/** A ledger of a day still to come; one of an earlier day is turned to today by the cycle itself. */
function findDayProblem({ ledger, todayNy }: PreviewInputs): LedgerProblem | null {
  return ledger.kind === "ok" && ledger.ledger.dateNy > todayNy ? "ledger invalid" : null;
}

/** A state that is damaged, newer, or missing although the engine has traded blocks LIVE (pipeline 6). */
function findStateProblem({ state, ledger, archived }: PreviewInputs): string | null {
  if (state.kind === "ok") return null;
  if (state.kind !== "missing") return STATE_FILE;
  const present = ledger.kind === "ok" ? [ledger.ledger] : [];
  return hasTraces([...present, ...archived], []) ? STATE_FILE : null;
}

/** Whether ledger or state are of another host or account than the broker's (pipeline 6). */
export function isOtherAccount(
  inputs: Pick<PreviewInputs, "ledger" | "state" | "host" | "broker">,
): boolean {
  const { ledger, state, host, broker } = inputs;
  const owners = [
    ledger.kind === "ok" ? ledger.ledger : null,
    state.kind === "ok" ? state.state : null,
  ];
  const accountId = broker?.accountId ?? null;
  return owners.some((owner) =>
    owner !== null && (
      (owner.host !== null && owner.host !== host) ||
      (owner.accountId !== null && accountId !== null && owner.accountId !== accountId)
    )
  );
}
