import { formatAdoptCommand } from "../domain/alert/alert_facts.ts";
import { formatPriceUsd } from "../domain/order/money.ts";
import { formatCounted } from "../domain/counted.ts";
import type { EngineState, ManagedPosition } from "../domain/account/engine_state.ts";
import { type BrokerOrder, flattenOrders, isFinal, remainingQty } from "../domain/order/orders.ts";
import { apply } from "../domain/plan/records.ts";
import { BrokerError, StateError } from "../engine/ports.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import {
  hasCredentials,
  readBrokerConfig,
  readSwitchPlaces,
  runGuarded,
  sayError,
} from "./operator_config.ts";
import { bringToRecord, readEngineState, readSymbol } from "./operator_request.ts";
import { buildOperatorBroker, buildOperatorFiles, type OperatorFiles } from "./operator_world.ts";
import type { ParsedOptions } from "./options.ts";
import { isOwn } from "../domain/gate/record_owner.ts";
import { PROGRAM } from "./version.ts";
import { writeStoppedRecords } from "./stopped_records.ts";

/** `release SYMBOL`: the engine's hands off one position (pipeline 5; interface, Commands). */
export const RELEASE_COMMAND: Command = {
  name: "release",
  argument: "SYMBOL",
  summary: "take one position off the engine's hands: it is yours from then on",
  description:
    "Shows the position, its orders, and what nobody will protect afterwards. With --yes the engine " +
    "manages it no longer: it neither sells nor stops it, and touches none of its orders, over days " +
    "and restarts, until the broker shows neither shares nor orders of it, or adopt SYMBOL. " +
    "Nothing is sent to the broker. A running engine takes it up between exits; with none running " +
    "the record is written here. 0 when it is on record, 1 when not within 10 s.",
  options: [{ name: "yes", valueName: null, help: "do it" }],
  examples: [`${PROGRAM} release NVDA`, `${PROGRAM} release NVDA --yes`],
  statuses: {
    [EXIT.done]: "shown; with --yes, on record",
    [EXIT.notSo]: "not managed, or not on record within 10 s",
    [EXIT.configInvalid]: "configuration or state can't be used",
  },
  checkOptions: (options) => void readSymbol(options, "release"),
  run: (host, options) => runGuarded(host, () => runRelease(host, options)),
};

async function runRelease(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const symbol = readSymbol(options, "release");
  const files = buildOperatorFiles(readSwitchPlaces(host.environment));
  const state = await readEngineState(files);
  const position = state.positions.find((each) => each.symbol === symbol);
  if (position === undefined) {
    if (state.released.some((each) => each.symbol === symbol)) {
      host.writeOut(`${symbol} is released already.\n`);
      return EXIT.done;
    }
    const managed = state.positions.map((each) => each.symbol).join(", ") || "none";
    sayError(
      host,
      `${symbol} is not managed, so there is nothing to release (managed: ${managed})`,
    );
    return EXIT.notSo;
  }
  const lines = await describe(host, position, state);
  if (!options.flags.has("yes")) {
    lines.push("Nothing was done. To do it:", `  ${PROGRAM} release ${symbol} --yes`, "");
    host.writeOut(lines.join("\n"));
    return EXIT.done;
  }
  host.writeOut([...lines, ""].join("\n"));
  return await release(host, files, position);
}

async function release(
  host: ProgramHost,
  files: OperatorFiles,
  { symbol, positionId, stopUsd }: ManagedPosition,
): Promise<number> {
  const isDone = await bringToRecord(host, files, {
    request: { kind: "release", symbol, positionId, atMs: host.clock.nowMs() },
    act: () => writeRecord(host, files, { symbol, positionId }),
    isOnRecord: ({ released }) => released.some((each) => each.positionId === positionId),
  });
  if (!isDone) {
    sayError(
      host,
      `${symbol} is NOT released yet: the running engine has not taken it up in 10 s (in the middle of an exit?); ` +
        `release-${symbol}.json waits for it: look with ${PROGRAM} status, or remove the file to take it back`,
    );
    return EXIT.notSo;
  }
  host.writeOut(
    `${symbol} is released. To give it back: ${formatAdoptCommand(symbol, stopUsd)}\n`,
  );
  return EXIT.done;
}

/** The record as the engine would write it; the lock is held. @throws {StateError} */
async function writeRecord(
  host: ProgramHost,
  files: OperatorFiles,
  position: Pick<ManagedPosition, "symbol" | "positionId">,
): Promise<void> {
  const before = await readEngineState(files);
  if (!before.positions.some((each) => each.positionId === position.positionId)) {
    throw new StateError(`${position.symbol} is not managed any more`);
  }
  const release = { ...position, releasedAtMs: host.clock.nowMs() };
  await writeStoppedRecords(files, before, (each) => apply(each, [{ kind: "released", release }]));
}

async function describe(
  host: ProgramHost,
  position: ManagedPosition,
  state: EngineState,
): Promise<string[]> {
  const { symbol, qty, stopUsd } = position;
  const orders = await listOrders(host, symbol, state);
  const shown = orders === null
    ? ["  its orders can't be read from the broker now; they stay as they are"]
    : orders.length === 0
    ? ["  no order works at the broker: nothing will protect it"]
    : orders.map((order) => `  stays at the broker: ${formatOrder(order)}`);
  return [
    `${symbol}: ${formatCounted(qty, "share")} managed by the engine, stop ${
      formatPriceUsd(stopUsd)
    }`,
    ...shown,
    "Afterwards nobody trims it, raises its stop, puts a stop back or makes one last the night:",
    "day orders end at the close, a good-till-canceled stop rests at the price it has.",
  ];
}

/** An order for people, with price and quantity. */
export function formatOrder(order: BrokerOrder): string {
  const { side, type, stopPriceUsd, limitPriceUsd, timeInForce, orderId } = order;
  const priceUsd = stopPriceUsd ?? limitPriceUsd;
  const at = priceUsd === null ? "" : ` at ${formatPriceUsd(priceUsd)}`;
  return `${side} ${type} ${remainingQty(order)}${at} ${timeInForce} (order ${orderId})`;
}

/** Orders at work in a symbol; `null` where the records' own account can't be asked: the command works without. */
async function listOrders(
  host: ProgramHost,
  symbol: string,
  state: EngineState,
): Promise<BrokerOrder[] | null> {
  if (!hasCredentials(host.environment)) return null;
  try {
    const broker = buildOperatorBroker(host, readBrokerConfig(host.environment));
    const { accountId } = await broker.readAccount();
    if (!isOwn(state, { host: broker.host, accountId })) return null;
    const { rows } = await broker.listOrders({ status: "open" });
    return flattenOrders(rows).filter((order) => order.symbol === symbol && !isFinal(order));
  } catch (error) {
    if (error instanceof BrokerError) return null;
    throw error;
  }
}
