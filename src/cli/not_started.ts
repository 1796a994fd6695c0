import { createSlackAlerts } from "../alerts/slack.ts";
import { createSlackTransport } from "../alerts/slack_transport.ts";
import { buildLastSeen, type PositionFact } from "../domain/alert/alert_facts.ts";
import { formatWithoutSecrets } from "../domain/one_line.ts";
import { listSecrets } from "../runtime/secrets.ts";
import {
  buildNotRunning,
  decideNotRunning,
  isEndNews,
  isUnrememberedDue,
  NOT_RUNNING_KEY,
  type NotRunningFacts,
} from "../domain/alert/not_running.ts";
import { buildMeaning } from "../domain/alert/repetition.ts";
import { countSelling, listSellGroups, listStopFacts } from "../domain/order/protection.ts";
import { type AuditEvent } from "../domain/day/events.ts";
import { BrokerError, type LogPort, StateError } from "../engine/ports.ts";
import { listTold } from "../engine/told_before.ts";
import { createHttp } from "../runtime/http.ts";
import { formatHost } from "../runtime/permissions.ts";
import { ConfigError } from "../runtime/settings.ts";
import { readSlackSettings } from "../runtime/slack_settings.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createEventLog, type EventLog } from "../state/event_log.ts";
import type { ProgramHost } from "./command.ts";
import { createErrorLog, HostError, readBrokerConfig, readStateDir } from "./operator_config.ts";
import { PROGRAM } from "./version.ts";
import { buildOperatorBroker, buildOperatorFiles } from "./operator_world.ts";

/** How long the message may hold up the end of a start that is refused. */
const DRAIN_MS = 3_000;

/**
 * Runs the loop, and tells the operator where it ends with 70 or 78: `Execution not running` (interface, Exit status and
 * Slack). What the configuration refuses is told at each start, since nobody tries again by itself; what is tried again each
 * minute once a session day and reason, by what the audit trail has of it.
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
  const log = createErrorLog(host);
  const trail = openTrail(host, log);
  const value = await findDue(facts, failure, trail);
  if (value === null) return;
  const alerts = createSlackAlerts({
    ...slack,
    send: createSlackTransport({ http: createHttp(host.fetch), clock: host.clock }),
    clock: host.clock,
    log,
    mark: () => PROGRAM,
    ...(trail === null ? {} : { events: trail }),
  });
  alerts.send({ ...buildNotRunning(facts), state: { key: NOT_RUNNING_KEY, value } });
  await alerts.drain(DRAIN_MS);
  alerts.close();
}

/** @returns What to remember the message by; `null` where it is not due. */
async function findDue(
  facts: NotRunningFacts,
  { error, ranMs, isRetried }: Failure,
  trail: EventLog | null,
): Promise<string | null> {
  const news = decideNotRunning(facts, undefined);
  const isAgain = isRetried || !(error instanceof ConfigError);
  if (!isAgain) return news ?? facts.cause;
  if (news === null) return null;
  const { nowMs } = facts;
  const told = trail === null ? [] : await listTold(trail, NOT_RUNNING_KEY, nowMs);
  const toldMs = told.at(-1)?.atMs ?? -Infinity;
  const isTold = told.some(({ value }) => decideNotRunning(facts, value) === null);
  if (isTold && !isEndNews(nowMs, { ranMs, toldMs })) return null;
  // A trail that takes this line takes what was delivered, too.
  const failed: AuditEvent = { type: "error", message: `Execution not running: ${facts.reason}` };
  const isRemembered = trail !== null && await trail.record(failed);
  return isRemembered || isUnrememberedDue(nowMs, ranMs) ? news : null;
}

/** `null` where no state directory is known, or it is not this process's to write to. */
function openTrail(host: ProgramHost, log: LogPort): EventLog | null {
  const stateDir = findStateDir(host);
  if (stateDir === null || !host.isPermitted({ name: "write", path: stateDir })) return null;
  const secrets = listSecrets(host.environment);
  return createEventLog({ fs: createDenoFileSystem(), stateDir, clock: host.clock, log, secrets });
}

async function readFacts(host: ProgramHost, error: unknown): Promise<NotRunningFacts> {
  const { reason: words, remedy } = explain(error);
  const reason = formatWithoutSecrets(words, listSecrets(host.environment));
  const { market, positions } = await readBook(host);
  return {
    nowMs: host.clock.nowMs(),
    market,
    cause: buildMeaning(reason),
    reason,
    remedy,
    positions,
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

/** The managed positions of the records, with what the broker shows of them, and of the market, where it can be asked. */
async function readBook(
  host: ProgramHost,
): Promise<Pick<NotRunningFacts, "market" | "positions">> {
  const state = await readState(host);
  const shown = await readBroker(host, { isHolding: (state?.positions ?? []).length > 0 });
  const market = shown?.market ?? null;
  if (state === null) return { market, positions: null };
  const positions = state.positions.map(({ symbol, positionId }): PositionFact => {
    const standing = state.standings.find((each) => each.positionId === positionId);
    const book = shown?.book ?? null;
    const groups = book === null ? null : listSellGroups(book.openOrders, symbol);
    return {
      symbol,
      qty: book === null ? null : book.positions.find((each) => each.symbol === symbol)?.qty ?? 0,
      sellingQty: countSelling(groups ?? []),
      stops: groups === null ? null : listStopFacts(groups),
      lastSeen: standing === undefined ? null : buildLastSeen(standing),
      trouble: null,
    };
  });
  return { market, positions };
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
async function readBroker(host: ProgramHost, { isHolding }: { readonly isHolding: boolean }) {
  try {
    const config = readBrokerConfig(host.environment);
    if (!host.isPermitted({ name: "net", host: formatHost(config.endpoint.tradingUrl) })) {
      return null;
    }
    const broker = buildOperatorBroker(host, config);
    const market = await broker.readClock();
    if (!isHolding) return { market, book: null };
    const { rows: positions } = await broker.listPositions();
    const { rows: openOrders } = await broker.listOrders({ status: "open" });
    return { market, book: { positions, openOrders } };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof BrokerError) return null;
    throw error;
  }
}
