import type { LedgerRead, StateRead } from "../domain/account/records_read.ts";
import { LEDGER_FILE, STATE_FILE } from "../domain/gate/rebuild_wait.ts";
import { countsAsOn, type SwitchLook } from "../state/switch_files.ts";
import { type CheckItem, objectToLive, pass, warn } from "./check_item.ts";
import { remedy } from "./check_remedies.ts";

/** A path that the engine could not write as it has to, and why. */
export interface WriteProblem {
  /** What is in the way and can be moved, or `null` where only the operator knows. */
  readonly inTheWay: string | null;
  readonly message: string;
}

/** What the engine writes beside its two records: event log, archive, temporary names (interface, Files). */
export function checkRecordFiles(
  problems: readonly WriteProblem[],
  options: { readonly stateDir: string; readonly isLiveAsked: boolean },
): CheckItem {
  if (problems.length === 0) {
    return pass("record files", "event log, archive and temporary names can be used");
  }
  const inTheWay = problems.flatMap((problem) => problem.inTheWay ?? []);
  return objectToLive("record files", problems.map(({ message }) => message).join("; "), {
    isLiveAsked: options.isLiveAsked,
    remedy: inTheWay.length === 0
      ? remedy("give_to_service", options.stateDir)
      : remedy("move_away", inTheWay),
  });
}

/** The DRY_RUN ledger: without it nothing is simulated, and LIVE does without. */
export function checkDryRunLedger(
  problem: WriteProblem | null,
  path: string,
): CheckItem {
  if (problem === null) return pass("DRY_RUN ledger", `can be read and written: ${path}`);
  const { inTheWay, message } = problem;
  return warn(
    "DRY_RUN ledger",
    `${message}: DRY_RUN simulates no entry`,
    inTheWay === null ? remedy("place_dry_run_ledger") : remedy("move_away", [inTheWay]),
  );
}

/**
 * Whether the places beside the state directory can be looked at, where the runbook's literal `touch` makes the kill
 * switch: what can't be looked at there does not count (interface, Files).
 */
export function checkSwitchPlaces(
  looks: readonly SwitchLook[],
  isLiveAsked: boolean,
): CheckItem {
  const blind = looks.filter(({ isOwn, found }) => !isOwn && found === "unknown");
  if (blind.length > 0) {
    return objectToLive(
      "switch places",
      blind.map(({ path, problem }) => `a kill switch at ${path} is not seen: ${problem}`).join(
        "; ",
      ),
      {
        isLiveAsked,
        remedy: remedy("show_places", blind.map(({ dir }) => dir)),
      },
    );
  }
  const dirs = looks.map(({ dir }) => dir).join(", ");
  return pass("switch places", `KILL_SWITCH and ENTRIES_PAUSED are seen in ${dirs}`);
}

/** Whether the operator has paused entries: nothing enters then, and the operator should know it (interface, `pause`). */
export function checkEntriesPaused(looks: readonly SwitchLook[]): CheckItem {
  const on = looks.filter(countsAsOn);
  if (on.length === 0) return pass("entries", "not paused");
  return warn(
    "entries",
    `paused: ${on.map(({ path }) => path).join(", ")}; exits and stops go on`,
    remedy("unpause", { isElsewhere: on.some(({ isOwn }) => !isOwn) }),
  );
}

/**
 * Whether the records say whose they are: on real money one that names no account may be another account's, and nothing
 * would notice (pipeline 6).
 */
export function checkRecordOwner(
  records: { readonly ledger: LedgerRead; readonly state: StateRead },
  options: {
    readonly isMoney: boolean;
    readonly isLiveAsked: boolean;
    readonly isServiceRunning: boolean;
  },
): CheckItem {
  const { ledger, state } = records;
  const unowned = [
    ...(ledger.kind === "ok" && ledger.ledger.accountId === null ? [LEDGER_FILE] : []),
    ...(state.kind === "ok" && state.state.accountId === null ? [STATE_FILE] : []),
  ];
  if (unowned.length === 0 || !options.isMoney) {
    return pass(
      "record owner",
      unowned.length === 0
        ? "no record is without an account"
        : `${unowned.join(", ")} name no account yet: paper`,
    );
  }
  return objectToLive(
    "record owner",
    `${unowned.join(", ")} name no account: on real money it must be said whose they are`,
    {
      isLiveAsked: options.isLiveAsked,
      remedy: remedy("name_account", {
        isServiceRunning: options.isServiceRunning,
        isLedger: unowned.includes(LEDGER_FILE),
        isState: unowned.includes(STATE_FILE),
      }),
    },
  );
}
