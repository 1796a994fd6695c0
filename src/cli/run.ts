import { LOOK_MS, runLoop } from "../engine/loop.ts";
import { type LogPort, StateError } from "../engine/ports.ts";
import { buildConfig, type ProgramConfig, type RunFlags } from "../runtime/config.ts";
import { listNetworkDoubts } from "../runtime/host_network.ts";
import { createLog } from "../runtime/logging.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { decideStart } from "../domain/alert/starts.ts";
import { checkPermissions } from "../runtime/permissions.ts";
import { listenForStop } from "../runtime/signals.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { ensureDir } from "../state/durable_file.ts";
import { joinPath } from "../state/file_system.ts";
import { readHeard, writeHeard } from "../state/heard_file.ts";
import { acquireLock, LOCK_FILE, type LockOutcome } from "../state/instance_lock.ts";
import { watchKillSwitch } from "../state/kill_switch_watch.ts";
import type { StateDisk } from "../state/state_disk.ts";
import type { SwitchPlaces } from "../state/switch_files.ts";
import { buildDisk, buildWorld, type EngineWorld } from "./adapters.ts";
import { type HeldLog, holdLog } from "./held_log.ts";
import { readListWait } from "./list_wait.ts";
import { guardLock, type HeldLock } from "./lock_guard.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { tellFailure } from "./not_started.ts";
import { buildStateDirError } from "./operator_config.ts";
import type { ParsedOptions } from "./options.ts";
import { PROGRAM, VERSION } from "./version.ts";

/** `run`, also meant where no command is given: the loop (interface, Commands). */
export const RUN_COMMAND: Command = {
  name: "run",
  unwaited: "dropped",
  summary: "the loop, until SIGTERM or SIGINT (also without a command)",
  description:
    "Runs the loop: watches the candidates, enters, manages exits, every poll interval and " +
    "whenever an entry is due. Ends its current step, writes its state and exits 0 at SIGTERM " +
    "or SIGINT; a second signal ends it at once. An option wins over its variable.",
  options: [
    { name: "run-once", valueName: null, help: "one cycle, then exit" },
    { name: "dry-run", valueName: null, help: "force DRY_RUN (DRY_RUN=1)" },
    {
      name: "ignore-market-hours",
      valueName: null,
      help: "run cycles while the market is closed (EXEC_V2_IGNORE_MARKET_HOURS=1)",
    },
    {
      name: "poll-seconds",
      valueName: "N",
      help: "seconds between cycles, 1 to 3600 (EXECUTION_POLL_SECONDS, 300)",
    },
    {
      name: "candidates-csv",
      valueName: "PATH",
      help: "the watchlist (WATCHLIST_FILE, daily_candidates.csv in AVWAP_BASE_DIR)",
    },
    {
      name: "entry-delay-min",
      valueName: "N",
      help: "shortest delay of an entry in seconds (ENTRY_DELAY_MIN_SECONDS, 60)",
    },
    {
      name: "entry-delay-max",
      valueName: "N",
      help: "longest delay of an entry in seconds (ENTRY_DELAY_MAX_SECONDS, 240)",
    },
  ],
  examples: [
    `${PROGRAM} run`,
    `${PROGRAM} run --dry-run --poll-seconds 60`,
    `${PROGRAM} --run-once --candidates-csv /srv/scan/daily_candidates.csv`,
  ],
  statuses: {
    [EXIT.done]: "ended as asked, by a signal or --run-once",
    [EXIT.watchlistMissing]: "watchlist missing or unreadable",
    [EXIT.watchlistStale]: "watchlist stale",
    [EXIT.busy]: "another process holds the state directory",
    [EXIT.configInvalid]: "configuration invalid, or a path or host out of reach",
  },
  run: (host, options) =>
    tellFailure(host, {
      isRetried: options.flags.has("run-once"),
      run: () => runCommand(host, options),
    }),
};

function buildFlags({ flags, values }: ParsedOptions): RunFlags {
  return {
    isRunOnce: flags.has("run-once"),
    isDryRun: flags.has("dry-run"),
    isMarketHoursIgnored: flags.has("ignore-market-hours"),
    pollSeconds: values.get("poll-seconds") ?? null,
    candidatesCsv: values.get("candidates-csv") ?? null,
    entryDelayMin: values.get("entry-delay-min") ?? null,
    entryDelayMax: values.get("entry-delay-max") ?? null,
  };
}

