import {
  type AdoptionLevels,
  buildAdoption,
  buildOwnLevels,
  findAdoptionFault,
  NO_TARGET_USD,
} from "../domain/plan/adoption.ts";
import { formatCounted } from "../domain/counted.ts";
import { formatCents, formatPriceUsd } from "../domain/order/money.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import type { AdoptPlan } from "../domain/account/operator_request.ts";
import {
  type BrokerOrder,
  type BrokerPosition,
  flattenOrders,
  isFinal,
} from "../domain/order/orders.ts";
import { apply } from "../domain/plan/records.ts";
import { buildReleaseEnd } from "../domain/plan/release.ts";
import type { AlpacaClient } from "../broker/alpaca_client.ts";
import type { EngineState } from "../domain/account/engine_state.ts";
import { StateError } from "../engine/ports.ts";
import { ConfigError } from "../runtime/settings.ts";
import { createWatchlistFile } from "../state/watchlist_file.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { findOtherOwner } from "./record_owner.ts";
import { readBrokerConfig, readOperatorConfig, runGuarded, sayError } from "./operator_config.ts";
import { bringToRecord, readEngineState, readSymbol } from "./operator_request.ts";
import { buildOperatorBroker, buildOperatorFiles, type OperatorFiles } from "./operator_world.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import { formatOrder } from "./release.ts";
import { PROGRAM } from "./version.ts";
import { writeStoppedRecords } from "./stopped_records.ts";

/** `adopt SYMBOL`: a foreign or released position becomes the engine's to manage (pipeline 5; interface, Commands). */
export const ADOPT_COMMAND: Command = {
  name: "adopt",
  argument: "SYMBOL",
  summary: "have the engine manage a position that it did not buy, or that was released",
  description:
    "Shows the position, its orders and the plan: from today's list, or --stop X [--r1 Y --r2 Z]; the " +
    "pivot is then the price at take-up, and without --r2 there is only protection and stop_exit. " +
    "Refused, here and at take-up, unless stop < price (< r2). With --yes a running engine takes it " +
    "up in its next cycle; with none running the record is written here. 0 when it is on record, 1 " +
    "when it is refused or not on record within 10 s.",
  options: [
    { name: "stop", valueName: "USD", help: "its stop, instead of the plan of today's list" },
    { name: "r1", valueName: "USD", help: "its first trim level; with --r2" },
    { name: "r2", valueName: "USD", help: "its target and second trim level; with --r1" },
    { name: "yes", valueName: null, help: "do it" },
  ],
  examples: [`${PROGRAM} adopt NVDA`, `${PROGRAM} adopt NVDA --stop 117.10 --yes`],
  statuses: {
    [EXIT.done]: "shown; with --yes, on record",
    [EXIT.notSo]: "it can't be adopted, or not within 10 s",
    [EXIT.brokerUnreachable]: "the broker can't be asked",
    [EXIT.configInvalid]: "configuration or state can't be used",
  },
  checkOptions: (options) => {
    readSymbol(options, "adopt");
    readPlan(options);
  },
  run: (host, options) => runGuarded(host, () => runAdopt(host, options)),
};

/** What is to be adopted, as the broker shows it now. */
interface Subject {
  readonly held: BrokerPosition;
  readonly orders: readonly BrokerOrder[];
  readonly priceUsd: number;
  readonly levels: AdoptionLevels;
}

async function runAdopt(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const symbol = readSymbol(options, "adopt");
  const plan = readPlan(options);
  const { config } = readOperatorConfig(host.environment);
  const files = buildOperatorFiles(config);
  const state = await readEngineState(files);
  if (state.positions.some((each) => each.symbol === symbol)) {
    sayError(host, `${symbol} is managed already`);
    return EXIT.notSo;
  }
  const listed = plan === null
    ? await readListed(host, files, config.watchlist.path, symbol)
    : null;
  const broker = buildOperatorBroker(host, readBrokerConfig(host.environment));
  await refuseOtherAccount(broker, state);
  const subject = await readSubject(
    broker,
    symbol,
    (priceUsd) => plan === null ? listed : buildOwnLevels(plan, priceUsd),
  );
  if (typeof subject === "string") {
    sayError(host, `${symbol} is not adopted: ${subject}`);
    return EXIT.notSo;
  }
  host.writeOut(`${formatSubject(subject).join("\n")}\n`);
  if (!options.flags.has("yes")) {
    host.writeOut("Nothing was done. To do it, say the same with --yes.\n");
    return EXIT.done;
  }
  const isDone = await bringToRecord(host, files, {
    request: { kind: "adopt", symbol, plan, atMs: host.clock.nowMs() },
    act: () => writeRecord(host, files, subject),
    isOnRecord: ({ positions }) => positions.some((each) => each.symbol === symbol),
  });
  if (isDone) {
    host.writeOut(`${symbol} is managed from now on.\n`);
    return EXIT.done;
  }
  sayError(
    host,
    `${symbol} is NOT on record after 10 s: a running engine takes it up in a cycle of an open market, or says in its log ` +
      `why not; adopt-${symbol}.json waits for it where it is still there`,
  );
  return EXIT.notSo;
}

