import type { AlpacaClient } from "../broker/alpaca_client.ts";
import type { Session } from "../domain/time/market.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import {
  findPreviousSession,
  guessPreviousSession,
  PAST_CALENDAR_DAYS,
} from "../domain/entry/watchlist_days.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";
import { BrokerError, StateError } from "../engine/ports.ts";
import { checkWatchlist, type WatchlistRead } from "../domain/entry/watchlist_step.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { readFreeBytes } from "../state/disk_space.ts";
import { probeLock } from "../state/lock_probe.ts";
import type { FileSystem } from "../state/file_system.ts";
import { readReserveBytes } from "../state/state_disk.ts";
import { createWatchlistFile } from "../state/watchlist_file.ts";
import { createPaint } from "./colour.ts";
import type { Command, ProgramHost } from "./command.ts";
import { type DayMemory, readDayRecords } from "./day_records.ts";
import { EXIT } from "./exit_status.ts";
import { previewGate, readArchiveFor } from "./gate_preview.ts";
import { listHolders } from "./holders.ts";
import { readBrokerConfig, readOperatorConfig, runGuarded } from "./operator_config.ts";
import {
  buildOperatorBroker,
  buildOperatorFiles,
  listOrdersOfDay,
  type OperatorFiles,
} from "./operator_world.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import { type BrokerFacts, buildStatusReport, type StatusFacts } from "./status_report.ts";
import type { Records } from "./status_differences.ts";
import { formatStatus } from "./status_text.ts";
import { watchScreen } from "./status_watch.ts";
import { findKillSwitch, readSwitchText } from "./switches.ts";
import { PROGRAM, VERSION } from "./version.ts";

/** `status`: one screen that says where everything stands (interface, Commands). */
export const STATUS_COMMAND: Command = {
  name: "status",
  summary: "mode and why, kill switch, caps left, ledger, intents, positions",
  description:
    "Prints the mode that the gate would give now and why, kill switch, caps with what is left " +
    "today, ledger, intents, managed positions and their stops, watchlist and last cycle. From the " +
    "files alone, without credentials; --broker asks the broker too and names what differs. It goes " +
    "by the environment of this very call, so give it the service's. --json prints one document " +
    "with the fields version, at, state_dir, has_state_dir, service, endpoint, gate, kill_switch, entries_paused, " +
    "loss_limit, warnings, allowlist, caps, ledger, state, disk, intents, positions, " +
    "open_positions, today, released, watchlist, last_cycle, broker. In the table ? is not known, BARE " +
    "shares without a stop (while LIVE is off: without one that outlives the day), R the open result in " +
    "multiples of what the entry risked.",
  options: [
    {
      name: "broker",
      valueName: null,
      help: "ask the broker too; exits 69 where it can't be asked",
    },
    {
      name: "watch",
      valueName: null,
      help: "the screen anew every 2 s until ^C; with --broker it asks every 30 s",
    },
    { name: "json", valueName: null, help: "one JSON document" },
  ],
  examples: [`${PROGRAM} status`, `${PROGRAM} status --broker`, `${PROGRAM} status --watch`],
  statuses: {
    [EXIT.done]: "printed",
    [EXIT.brokerUnreachable]: "--broker, and the broker can't be asked",
    [EXIT.configInvalid]: "configuration invalid",
  },
  checkOptions: ({ flags }) => {
    if (flags.has("watch") && flags.has("json")) {
      throw new UsageError("Options --watch and --json exclude each other");
    }
  },
  run: (host, options) => runGuarded(host, () => runStatus(host, options)),
};

async function runStatus(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const { config, warnings } = readOperatorConfig(host.environment);
  const files = buildOperatorFiles(config);
  const memory: DayMemory = new Map();
  const readRecords = async () => ({
    ledger: await files.ledger.read(),
    state: await files.state.read(),
  });
  const ask = flags.has("broker")
    ? async (asking: ProgramHost) => {
      const before = await readRecords();
      const look = await readBroker(asking, before.ledger);
      return { ...look, records: [before, await readRecords()] };
    }
    : null;
  const read = async (broker: BrokerFacts | null) => {
    const records = await readRecords();
    return buildStatusReport(
      await readFacts(host, { config, warnings, files, records, broker, memory }),
    );
  };
  const paint = createPaint(host);
  const render = async (broker: BrokerFacts | null) =>
    formatStatus(await read(broker), paint).join("\n");
  if (flags.has("watch")) {
    await watchScreen(host, { ask, render });
    return EXIT.done;
  }
  const broker = ask === null ? null : await ask(host);
  const text = flags.has("json")
    ? JSON.stringify(await read(broker), null, 2)
    : await render(broker);
  host.writeOut(`${text}\n`);
  return EXIT.done;
}

