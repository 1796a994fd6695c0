import type { AlertPort, ChancePort, ClockPort, LogPort } from "../../../src/engine/ports.ts";
import type { FileSystem } from "../../../src/state/file_system.ts";
import {
  buildAlerts,
  buildClock,
  buildLog,
  type Ending,
  ignoreCrash,
  LOOK_MS,
  REQUEST_TIMEOUT_MS,
  runProcess,
  type Surroundings,
} from "../incarnation.ts";
import { createNetwork } from "../network.ts";
import { translateDisk } from "./old_disk.ts";
import type { Release } from "./release.ts";

/** What of a process of 0.1.0's stands for the host. */
interface Host {
  readonly fs: FileSystem;
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly chance: ChancePort;
  readonly alerts: AlertPort;
}

/** Starts the engine of release 0.1.0 over the simulated world, and waits for its end. */
export function runOldIncarnation(release: Release, surroundings: Surroundings): Promise<Ending> {
  return runProcess(
    surroundings,
    (stop) => release.runLoop(buildPorts(release, surroundings), stop, { lookMs: LOOK_MS }),
  );
}

function buildPorts(release: Release, surroundings: Surroundings): object {
  const { world, observer } = surroundings;
  const isRunOnce = world.profile.families.has("once");
  const { config } = release.buildConfig(world.settings, { ...release.NO_RUN_FLAGS, isRunOnce });
  const { stateDir } = config;
  const host: Host = {
    fs: translateDisk(world.disk, release),
    clock: buildClock(world, world.incarnation),
    log: buildLog(world, observer),
    chance: { uniform: () => world.chances.engine.uniform() },
    alerts: buildAlerts(surroundings),
  };
  const { fs, clock, log } = host;
  const events = release.createEventLog({ fs, clock, log, stateDir, secrets: config.secrets });
  const { hasTrail } = world;
  const broker = buildBroker(release, surroundings, { config, host, events, isRunOnce });
  return {
    ...host,
    broker,
    marketData: broker,
    ledger: release.createLiveLedger({ fs, stateDir }),
    state: release.createExecutionState({ fs, stateDir }),
    dryRunLedger: release.createDryRunLedger({ fs, path: config.dryRunLedgerPath }),
    operatorFiles: release.createOperatorFiles({ fs, stateDir }),
    watchlist: release.createWatchlistFile({ fs, path: config.watchlist.path }),
    events: {
      listDay: (query: object) => events.listDay(query),
      record: async (event: object) => {
        if (hasTrail) await events.record(event);
      },
    },
    service: {
      ready: () => Promise.resolve(),
      alive: () => Promise.resolve(),
      stopping: () => Promise.resolve(),
    },
    config: config.engine,
    version: "0.1.0",
  };
}

function buildBroker(
  release: Release,
  { world, observer, fate }: Surroundings,
  { config, host: { clock, chance, log }, events, isRunOnce }: {
    readonly config: ReturnType<Release["buildConfig"]>["config"];
    readonly host: Host;
    readonly events: ReturnType<Release["createEventLog"]>;
    readonly isRunOnce: boolean;
  },
): object {
  return release.createAlpacaClient({
    tradingUrl: config.endpoint.tradingUrl,
    dataUrl: config.endpoint.dataUrl,
    keyId: config.keyId,
    secretKey: config.secretKey,
    send: createNetwork(world, {
      incarnation: world.incarnation,
      observer,
      fate,
      fail: (failure, message) => new release.HttpFailure(failure, message),
    }),
    clock,
    chance,
    feed: config.feed,
    timeoutMs: REQUEST_TIMEOUT_MS,
    endMs: isRunOnce ? clock.monotonicMs() + release.RUN_ONCE_MS : Infinity,
    log,
    onExchange: ({ method, path, requestBody, httpStatus, answerBody }) => {
      events.record({
        type: "order_answer",
        source: "http",
        method,
        path,
        request_body: requestBody,
        http_status: httpStatus,
        answer_body: answerBody,
      }).catch(ignoreCrash);
    },
  });
}