/** @throws {UsageError} */
function readPlan({ values }: ParsedOptions): AdoptPlan | null {
  const read = (name: string): number | null => {
    const text = values.get(name);
    if (text === undefined) return null;
    const usd = /^\d{1,9}(\.\d{1,4})?$/.test(text) ? Number(text) : 0;
    if (!(usd > 0)) throw new UsageError(`Option --${name} is not a price above 0`);
    return usd;
  };
  const [stopUsd, r1Usd, r2Usd] = [read("stop"), read("r1"), read("r2")];
  if ((r1Usd === null) !== (r2Usd === null)) {
    throw new UsageError("Options --r1 and --r2 go together");
  }
  if (stopUsd !== null) return { stopUsd, r1Usd, r2Usd };
  if (r1Usd !== null) throw new UsageError("Options --r1 and --r2 need --stop");
  return null;
}

/** The plan of today's list, or `null`. */
async function readListed(
  host: ProgramHost,
  { fs }: OperatorFiles,
  path: string,
  symbol: string,
): Promise<AdoptionLevels | null> {
  const read = await createWatchlistFile({ fs, path }).read();
  if (read.kind !== "read") return null;
  if (dateNyOf(read.modifiedAtMs) !== dateNyOf(host.clock.nowMs())) return null;
  const { watchlist } = read;
  if (watchlist.kind !== "parsed") return null;
  return watchlist.candidates.find((each) => each.symbol === symbol) ?? null;
}

/** What another account holds is no position of these records. @throws {ConfigError} @throws {BrokerError} */
async function refuseOtherAccount(broker: AlpacaClient, state: EngineState): Promise<void> {
  const { accountId } = await broker.readAccount();
  const other = findOtherOwner(state, { host: broker.host, accountId });
  if (other !== null) throw new ConfigError("ALPACA_PAPER", `${other}; nothing is adopted`);
}

/** @returns What is wrong, in words, where it can't be adopted. @throws {BrokerError} */
async function readSubject(
  broker: AlpacaClient,
  symbol: string,
  buildLevels: (priceUsd: number) => AdoptionLevels | null,
): Promise<Subject | string> {
  const { rows } = await broker.listPositions();
  const held = rows.find((each) => each.symbol === symbol);
  if (held === undefined || held.qty < 1) {
    const shown = rows.map((each) => `${each.symbol} ${each.qty}`).join(", ") || "none at all";
    return `the broker shows no long position of a share or more in it (it shows ${shown})`;
  }
  const priceUsd = held.currentPriceUsd;
  if (priceUsd === null) return "the broker shows no price of it now; try again in the session";
  const levels = buildLevels(priceUsd);
  if (levels === null) return "it is not on today's list: say --stop X [--r1 Y --r2 Z]";
  const fault = findAdoptionFault(levels, priceUsd);
  if (fault !== null) return fault;
  const orders = flattenOrders((await broker.listOrders({ status: "open" })).rows)
    .filter((order) => order.symbol === symbol && !isFinal(order));
  return { held, orders, priceUsd, levels };
}

function formatSubject({ held, orders, priceUsd, levels }: Subject): string[] {
  const { symbol, qty } = held;
  const { stopUsd, r1Usd, r2Usd, pivotUsd } = levels;
  const beside = qty % 1 === 0 ? "" : `, ${Math.round((qty % 1) * 1e9) / 1e9} of a share left out`;
  const targets = r2Usd === NO_TARGET_USD
    ? "no target: protection and stop_exit alone"
    : `r1 ${formatPriceUsd(r1Usd ?? pivotUsd)}, r2 ${formatPriceUsd(r2Usd)}`;
  return [
    `${symbol}: ${formatCounted(Math.floor(qty), "share")} at ${formatPriceUsd(priceUsd)}${beside}`,
    `  plan: stop ${formatPriceUsd(stopUsd)} (${
      formatCents(Math.floor(qty) * (priceUsd - stopUsd))
    } USD below the price), pivot ${formatPriceUsd(pivotUsd)}, ${targets}`,
    ...(r2Usd !== NO_TARGET_USD && priceUsd >= (r1Usd ?? pivotUsd)
      ? ["  half of it is sold as soon as it is managed: its r1 is not above the price"]
      : []),
    ...orders.map((order) => `  at the broker: ${formatOrder(order)}`),
  ];
}

/** The record as the engine would write it; the lock is held. @throws {StateError} */
async function writeRecord(
  host: ProgramHost,
  files: OperatorFiles,
  { held, orders, levels }: Subject,
): Promise<void> {
  const before = await readEngineState(files);
  const { symbol } = held;
  if (before.positions.some((each) => each.symbol === symbol)) {
    throw new StateError(`${symbol} is managed already`);
  }
  const soldQty = orders.reduce(
    (sum, order) => sum + (order.side === "sell" ? order.filledQty : 0),
    0,
  );
  const position = buildAdoption(held, levels, { seenAtMs: host.clock.nowMs(), soldQty });
  const dateNy = dateNyOf(host.clock.nowMs());
  await writeStoppedRecords(files, before, (each) =>
    apply(each, [
      ...buildReleaseEnd(each, symbol, dateNy).change,
      { kind: "managed", position },
    ]));
}
