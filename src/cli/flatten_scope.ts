import { listBuysWithoutPosition } from "../domain/account/bought.ts";
import { EMPTY_STATE, type EngineState } from "../domain/account/engine_state.ts";
import type { FlattenScope } from "../domain/plan/flatten_plan.ts";
import { isEntryRecord, isOpenEntry, type LiveLedger } from "../domain/order/ledger.ts";
import { rebuildState } from "../domain/account/rebuild_records.ts";
import { ARCHIVE_DAYS_MAX } from "../engine/archive.ts";
import { BrokerError } from "../engine/ports.ts";
import type { AlpacaClient } from "../broker/alpaca_client.ts";
import type { OperatorFiles } from "./operator_world.ts";
import { findOtherOwner } from "./record_owner.ts";

/** What the operator asked for. */
export interface Asked {
  readonly symbol: string | null;
  readonly isClosing: boolean;
  readonly isAll: boolean;
}

/**
 * What is in scope by the engine's records; a text where they don't tell whose positions are whose, as those of another
 * account don't.
 */
export async function buildScope(
  { state, ledger }: OperatorFiles,
  { symbol, isClosing, isAll }: Asked,
  broker: AlpacaClient,
): Promise<FlattenScope | string> {
  const scope = { symbol, isClosing };
  if (isAll || !isClosing) return { ...scope, closes: null };
  const records = await readRecords({ state, ledger }, broker);
  if (typeof records === "string") {
    return `NOT DONE: it is not known which positions the engine manages: ${records}. ` +
      "With --all everyone's are closed";
  }
  // What it has bought may not be among its positions yet: a crash can come between the two.
  const entries = [
    ...(records.ledger?.entries ?? []).filter((each) => isEntryRecord(each) && isOpenEntry(each)),
    ...listBuysWithoutPosition(records),
  ];
  return {
    ...scope,
    closes: new Set([...records.positions, ...entries].map((each) => each.symbol)),
  };
}

type RecordFiles = Pick<OperatorFiles, "state" | "ledger">;

/** The engine's records as far as they tell what it manages, with the ledger as its file has it; a text where they do not. */
async function readRecords(
  { state, ledger }: RecordFiles,
  broker: AlpacaClient,
): Promise<EngineState | string> {
  const read = await state.read();
  if (read.kind !== "ok" && read.kind !== "missing") return read.message;
  const file = await ledger.read();
  const today = file.kind === "ok" ? file.ledger : null;
  const known = read.kind === "ok"
    ? { state: read.state, ledgers: [] }
    : await rebuild({ state, ledger }, today, broker);
  if (typeof known === "string") return known;
  const account = { host: broker.host, accountId: await readAccountId(broker) };
  const owners = [known.state, ...known.ledgers, ...(today === null ? [] : [today])];
  const [other] = owners.flatMap((owner) => findOtherOwner(owner, account) ?? []);
  return other ?? { ...known.state, ledger: today ?? known.state.ledger };
}

/** Lost records as the engine will make them anew, from their copy and the ledgers (pipeline 6); a text where these can't be read. */
async function rebuild(
  { state, ledger }: RecordFiles,
  today: LiveLedger | null,
  broker: AlpacaClient,
): Promise<{ readonly state: EngineState; readonly ledgers: readonly LiveLedger[] } | string> {
  const copy = await state.readCopy();
  if (copy.kind === "unreadable") return copy.message;
  const archive = await ledger.readArchive(ARCHIVE_DAYS_MAX);
  if (archive.kind === "unreadable") return archive.message;
  try {
    const { rows: held } = await broker.listPositions("protect");
    const ledgers = [...(today === null ? [] : [today]), ...archive.ledgers];
    const { host, accountId } = copy.state ?? EMPTY_STATE;
    const rebuilt = rebuildState({ copy: copy.state, ledgers, orders: [], held });
    return { state: { ...rebuilt, host, accountId }, ledgers };
  } catch (error) {
    if (error instanceof BrokerError) return error.message;
    throw error;
  }
}

/** `null` where the broker can't say: then the records are believed, so that an emergency does not wait for it. */
async function readAccountId(broker: AlpacaClient): Promise<string | null> {
  try {
    return (await broker.readAccount()).accountId;
  } catch (error) {
    if (error instanceof BrokerError) return null;
    throw error;
  }
}
