import type { FlattenScope } from "../domain/flatten_plan.ts";
import { isEntryRecord, isOpenEntry } from "../domain/ledger.ts";
import type { OperatorFiles } from "./operator_world.ts";

/** What the operator asked for. */
export interface Asked {
  readonly symbol: string | null;
  readonly isClosing: boolean;
  readonly isAll: boolean;
}

/** What is in scope by the engine's records; a text where they don't tell whose positions are whose. */
export async function buildScope(
  { state, ledger }: OperatorFiles,
  { symbol, isClosing, isAll }: Asked,
): Promise<FlattenScope | string> {
  const scope = { symbol, isClosing };
  if (isAll || !isClosing) return { ...scope, closes: null };
  const read = await state.read();
  if (read.kind !== "ok" && read.kind !== "missing") {
    return `NOT DONE: it is not known which positions the engine manages: ${read.message}. ` +
      "With --all everyone's are closed";
  }
  const managed = read.kind === "ok" ? read.state.positions.map((each) => each.symbol) : [];
  const entries = await ledger.read();
  // What it has bought a moment ago may not be in its memory yet.
  const bought = entries.kind === "ok"
    ? entries.ledger.entries.filter((entry) => isEntryRecord(entry) && isOpenEntry(entry))
    : [];
  return { ...scope, closes: new Set([...managed, ...bought.map((entry) => entry.symbol)]) };
}