/** Configuration, permissions, state directory, lock, then the loop: nothing is touched before it is known to be ours. */
async function runCommand(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const { config, warnings } = buildConfig(host.environment, buildFlags(options));
  const isSlackReachable = checkPermissions(config, host.isPermitted);
  const isJournal = host.service?.isJournal ?? false;
  const lock = await takeStateDir(host, config);
  if (lock.kind === "busy") {
    const holder = lock.pid === null ? "another process" : `process ${lock.pid}`;
    const where = formatOneLine(config.stateDir);
    host.writeError(
      `${PROGRAM}: ${holder} holds the state directory ${where}: ` +
        `stop it first, or set AVWAP_STATE_DIR\n`,
    );
    return EXIT.busy;
  }
  const fs = createDenoFileSystem();
  const heardFile = { fs, stateDir: config.stateDir };
  const past = await readHeard(heardFile, host.clock.nowMs());
  const start = decideStart(past.start, host.clock.nowMs());
  // Who starts it himself looks at what it says then.
  const isContinued = isJournal && (config.engine.isRunOnce || start.loop !== null);
  const journal = createLog({
    clock: host.clock,
    secrets: config.secrets,
    write: host.writeOut,
    isJournal,
    heard: isContinued ? past.heard : [],
  });
  const log = holdLog(journal);
  const wait = isJournal ? await readListWait({ fs, clock: host.clock }, config) : null;
  // The lines of a start that the list refuses, each minute anew, are for nobody.
  if (wait === null) log.release();
  try {
    const disk = await takeDisk(config.stateDir);
    logStart(log, { host, config });
    for (const warning of warnings) log.warn(warning);
    for (const { variable, meaning } of listNetworkDoubts(host.environment)) {
      log.warn(`${variable} is set: the runtime ${meaning}; unset it where that is not meant`);
    }
    if (!isSlackReachable) {
      log.warn("SLACK_WEBHOOK_URL names a host that this process may not reach");
    }
    const world = buildWorld({ host, config, log, isSlackReachable, disk });
    const held = buildReleasing(world, log);
    const status = await runEngine(host, { world: held, lock, places: config })
      .finally(() => world.close());
    if (isListRefusal(status) && wait?.isSaid === false) log.releaseErrors();
    if (!isListRefusal(status)) log.release();
    return status;
  } catch (error) {
    log.release();
    throw error;
  } finally {
    if (isJournal && await lock.isHeld()) {
      await writeHeard(heardFile, { start: start.value, heard: journal.listHeard() });
    }
    await lock.release();
  }
}

function isListRefusal(status: number): boolean {
  return status === EXIT.watchlistMissing || status === EXIT.watchlistStale;
}

/**
 * Once the engine has started, whatever the list was a moment ago, all is said, and the records stand in the trail as they
 * were found: not at each of the starts that the list refuses.
 */
function buildReleasing(world: EngineWorld, log: HeldLog): EngineWorld {
  const { events } = world.ports;
  const record: typeof events.record = async (event) => {
    if (event.type === "engine_started") {
      log.release();
      await world.events.recordStart();
    }
    return await events.record(event);
  };
  const listDay: typeof events.listDay = (query) => events.listDay(query);
  return { ...world, ports: { ...world.ports, events: { listDay, record } } };
}

/** @throws {ConfigError} Where the state directory can't be made or used. @throws {HostError} Where the host is at fault. */
async function takeStateDir(host: ProgramHost, { stateDir }: ProgramConfig): Promise<LockOutcome> {
  try {
    await ensureDir(createDenoFileSystem(), stateDir);
    const path = joinPath(stateDir, LOCK_FILE);
    return await acquireLock({ path, pid: host.pid, clock: host.clock });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw buildStateDirError(error);
  }
}

/**
 * Makes the reserve. A full disk stops the start only where not even the reserve can take a record (interface, Exit status).
 * @throws {HostError} @throws {ConfigError} Where no record can be made.
 */
async function takeDisk(stateDir: string): Promise<StateDisk> {
  const disk = buildDisk(stateDir);
  // Why there is none is said by the first cycle.
  await disk.look();
  try {
    await disk.prove();
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw buildStateDirError(error);
  }
  return disk;
}

function logStart(
  log: LogPort,
  { host, config }: { readonly host: ProgramHost; readonly config: ProgramConfig },
): void {
  const { endpoint, stateDir, watchlist } = config;
  log.info(
    `${PROGRAM} ${VERSION} started pid=${host.pid} state_dir=${stateDir} watchlist=${watchlist.path}`,
  );
  log.info(`Broker endpoint=${endpoint.kind} host=${endpoint.host}`);
}

/** Runs the loop between the signals' beginning and end, and leaves the stack of a bug to the event log alone. */
async function runEngine(
  host: ProgramHost,
  { world, lock, places }: {
    readonly world: EngineWorld;
    readonly lock: HeldLock;
    readonly places: SwitchPlaces;
  },
): Promise<number> {
  const { log } = world.ports;
  const listener = listenForStop(host.signals, {
    stop: (signal) => {
      log.info(`${signal} received; stopping after the current step`);
      world.hurry();
      // Not awaited: it never rejects, and a signal's listener can't wait.
      void world.ports.service.stopping();
    },
    impatient: host.exitNow,
  });
  const watch = watchKillSwitch(places);
  const guard = guardLock(world.ports.service, { lock, log });
  try {
    await world.events.removeOld();
    const ports = { ...world.ports, service: guard.service };
    const stop = AbortSignal.any([listener.signal, guard.lost]);
    const status = await runLoop(ports, stop, {
      lookMs: LOOK_MS,
      watch: (look) => watch.listen(() => void callBack(world).then(look)),
    });
    return guard.lost.aborted ? EXIT.busy : status;
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined;
    await world.events.record({ type: "error", message: String(error), stack });
    throw error;
  } finally {
    listener.close();
    watch.close();
  }
}

/** At the kill switch nothing more leaves, not even what the loop sent a moment ago and is still connecting. */
async function callBack({ ports, stopChanges }: EngineWorld): Promise<void> {
  if (await ports.operatorFiles.isKillSwitchOn()) stopChanges();
}
