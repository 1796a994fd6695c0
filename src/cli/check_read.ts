import { createSlackAlerts } from "../alerts/slack.ts";
import { createSlackTransport } from "../alerts/slack_transport.ts";
import type { AlertTitle } from "../domain/alert/alert_titles.ts";
import { listBrokerFindings, listRuleFindings } from "../domain/account/ledger_findings.ts";
import { decideClock, findDay } from "../domain/time/market_clock.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import { PAST_CALENDAR_DAYS } from "../domain/entry/watchlist_days.ts";
import { reconcile } from "../domain/order/reconcile.ts";
import type { AlpacaClient } from "../broker/alpaca_client.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";
import { BrokerError, type LogPort, StateError } from "../engine/ports.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { createHttp } from "../runtime/http.ts";
import { checkPermissions } from "../runtime/permissions.ts";
import { ConfigError } from "../runtime/settings.ts";
import { type FileSystem, joinPath } from "../state/file_system.ts";
import { TOKEN_FILE } from "../state/operator_files.ts";
import type { BarsCheck, BrokerCheck, DataCheck } from "./check_broker.ts";
import type { SlackTest } from "./check_config.ts";
import type { StateDirFacts } from "./check_host.ts";
import { probeWriting } from "./check_write.ts";
import type { ProgramHost } from "./command.ts";
import { buildOperatorBroker, listOrdersOfDay } from "./operator_world.ts";

const DAY_MS = 86_400_000;
const CALENDAR_DAYS = 7;
/** What is asked for where the watchlist names nothing. */
const FALLBACK_SYMBOL = "SPY";
const SLACK_WAIT_MS = 20_000;

/** The permissions of this process against what `config` needs. */
export function readPermissions(
  host: ProgramHost,
  config: ProgramConfig,
): { readonly problem: string | null; readonly isSlackReachable: boolean } {
  try {
    return { problem: null, isSlackReachable: checkPermissions(config, host.isPermitted) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problem: error.message, isSlackReachable: true };
  }
}

/** Looks at the state directory and writes, syncs, renames and removes a probe in it. */
export async function readStateDirFacts(
  fs: FileSystem,
  { path, pid }: { readonly path: string; readonly pid: number },
): Promise<StateDirFacts> {
  try {
    const found = await fs.stat(path);
    if (found?.kind !== "dir") return { path, found, writeProblem: null };
    return { path, found, writeProblem: await probeWriting(fs, joinPath(path, `.check-${pid}`)) };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { path, found: null, writeProblem: error.message };
  }
}

/** Permission bits of the token file; `null` where there is none to look at. */
export async function readTokenMode(fs: FileSystem, stateDir: string): Promise<number | null> {
  try {
    return (await fs.stat(joinPath(stateDir, TOKEN_FILE)))?.mode ?? null;
  } catch (error) {
    if (error instanceof StateError) return null;
    throw error;
  }
}

/** Sends one message to Slack and waits for what becomes of it. */
export async function sendSlackTest(host: ProgramHost, config: ProgramConfig): Promise<SlackTest> {
  if (config.slack === null) return null;
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const log: LogPort = { info: say, warn: say, error: say };
  let outcome: unknown = null;
  const { clock } = host;
  const slack = createSlackAlerts({
    ...config.slack,
    minLevel: "INFO",
    send: createSlackTransport({ http: createHttp(host.fetch), clock }),
    clock,
    log,
    events: {
      record(event) {
        if (event.type === "alert") outcome = event["outcome"];
        return Promise.resolve();
      },
    },
    mark: () => `CHECK ${config.engine.endpoint}`,
  });
  slack.send({
    level: "INFO",
    title: "Slack test" satisfies AlertTitle,
    text: "check --slack-test: alerts reach this channel",
  });
  await slack.drain(SLACK_WAIT_MS);
  slack.close();
  return outcome === "delivered"
    ? { kind: "delivered" }
    : { kind: "failed", message: said.at(-1) ?? "no answer" };
}