async function readFacts(
  host: ProgramHost,
  { config, warnings, files, records, broker, memory }: {
    readonly config: ProgramConfig;
    readonly warnings: readonly string[];
    readonly files: OperatorFiles;
    readonly records: Records;
    readonly broker: BrokerFacts | null;
    readonly memory: DayMemory;
  },
): Promise<StatusFacts> {
  const { fs, stateDir, operatorFiles } = files;
  const { ledger, state } = records;
  // The broker's clock where it was asked: the day is the market's.
  const todayNy = dateNyOf(broker?.clock.timestampMs ?? host.clock.nowMs());
  const watchlist: WatchlistRead = await createWatchlistFile({ fs, path: config.watchlist.path })
    .read();
  const killSwitch = await findKillSwitch(fs, files.places);
  const isKillSwitchFile = killSwitch !== null;
  const archive = await readArchiveFor(state, files);
  const { days: [today], earlier } = await readDayRecords(fs, {
    stateDir,
    fromNy: todayNy,
    toNy: todayNy,
    memory,
  });
  const gate = previewGate({
    config: config.engine,
    host: config.endpoint.host,
    isKillSwitchFile,
    fileToken: await operatorFiles.readToken(),
    ledger,
    state,
    archive,
    todayNy,
    broker: broker === null ? null : {
      accountId: broker.account.accountId,
      positionsProblem: null,
      ledgerProblem: null,
    },
  });
  return {
    version: VERSION,
    nowMs: host.clock.nowMs(),
    todayNy,
    stateDir,
    hasStateDir: await isThere(fs, stateDir),
    host: config.endpoint.host,
    config: config.engine,
    gate,
    isKillSwitchFile,
    killSwitchPath: killSwitch?.path ?? null,
    killSwitchText: killSwitch === null ? null : await readSwitchText(fs, killSwitch),
    areEntriesPaused: await operatorFiles.areEntriesPaused(),
    warnings,
    ledger,
    state,
    watchlist: checkWatchlist(watchlist, {
      todayNy,
      nowMs: host.clock.nowMs(),
      unchangedMs: 0,
      previousSession: findPreviousSession(broker?.sessions ?? [], todayNy) ??
        guessPreviousSession(todayNy),
      alerted: state.kind === "ok" ? state.state.alerted : {},
    }),
    watchlistPath: config.watchlist.path,
    today: { events: today?.events ?? [], earlier },
    archive,
    lock: await probeLock({ stateDir, clock: host.clock }),
    elsewhere: (await listHolders({ fs, clock: host.clock }, files.places))
      .filter(({ isOwn }) => !isOwn),
    disk: {
      freeBytes: await readFreeBytes(stateDir),
      reserveBytes: await readReserveBytes(fs, stateDir),
    },
    broker,
  };
}

/** What can't be looked at is no news here: whatever lies in it says so. */
async function isThere(fs: FileSystem, path: string): Promise<boolean> {
  try {
    return await fs.stat(path) !== null;
  } catch (error) {
    if (error instanceof StateError) return true;
    throw error;
  }
}

const DAY_MS = 86_400_000;

/** @throws {BrokerError} @throws {ConfigError} Where a credential is missing. */
async function readBroker(
  host: ProgramHost,
  ledger: LedgerRead,
): Promise<Omit<BrokerFacts, "records">> {
  const broker = buildOperatorBroker(host, readBrokerConfig(host.environment));
  const clock = await broker.readClock();
  const account = await broker.readAccount();
  const positions = await broker.listPositions();
  const openOrders = await broker.listOrders({ status: "open" });
  const sessions = await listPastSessions(broker, dateNyOf(clock.timestampMs));
  const dateNy = ledger.kind === "ok" ? ledger.ledger.dateNy : null;
  return {
    clock,
    account,
    positions: positions.rows,
    openOrders: openOrders.rows,
    unreadable: [...positions.unreadable, ...openOrders.unreadable],
    sessions,
    orders: dateNy === null ? null : { dateNy, rows: (await listOrdersOfDay(broker, dateNy)).rows },
  };
}

/** The last days' sessions: only a warning goes by them, so a calendar that can't be read is none. */
async function listPastSessions(broker: AlpacaClient, toNy: string): Promise<readonly Session[]> {
  const fromNy = dateNyOf(nyToMs(toNy, "12:00") - PAST_CALENDAR_DAYS * DAY_MS);
  try {
    return (await broker.readCalendar({ fromNy, toNy })).sessions;
  } catch (error) {
    if (error instanceof BrokerError) return [];
    throw error;
  }
}
