import { formatCounted } from "../domain/counted.ts";
import type { EngineState } from "../domain/account/engine_state.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import { isClosedKey } from "../domain/account/managed_position.ts";
import { LEDGER_FILE, type RebuildWait, STATE_FILE } from "../domain/gate/rebuild_wait.ts";
import { restoreReleases } from "../domain/account/released.ts";
import { COMPARE_RECORDS } from "../domain/alert/remedies.ts";
import { ARCHIVE_DAYS_MAX } from "./archive.ts";
import type { Engine, Observation } from "./engine.ts";
import { findIdentityProblem } from "./gate_reader.ts";
import { type LedgerRead, StateError } from "./ports.ts";
import { findLostState } from "./rebuilding.ts";
import { sayRestored } from "./releasing.ts";
import { sayWait, waitFor, type Waits } from "./waiting.ts";

/** Reads the state at the start. A file that is missing or damaged is dealt with once the broker has been asked. */
export async function loadState(engine: Engine): Promise<void> {
  await load(engine);
}

/** @returns Why there are no records, where they are to be made anew; `null` where they are taken over or waited for. */
async function load(engine: Engine): Promise<"missing" | "damaged" | null> {
  const read = await readDocument(engine);
  // What is lost goes on waiting, or not, once the broker was asked.
  if (read.kind === "waits") setWait(engine, read.wait);
  if (read.kind === "taken") setWait(engine, null);
  // Only a file that is there and of no use is named as the configuration that is not valid.
  engine.stateProblem = read.kind === "damaged" ? STATE_FILE : null;
  if (read.kind === "damaged" && engine.isNews(`damaged:${read.message}`, engine.dateNy())) {
    engine.ports.log.error(`${STATE_FILE} is not usable: ${read.message}`);
  }
  return read.kind === "missing" || read.kind === "damaged" ? read.kind : null;
}

/** What became of the document. */
type DocumentRead =
  | Waits
  | { readonly kind: "taken" }
  | { readonly kind: "missing" | "damaged"; readonly message: string };

/** Reads the document and takes it over, with the ledger's file as it stands beside it. */
async function readDocument(engine: Engine): Promise<DocumentRead> {
  const read = await engine.ports.state.read();
  if (read.kind === "unreadable") return waitFor({ ...read, kind: "state unreadable" });
  if (read.kind === "newer") return waitFor({ ...read, kind: "newer" });
  if (read.kind !== "ok") return { kind: read.kind, message: read.message };
  const file = await engine.ports.ledger.read();
  const { ledger } = read.state;
  if (ledger !== null && file.kind === "ok" && isOlder(ledger, file.ledger)) {
    const message =
      `it is of ${ledger.dateNy}, and ${LEDGER_FILE} beside it of ${file.ledger.dateNy}: ` +
      "an older copy was put back";
    return { kind: "damaged", message };
  }
  const whole = ledger === null ? await restoreOlder(engine, read.state, file) : read;
  if (whole.kind === "waits") return whole;
  engine.state = whole.state;
  engine.isStateLoaded = true;
  engine.store.take(read.state, file);
  return { kind: "taken" };
}

/** A document that has no ledger in it is of a release which knew no releases: those are in the ledgers beside it. */
async function restoreOlder(
  engine: Engine,
  state: EngineState,
  file: LedgerRead,
): Promise<Waits | { readonly kind: "ok"; readonly state: EngineState }> {
  const archive = await engine.ports.ledger.readArchive(ARCHIVE_DAYS_MAX);
  if (archive.kind === "unreadable") {
    return waitFor({ kind: "archive unreadable", message: archive.message });
  }
  const today = file.kind === "ok" ? [file.ledger] : [];
  const ours = [...today, ...archive.ledgers].filter((ledger) =>
    ledger.host === state.host && ledger.accountId === state.accountId
  );
  const restored = restoreReleases(state, ours);
  if (restored !== state) sayRestored(engine, restored);
  return { kind: "ok", state: restored };
}

/** This program writes the document first: one that is older than a ledger of its own is no truth (pipeline 6). */
function isOlder(records: LiveLedger, file: LiveLedger): boolean {
  return file.dateNy > records.dateNy && file.host === records.host && file.host !== null &&
    file.accountId === records.accountId;
}

/**
 * Sees to it that there are records. Only what is lost is made anew (pipeline 6):
 *
 * | the document               | the records are                                                | LIVE in that cycle            |
 * | -------------------------- | -------------------------------------------------------------- | ----------------------------- |
 * | reads                      | that, the ledger's file beside it held against it               |                               |
 * | reads, older than its ledger | damaged                                                       | blocked under its name        |
 * | damaged                    | kept aside; made from what is left (rebuilding.ts), or waited for | blocked under its name        |
 * | missing, with traces of ours | the same                                                      | blocked under its name        |
 * | missing, and no trace      | empty: a first start                                            | blocked by its missing ledger |
 * | can't be read              | waited for, nothing is written over                             | blocked, `state unreadable`   |
 * | of another major version   | left to the release that wrote it                               | blocked under its name        |
 */
export async function ensureState(engine: Engine, observation: Observation): Promise<void> {
  if (engine.isStateLoaded) engine.stateProblem = null;
  const lost = engine.isStateLoaded ? null : await load(engine);
  if (lost !== null) await rebuild(engine, observation, lost);
  else if (engine.isStateLoaded) await ownState(engine, observation);
}

function setWait(engine: Engine, wait: RebuildWait | null): void {
  engine.stateWait = wait;
  sayWait(engine, STATE_FILE, wait);
}

/** Makes a lost document anew, and durable: before that it is none, and LIVE stays blocked. */
async function rebuild(
  engine: Engine,
  observation: Observation,
  why: "missing" | "damaged",
): Promise<void> {
  const rebuilt = await findLostState(engine, observation, why);
  if (rebuilt.kind === "waits") return setWait(engine, rebuilt.wait);
  const { made: state, reason } = rebuilt;
  const before = engine.state;
  try {
    // A document that is of no use is kept, also one that parses.
    if (reason === "damaged") await engine.ports.state.setAside();
    // What was said meanwhile is said; which positions have ended was decided without what is known now.
    const alerted = Object.entries(before.alerted).filter(([key]) => !isClosedKey(key));
    engine.state = { ...state, alerted: { ...state.alerted, ...Object.fromEntries(alerted) } };
    engine.isStateLoaded = true;
    // All that it was made from is this account's, whatever stood there before.
    engine.isForeignState = false;
    await ownState(engine, observation);
    await engine.saveState();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.state = before;
    engine.isStateLoaded = false;
    return setWait(engine, { kind: "state disk", message: `${STATE_FILE}: ${error.message}` });
  }
  setWait(engine, null);
  if (reason === "first start") return;
  engine.stateProblem = STATE_FILE;
  const symbols = state.positions.map((position) => position.symbol).join(", ") || "none";
  engine.sayError(
    `${STATE_FILE} was ${reason}: rebuilt from archive, ledger and broker with ` +
      `${
        formatCounted(state.positions.length, "position")
      } (${symbols}); LIVE is blocked for this cycle`,
    COMPARE_RECORDS,
  );
}

/** State carries host and account from its first write on; another account's state is left alone. */
async function ownState(engine: Engine, observation: Observation): Promise<void> {
  const { account } = observation;
  if (account.kind === "failed" || findIdentityProblem(engine, null) !== null) return;
  const { accountId } = account.value;
  const { host } = engine.ports.broker;
  if (engine.state.host === host && engine.state.accountId === accountId) return;
  engine.updateState({ host, accountId });
  await engine.trySaveState();
}
