import type { FlattenScope } from "../domain/flatten_plan.ts";
import { isEntryRecord, isOpenEntry } from "../domain/ledger.ts";
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
  const read = await state.read();
  if (read.kind !== "ok" && read.kind !== "missing") {
    return `NOT DONE: it is not known which positions the engine manages: ${read.message}. ` +
      "With --all everyone's are closed";
  }
  const entries = await ledger.read();
  const account = { host: broker.host, accountId: await readAccountId(broker) };
  const owners = [
    ...(read.kind === "ok" ? [read.state] : []),
    ...(entries.kind === "ok" ? [entries.ledger] : []),
  ];
  const [other] = owners.flatMap((owner) => findOtherOwner(owner, account) ?? []);
  if (other !== undefined) {
    return `NOT DONE: it is not known which positions the engine manages: ${other}. ` +
      "With --all everyone's are closed";
  }
  const managed = read.kind === "ok" ? read.state.positions.map((each) => each.symbol) : [];
  // What it has bought a moment ago may not be in its memory yet.
  const bought = entries.kind === "ok"
    ? entries.ledger.entries.filter((entry) => isEntryRecord(entry) && isOpenEntry(entry))
    : [];
  return { ...scope, closes: new Set([...managed, ...bought.map((entry) => entry.symbol)]) };
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
