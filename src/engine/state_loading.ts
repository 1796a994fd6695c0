import { type RebuildWait, STATE_FILE } from "../domain/rebuild_wait.ts";
import { isClosedKey } from "./bought.ts";
import type { Engine, Observation } from "./engine.ts";
import { findIdentityProblem } from "./gate_reader.ts";
import { rebuildState, type RebuiltState } from "./state_rebuilding.ts";
import { sayWait } from "./waiting.ts";

/** Reads the state at the start. A file that is missing or damaged is dealt with once the broker has been asked. */
export async function loadState(engine: Engine): Promise<void> {
  const read = await engine.ports.state.read();
  if (read.kind === "ok") {
    engine.state = read.state;
    engine.isStateLoaded = true;
  }
  if (read.kind === "newer" || read.kind === "damaged") {
    engine.stateProblem = STATE_FILE;
    engine.ports.log.error(`${STATE_FILE} is not usable: ${read.message}`);
  }
  if (read.kind === "unreadable") waitFor(engine, { kind: "state", message: read.message });
}

/**
 * Rebuilds a state that was missing or damaged, from ledger, archive and the broker; LIVE is blocked for the cycle that
 * does it. One that can't be read is waited for; one of another major version stays as it is, and blocks.
 */
export async function ensureState(engine: Engine, observation: Observation): Promise<void> {
  if (engine.isStateLoaded) {
    engine.stateProblem = null;
    return await ownState(engine, observation);
  }
  const read = await engine.ports.state.read();
  if (read.kind === "ok") {
    engine.state = read.state;
    engine.isStateLoaded = true;
    engine.stateProblem = null;
    waitFor(engine, null);
    return await ownState(engine, observation);
  }
  // Only a file that is there and of no use is named as the configuration that is not valid.
  engine.stateProblem = read.kind === "damaged" || read.kind === "newer" ? STATE_FILE : null;
  if (read.kind === "newer") return waitFor(engine, { kind: "newer", message: read.message });
  if (read.kind === "unreadable") {
    return waitFor(engine, { kind: "state", message: read.message });
  }
  const rebuilt = await rebuildState(engine, observation, read.kind);
  if (rebuilt.kind === "waits") return waitFor(engine, rebuilt.wait);
  await keepRebuilt(engine, observation, rebuilt);
}

function waitFor(engine: Engine, wait: RebuildWait | null): void {
  engine.stateWait = wait;
  sayWait(engine, STATE_FILE, wait);
}

/** Makes a rebuilt state durable: before that it is none, and LIVE stays blocked. */
async function keepRebuilt(
  engine: Engine,
  observation: Observation,
  { state, isFirstStart, why }: Extract<RebuiltState, { kind: "rebuilt" }>,
): Promise<void> {
  const before = engine.state;
  // What was said meanwhile is said; which positions have ended was decided without what is known now.
  const alerted = Object.entries(before.alerted).filter(([key]) => !isClosedKey(key));
  engine.state = { ...state, alerted: Object.fromEntries(alerted) };
  engine.isStateLoaded = true;
  // All that it was made from is this account's, whatever stood there before.
  engine.isForeignState = false;
  await ownState(engine, observation);
  if (!await engine.trySaveState()) {
    engine.state = before;
    engine.isStateLoaded = false;
    const message = `${STATE_FILE} can't be written`;
    return waitFor(engine, { kind: "disk", record: STATE_FILE, message });
  }
  waitFor(engine, null);
  if (isFirstStart) return;
  engine.stateProblem = STATE_FILE;
  const symbols = state.positions.map((position) => position.symbol).join(", ") || "none";
  engine.sayError(
    `${STATE_FILE} was ${why}: rebuilt from ledger, archive and broker with ` +
      `${state.positions.length} positions (${symbols}); LIVE is blocked for this cycle`,
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
