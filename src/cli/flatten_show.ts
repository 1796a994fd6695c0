import type { AlpacaClient } from "../broker/alpaca_client.ts";
import {
  buildFlattenPlan,
  type FlattenScope,
  listUnreadableLeft,
} from "../domain/plan/flatten_plan.ts";
import type { LedgerEntry } from "../domain/order/ledger.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { decideClock } from "../domain/time/market_clock.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";
import { BrokerError } from "../engine/ports.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import type { ProgramHost } from "./command.ts";
import { FlattenBook } from "./flatten_book.ts";
import { isEmptyIn } from "./flatten_end.ts";
import { type Look, readLook } from "./flatten_look.ts";
import { formatNothingThere, formatPlan, formatUnread } from "./flatten_text.ts";
import type { OperatorFiles } from "./operator_world.ts";
import { isOwn } from "../domain/gate/record_owner.ts";

/** What stands around the account. */
export interface Around {
  readonly accountId: string | null;
  readonly market: MarketClock | null;
  readonly book: FlattenBook;
}

/** Clock, account and records; without each of them the account is flattened all the same. */
export async function lookAround(
  host: ProgramHost,
  files: OperatorFiles,
  broker: AlpacaClient,
): Promise<Around> {
  const clock = orNull(await orError(broker.readClock()));
  const clockAheadMs = clock === null ? 0 : clock.timestampMs - host.clock.nowMs();
  // One that contradicts itself says nothing of the market, like one that can't be read.
  const market = clock !== null && decideClock(clock, "unknown").kind === "sound" ? clock : null;
  const account = orNull(await orError(broker.readAccount()));
  const accountId = account?.accountId ?? null;
  const entries = await readEntries(files, { host: broker.host, accountId });
  const nowMs = () => host.clock.nowMs() + clockAheadMs;
  return { accountId, market, book: new FlattenBook(broker, nowMs, entries) };
}

/** The engine's orders by its ledger, and by its document where that has more; what another account's say is nothing of this one. */
async function readEntries(
  { ledger, state }: OperatorFiles,
  account: Parameters<typeof isOwn>[1],
): Promise<LedgerEntry[]> {
  const file = await ledger.read();
  const document = await state.read();
  const ledgers = [
    file.kind === "ok" ? file.ledger : null,
    document.kind === "ok" ? document.state.ledger : null,
  ].flatMap((each) => each !== null && isOwn(each, account) ? [each] : []);
  const entries = new Map<string, LedgerEntry>();
  for (const entry of ledgers.flatMap((each) => each.entries)) {
    const name = entry.clientOrderId ?? entry.orderId ?? "";
    if (!entries.has(name)) entries.set(name, entry);
  }
  return [...entries.values()];
}

/** Prints the plan. @returns What it was made from. @throws {BrokerError} */
export async function showPlan(
  host: ProgramHost,
  { config, files, scope, broker, book, accountId, market }:
    & Around
    & {
      readonly config: ProgramConfig;
      readonly files: OperatorFiles;
      readonly scope: FlattenScope;
      readonly broker: AlpacaClient;
    },
): Promise<Look> {
  const look = await readLook({ broker, book });
  const { orders, positions, unreadable } = look;
  const state = await files.state.read();
  const plan = buildFlattenPlan({
    orders,
    positions,
    managedSymbols: new Set([
      ...(state.kind === "ok" ? state.state.positions.map(({ symbol }) => symbol) : []),
      ...scope.closes ?? [],
    ]),
    knownOrderIds: listKnownIds(await files.ledger.read()),
    scope,
  });
  const about = { scope, host: config.endpoint.host, accountId, market };
  const unread = formatUnread(listUnreadableLeft(unreadable, scope));
  const nothing = isEmptyIn(look, scope) ? [formatNothingThere(scope, positions)] : [];
  host.writeOut(`${[...formatPlan(plan, about), ...nothing, ...unread].join("\n")}\n`);
  return look;
}

/** A failed answer as a value. */
export async function orError<T>(read: Promise<T>): Promise<T | BrokerError> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof BrokerError) return error;
    throw error;
  }
}

function orNull<T>(read: T | BrokerError): T | null {
  return read instanceof BrokerError ? null : read;
}

function listKnownIds(read: LedgerRead): Set<string> {
  const entries = read.kind === "ok" ? read.ledger.entries : [];
  return new Set(
    entries.flatMap((entry) => [entry.orderId ?? "", ...entry.legs.map((leg) => leg.orderId)]),
  );
}
