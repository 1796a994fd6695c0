import { decideOperator, formatGateReason } from "../domain/gate.ts";
import { listRuleFindings } from "../domain/ledger_findings.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { findPreviousSession, guessPreviousSession } from "../domain/watchlist_days.ts";
import { hasTraces } from "../domain/rebuild_state.ts";
import type { WatchlistRead } from "../engine/ports.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { parseSwitch } from "../runtime/settings.ts";
import { readFreeBytes } from "../state/disk_space.ts";
import { STATE_FILE } from "../state/execution_state.ts";
import { joinPath } from "../state/file_system.ts";
import { probeLock } from "../state/lock_probe.ts";
import { TOKEN_FILE } from "../state/operator_files.ts";
import { createWatchlistFile } from "../state/watchlist_file.ts";
import { type BrokerCheck, listBrokerItems } from "./check_broker.ts";
import {
  checkAllowlist,
  checkCapSettings,
  checkConfiguration,
  checkCredentials,
  checkNetwork,
  checkSlack,
  checkVariables,
  type ConfigFacts,
  isNetworkSound,
  readConfigFacts,
} from "./check_config.ts";
import {
  checkArchive,
  checkKillSwitch,
  checkLedgerFile,
  checkMode,
  checkStateFile,
  checkToken,
  checkWatchlistFile,
} from "./check_files.ts";
import {
  checkDiskSpace,
  checkLock,
  checkPermitted,
  checkStateDir,
  checkTimeZone,
  formatCheckedTime,
} from "./check_host.ts";
import { type CheckItem, decideCheckStatus } from "./check_item.ts";
import {
  readBrokerCheck,
  readPermissions,
  readStateDirFacts,
  readTokenMode,
  sendSlackTest,
} from "./check_read.ts";
import { buildCheckReport, formatCheck } from "./check_text.ts";
import { createPaint } from "./colour.ts";
import { listHealthcheckItems } from "./check_healthcheck.ts";
import type { Command, ProgramHost } from "./command.ts";
import {
  countArchiveDays,
  findOtherAccount,
  isArchiveNeeded,
  previewGate,
} from "./gate_preview.ts";
import { runGuarded } from "./operator_config.ts";
import { buildOperatorFiles, type OperatorFiles } from "./operator_world.ts";
import type { ParsedOptions } from "./options.ts";
import { PROGRAM } from "./version.ts";

/** `check`, also `--check`: go or no-go (runbook 3 and 3.5; interface, Commands). */
export const CHECK_COMMAND: Command = {
  name: "check",
  summary: "preflight: go or no-go, with what to do about each finding (also --check)",
  description:
    "Checks every item of the runbook's checklists that a program can check: each PASS, WARN or\n" +
    "FAIL with the reason and, where there is one, the remedy to paste. Changes nothing and sends\n" +
    "no order. What only LIVE needs is a FAIL while LIVE_TRADING is on, else a WARN. It goes by the\n" +
    "environment of this very call, so give it the service's. Exits 0 where nothing FAILs; 1 or 2\n" +
    "where the watchlist is the cause, 69 where the broker can't be reached, else 78. --json prints\n" +
    "one document: version, at, exit_status, verdict, counts {pass, warn, fail}, items [{name,\n" +
    "grade, detail, remedy {kind: command or text, text} or null}].",
  options: [
    { name: "json", valueName: null, help: "one JSON document" },
    { name: "slack-test", valueName: null, help: "send one message to Slack" },
  ],
  examples: [`${PROGRAM} check`, `${PROGRAM} check --slack-test`, `${PROGRAM} --check --json`],
  run: (host, options) => runGuarded(host, () => runCheck(host, options)),
};

async function runCheck(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const items = await listItems(host, flags.has("slack-test"));
  const report = buildCheckReport(items, host.clock.nowMs());
  const text = flags.has("json")
    ? JSON.stringify(report, null, 2)
    : formatCheck(items, createPaint(host.isTerminal ?? false)).join("\n");
  host.writeOut(`${text}\n`);
  return decideCheckStatus(items);
}

async function listItems(host: ProgramHost, isSlackTested: boolean): Promise<CheckItem[]> {
  const facts = readConfigFacts(host.environment);
  const { config } = facts;
  const first = [
    checkTimeZone(formatCheckedTime),
    checkConfiguration(facts),
    checkVariables(host.misspelt ?? []),
    checkNetwork(host.environment),
    checkCredentials(facts),
  ];
  if (config === null) return first;
  const permissions = readPermissions(host, config);
  const isLiveAsked = parseSwitch(host.environment.LIVE_TRADING ?? "") === "on";
  const isSlackSent = isSlackTested && permissions.isSlackReachable && isNetworkSound(facts);
  return [
    ...first,
    checkPermitted(permissions.problem),
    ...await listStateItems(host, { facts, config, isLiveAsked, problem: permissions.problem }),
    checkCapSettings(host.environment, config, isLiveAsked),
    checkAllowlist(config, isLiveAsked),
    checkSlack(
      config,
      permissions.isSlackReachable,
      isSlackSent ? await sendSlackTest(host, config) : null,
    ),
    ...await listHealthcheckItems(host, config),
  ].sort(byRank);
}

/** The mode closes the list: it is what all the rest comes to. */
function byRank(left: CheckItem, right: CheckItem): number {
  return Number(left.name === "mode") - Number(right.name === "mode");
}

interface StateOptions {
  readonly facts: ConfigFacts;
  readonly config: ProgramConfig;
  readonly isLiveAsked: boolean;
  /** What the process may not do. */
  readonly problem: string | null;
}