/** Asks the broker everything that `check` is to know of it. Only reads. */
export async function readBrokerCheck(
  host: ProgramHost,
  config: ProgramConfig,
  options: { readonly ledger: LedgerRead; readonly symbol: string | null },
): Promise<BrokerCheck> {
  const broker = buildOperatorBroker(host, config);
  try {
    const beforeMs = host.clock.nowMs();
    const clock = await broker.readClock();
    const middleMs = (beforeMs + host.clock.nowMs()) / 2;
    const account = await broker.readAccount();
    const todayNy = dateNyOf(clock.timestampMs);
    const noonMs = nyToMs(todayNy, "12:00");
    const fromNy = dateNyOf(noonMs - PAST_CALENDAR_DAYS * DAY_MS);
    const toNy = dateNyOf(noonMs + CALENDAR_DAYS * DAY_MS);
    const positions = await tryRead(() => broker.listPositions());
    const openOrders = await tryRead(() => broker.listOrders({ status: "open" }));
    const configuration = await tryRead(() => broker.readAccountConfiguration());
    const days = await tryRead(() => broker.readCalendar({ fromNy, toNy }));
    const calendar = days.kind === "ok" ? days.value : null;
    const decision = decideClock(clock, findDay(calendar, todayNy));
    const ledgerDayNy = options.ledger.kind === "ok" ? options.ledger.ledger.dateNy : todayNy;
    const dayOrders = await tryRead(() => listOrdersOfDay(broker, ledgerDayNy));
    return {
      kind: "asked",
      clock,
      clockProblem: decision.kind === "sound" ? null : decision.problem,
      skewSeconds: (middleMs - clock.timestampMs) / 1000,
      account,
      configuration: configuration.kind === "ok" ? configuration.value : null,
      calendar,
      positionsProblem: positions.kind === "ok" ? null : positions.error.failure,
      ordersProblem: openOrders.kind === "failed"
        ? openOrders.error.message
        : dayOrders.kind === "failed"
        ? dayOrders.error.message
        : null,
      unreadable: [positions, openOrders].flatMap((read) =>
        read.kind === "ok" ? read.value.unreadable : []
      ),
      findings: dayOrders.kind === "ok"
        ? listFindings(options.ledger, dayOrders.value.rows, todayNy)
        : null,
      data: await readData(broker, options.symbol ?? FALLBACK_SYMBOL, clock.timestampMs),
      bars: await readBars(broker, options.symbol ?? FALLBACK_SYMBOL, clock.timestampMs),
    };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return { kind: error.areKeysRefused ? "refused" : "unreachable", message: error.message };
  }
}

async function tryRead<T>(
  ask: () => Promise<T>,
): Promise<{ kind: "ok"; value: T } | { kind: "failed"; error: BrokerError }> {
  try {
    return { kind: "ok", value: await ask() };
  } catch (error) {
    if (error instanceof BrokerError) return { kind: "failed", error };
    throw error;
  }
}

/** The ledger against its rules and the broker's orders of its day; `null` where it can't be read. */
function listFindings(read: LedgerRead, rows: readonly BrokerOrder[], todayNy: string) {
  if (read.kind !== "ok") return null;
  const { ledger } = read;
  // What the day's list lacks may be an earlier day's, carried over: `ledger verify` looks those up.
  const { missing } = reconcile(ledger, rows);
  const entries = ledger.entries.filter((entry) => !missing.includes(entry));
  return [
    ...listRuleFindings(ledger, todayNy),
    ...listBrokerFindings({ ...ledger, entries }, rows, []),
  ];
}

async function readData(
  broker: AlpacaClient,
  symbol: string,
  nowMs: number,
): Promise<DataCheck> {
  const trades = await broker.listLatestTrades({ symbols: [symbol] });
  if (trades.kind !== "answered") return { kind: "failed", message: trades.message };
  const trade = trades.rows.get(symbol);
  return {
    kind: "read",
    symbol,
    feed: broker.feed,
    ageSeconds: trade === undefined ? null : (nowMs - trade.atMs) / 1000,
  };
}

/** Bars are asked for over a long weekend, so that a session lies within. */
const BARS_MS = 5 * DAY_MS;

async function readBars(broker: AlpacaClient, symbol: string, nowMs: number): Promise<BarsCheck> {
  const window = { startMs: nowMs - BARS_MS, endMs: nowMs };
  const bars = await broker.listBars({ symbols: [symbol], window });
  if (bars.kind !== "answered") return { kind: "failed", message: bars.message };
  const last = bars.rows.get(symbol)?.at(-1);
  return {
    kind: "read",
    symbol,
    ageSeconds: last === undefined ? null : (nowMs - last.startMs) / 1000,
  };
}
