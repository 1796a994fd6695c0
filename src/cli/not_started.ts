import { createSlackAlerts } from "../alerts/slack.ts";
import { createSlackTransport } from "../alerts/slack_transport.ts";
import { buildLastSeen, type PositionFact } from "../domain/alert/alert_facts.ts";
import { formatWithoutSecrets } from "../domain/one_line.ts";
import { listSecrets } from "../runtime/secrets.ts";
import { readText } from "../domain/day/events.ts";
import {
  buildNotRunning,
  findNotRunningEachMs,
  isUnrememberedDue,
  type NotRunningFacts,
} from "../domain/alert/not_running.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { countSelling, listSellGroups, listStopFacts } from "../domain/order/protection.ts";
import { BrokerError, StateError } from "../engine/ports.ts";
import { createHttp } from "../runtime/http.ts";
import { formatHost } from "../runtime/permissions.ts";
import { ConfigError } from "../runtime/settings.ts";
import { readSlackSettings } from "../runtime/slack_settings.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import type { ProgramHost } from "./command.ts";
import { createErrorLog, HostError, readBrokerConfig, readStateDir } from "./operator_config.ts";
import { readSaid } from "./said_before.ts";
import { PROGRAM } from "./version.ts";
import { buildOperatorBroker, buildOperatorFiles } from "./operator_world.ts";

/** How long the message may hold up the end of a start that is refused. */
const DRAIN_MS = 3_000;

/**
 * Runs the loop, and tells the operator where it ends with 70 or 78: `Execution not running` (interface, Exit status and
 * Slack). What the configuration refuses is told at each start, since nobody tries again by itself; what is tried again each
 * minute is told once an hour, each quarter while a position may not be covered, by what the audit trail has of it.
 */
export async function tellFailure(
  host: ProgramHost,
  { isRetried, run }: { readonly isRetried: boolean; readonly run: () => Promise<number> },
): Promise<number> {
  const startedMs = host.clock.monotonicMs();
  try {
    return await run();
  } catch (error) {
    const ranMs = host.clock.monotonicMs() - startedMs;
    try {
      await sayNotRunning(host, { error, ranMs, isRetried });
    } catch (second) {
      // The first failure is the one to end with.
      createErrorLog(host).error(`Execution not running could not be told: ${describe(second)}`);
    }
    throw error;
  }
}

interface Failure {
  readonly error: unknown;
  /** How long the process had run, milliseconds. */
  readonly ranMs: number;
  /** Whether something starts it again each minute, whatever its exit status. */
  readonly isRetried: boolean;
}

async function sayNotRunning(host: ProgramHost, failure: Failure): Promise<void> {
  const slack = readSlackSettings(host.environment);
  if (slack === null) return;
  if (!host.isPermitted({ name: "net", host: formatHost(slack.webhookUrl) })) return;
  const facts = await readFacts(host, failure.error);
  const isAgain = failure.isRetried || !(failure.error instanceof ConfigError);
  if (isAgain && !await isDue(host, facts, failure)) return;
  const log = createErrorLog(host);
  const alerts = createSlackAlerts({
    ...slack,
    send: createSlackTransport({ http: createHttp(host.fetch), clock: host.clock }),
    clock: host.clock,
    log,
    mark: () => PROGRAM,
  });
  alerts.send(buildNotRunning(facts));
  await alerts.drain(DRAIN_MS);
  alerts.close();
}

/** The trail has each failure of the loop, this one too; of one that never came so far, or that no trail could take, it knows nothing. */
async function isDue(
  host: ProgramHost,
  facts: NotRunningFacts,
  { error, ranMs }: Failure,
): Promise<boolean> {
  const eachMs = findNotRunningEachMs(facts);
  if (eachMs === null) return false;
  const { nowMs } = facts;
  const stateDir = findStateDir(host);
  const said = stateDir === null ? null : await readSaid(createDenoFileSystem(), {
    stateDir,
    dateNy: dateNyOf(nowMs),
    eachMs,
    judge: (event) => {
      const isIt = event.type === "error" && readText(event, "message") === String(error);
      return isIt ? "one of them" : null;
    },
  });
  if (said === null || nowMs - said.lastMs > JUST_NOW_MS) {
    return isUnrememberedDue(nowMs, eachMs, ranMs);
  }
  return said.saidMs === said.lastMs;
}

/** So long ago at most this very failure was recorded. */
const JUST_NOW_MS = 20_000;

async function readFacts(host: ProgramHost, error: unknown): Promise<NotRunningFacts> {
  const { reason, remedy } = explain(error);
  return {
    nowMs: host.clock.nowMs(),
    market: null,
    cause: "",
    reason: formatWithoutSecrets(reason, listSecrets(host.environment)),
    remedy,
    positions: await readPositions(host),
    said: undefined,
  };
}

function explain(error: unknown): { readonly reason: string; readonly remedy: string } {
  if (error instanceof ConfigError) {
    return {
      reason: `Configuration invalid: ${error.message}`,
      remedy: "correct it, run avwap-execution check, then start the service: " +
        "it does not try again by itself",
    };
  }
  if (error instanceof HostError) {
    return {
      reason: `This host is at fault: ${error.message}`,
      remedy: "repair it (room, mount, mode of the directory); the service tries again each minute",
    };
  }
  return {
    reason: `Internal error: ${describe(error)}`,
    remedy:
      "the service tries again each minute; where it ends again, look at the broker, keep the log and today's event " +
      "file, and go back to the release before",
  };
}

function describe(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : "something that is no error was thrown";
}

/** The managed positions of the records, with what the broker shows of them where it can be asked. */
async function readPositions(host: ProgramHost): Promise<PositionFact[] | null> {
  const state = await readState(host);
  if (state === null) return null;
  const shown = state.positions.length === 0 ? null : await readBroker(host);
  return state.positions.map(({ symbol, positionId }) => {
    const standing = state.standings.find((each) => each.positionId === positionId);
    const groups = shown === null ? null : listSellGroups(shown.openOrders, symbol);
    return {
      symbol,
      qty: shown === null ? null : shown.positions.find((each) => each.symbol === symbol)?.qty ?? 0,
      sellingQty: countSelling(groups ?? []),
      stops: groups === null ? null : listStopFacts(groups),
      lastSeen: standing === undefined ? null : buildLastSeen(standing),
      trouble: null,
    };
  });
}

/** `null` where they can't be read. */
async function readState(host: ProgramHost) {
  const stateDir = findStateDir(host);
  if (stateDir === null) return null;
  try {
    const read = await buildOperatorFiles({ stateDir, otherStateDirs: [] }).state.read();
    if (read.kind === "missing") return { positions: [], standings: [] };
    return read.kind === "ok" ? read.state : null;
  } catch (error) {
    if (error instanceof StateError) return null;
    throw error;
  }
}

/** The state directory; `null` where none is named that this process may read. */
function findStateDir(host: ProgramHost): string | null {
  try {
    const path = readStateDir(host.environment);
    return host.isPermitted({ name: "read", path }) ? path : null;
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

/** `null` where it can't be asked. */
async function readBroker(host: ProgramHost) {
  try {
    const config = readBrokerConfig(host.environment);
    if (!host.isPermitted({ name: "net", host: formatHost(config.endpoint.tradingUrl) })) {
      return null;
    }
    const broker = buildOperatorBroker(host, config);
    const { rows: positions } = await broker.listPositions();
    const { rows: openOrders } = await broker.listOrders({ status: "open" });
    return { positions, openOrders };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof BrokerError) return null;
    throw error;
  }
}