async function listStateItems(host: ProgramHost, options: StateOptions): Promise<CheckItem[]> {
  const { config, isLiveAsked } = options;
  const { stateDir, engine, endpoint } = config;
  const files = buildOperatorFiles(stateDir);
  const { fs } = files;
  const lock = await probeLock({ stateDir, clock: host.clock });
  const watchlist = await createWatchlistFile({ fs, path: config.watchlist.path }).read();
  const ledger = await files.ledger.read();
  const broker = await askBroker(host, options, { ledger, symbol: firstSymbol(watchlist) });
  const todayNy = dateNyOf(broker.kind === "asked" ? broker.clock.timestampMs : host.clock.nowMs());
  const kept = await readKept(files, todayNy);
  const preview = {
    ...kept.preview,
    config: engine,
    host: endpoint.host,
    broker: partOf(broker),
  };
  const gate = previewGate(preview);
  const findings = broker.kind === "asked" ? broker.findings : null;
  return [
    checkStateDir(await readStateDirFacts(fs, { path: stateDir, pid: host.pid }), isLiveAsked),
    checkDiskSpace(await readFreeBytes(stateDir), stateDir),
    checkLock(lock, stateDir),
    checkWatchlistFile(watchlist, {
      todayNy,
      nowMs: host.clock.nowMs(),
      unchangedMs: 0,
      previousSession: findPreviousSession(
        broker.kind === "asked" ? broker.calendar?.sessions ?? [] : [],
        todayNy,
      ) ?? guessPreviousSession(todayNy),
      alerted: kept.preview.state.kind === "ok" ? kept.preview.state.state.alerted : {},
    }),
    ...listBrokerItems(broker, {
      endpoint,
      isLiveAsked,
      isLiveOn: engine.isLiveTrading && !engine.isDryRun,
      otherAccountFile: findOtherAccount(preview),
    }),
    checkLedgerFile({
      read: ledger,
      findings: findings ?? (ledger.kind === "ok" ? listRuleFindings(ledger.ledger, todayNy) : []),
      archive: kept.preview.archive,
      isBrokerAsked: findings !== null,
      isServiceRunning: lock.kind === "held",
    }, isLiveAsked),
    checkStateFile(kept.preview.state, {
      path: joinPath(stateDir, STATE_FILE),
      hasTraded: kept.hasTraded,
      isServiceRunning: lock.kind === "held",
      isLiveAsked,
    }),
    checkArchive(kept.preview.archive, {
      isNeeded: isArchiveNeeded({ ledger, state: kept.preview.state }),
      isLiveAsked,
    }),
    checkToken({
      file: kept.preview.fileToken,
      path: joinPath(stateDir, TOKEN_FILE),
      mode: await readTokenMode(fs, stateDir),
      objection: decideTokens(engine.confirmToken, kept.preview.fileToken),
    }, isLiveAsked),
    checkKillSwitch({
      isEnv: engine.isKillSwitchEnv,
      isFile: kept.preview.isKillSwitchFile,
    }, isLiveAsked),
    checkMode(gate, isLiveAsked),
  ];
}

type Kept = Awaited<ReturnType<typeof readKept>>;

/** The files that the gate goes by. */
async function readKept(files: OperatorFiles, todayNy: string) {
  const ledger = await files.ledger.read();
  const state = await files.state.read();
  const archive = await files.ledger.readArchive(countArchiveDays(state));
  const present = ledger.kind === "ok" ? [ledger.ledger] : [];
  const archived = archive.kind === "ok" ? archive.ledgers : [];
  return {
    hasTraded: hasTraces([...present, ...archived], []),
    preview: {
      isKillSwitchFile: await files.operatorFiles.isKillSwitchOn(),
      fileToken: await files.operatorFiles.readToken(),
      ledger,
      state,
      archive,
      todayNy,
    },
  };
}

/** What the gate's own comparison says of the two tokens, everything else granted; `null`: they agree. */
function decideTokens(envToken: string | null, fileToken: Kept["preview"]["fileToken"]) {
  const objection = decideOperator({
    isDryRun: false,
    isKillSwitchEnv: false,
    isKillSwitchFile: false,
    isLiveTrading: true,
    envToken,
    fileToken,
  });
  return objection === null ? null : formatGateReason(objection);
}

/** Keys go only to an endpoint that the operator wrote and this process may reach. */
async function askBroker(
  host: ProgramHost,
  { facts, config, problem }: StateOptions,
  asked: Parameters<typeof readBrokerCheck>[2],
): Promise<BrokerCheck> {
  if (!facts.hasCredentials) return { kind: "not_asked", why: "no credentials" };
  if (!isNetworkSound(facts)) return { kind: "not_asked", why: "the endpoint is not valid" };
  if (problem?.includes("may not connect to") === true) return { kind: "not_asked", why: problem };
  return await readBrokerCheck(host, config, asked);
}

function partOf(broker: BrokerCheck) {
  if (broker.kind !== "asked") return null;
  const isMismatched =
    broker.findings?.some(({ kind, text }) =>
      kind === "fault" && text.includes("the ledger lacks it")
    ) ?? false;
  return {
    accountId: broker.account.accountId,
    positionsProblem: broker.positionsProblem,
    ledgerProblem: isMismatched ? "broker mismatch" as const : null,
  };
}

function firstSymbol(read: WatchlistRead): string | null {
  if (read.kind !== "read" || read.watchlist.kind !== "parsed") return null;
  return read.watchlist.candidates[0]?.symbol ?? null;
}
