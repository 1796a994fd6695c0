import { decideOperator, formatGateReason } from "../domain/gate/gate.ts";
import { listRecordFindings, listRuleFindings } from "../domain/account/ledger_findings.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { findPreviousSession, guessPreviousSession } from "../domain/entry/watchlist_days.ts";
import { hasTraces } from "../domain/account/rebuild_records.ts";
import type { WatchlistRead } from "../domain/entry/watchlist_step.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { parseSwitch } from "../runtime/settings.ts";
import { readFreeBytes } from "../state/disk_space.ts";
import { STATE_FILE } from "../state/execution_state.ts";
import { joinPath } from "../state/file_system.ts";
import { TOKEN_FILE } from "../state/operator_files.ts";
import { readReserveBytes } from "../state/state_disk.ts";
import { ENTRIES_PAUSED_FILE, KILL_SWITCH_FILE, lookForSwitch } from "../state/switch_files.ts";
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
import { listHealthcheckItems } from "./check_healthcheck.ts";
import {
  checkDiskSpace,
  checkLock,
  checkPermitted,
  checkStateDir,
  checkTimeZone,
  formatCheckedTime,
  isStateDirKnown,
} from "./check_host.ts";
import { type CheckItem, warn } from "./check_item.ts";
import {
  readBrokerCheck,
  readPermissions,
  readStateDirFacts,
  readTokenMode,
  sendSlackTest,
} from "./check_read.ts";
import {
  checkDryRunLedger,
  checkEntriesPaused,
  checkRecordFiles,
  checkRecordOwner,
  checkSwitchPlaces,
} from "./check_records.ts";
import { probeOwnLock, readDryRunProblem, readWriteProblems } from "./check_write.ts";
import type { ProgramHost } from "./command.ts";
import { findOtherAccount, isArchiveNeeded, previewGate, readArchiveFor } from "./gate_preview.ts";
import { listHolders } from "./holders.ts";
import { buildOperatorFiles, type OperatorFiles } from "./operator_world.ts";

/** Every item of `check`, in the order of its JSON; only reads, and a probe that is removed again. */
export async function listItems(
  host: ProgramHost,
  facts: ConfigFacts,
  isSlackTested: boolean,
): Promise<CheckItem[]> {
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
    checkAllowlist(host.environment, config, isLiveAsked),
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
  const { stateDir, engine, endpoint, dryRunLedgerPath: dryRunPath } = config;
  const files = buildOperatorFiles(config);
  const { fs } = files;
  const lock = await probeOwnLock(fs, { stateDir, clock: host.clock });
  const killSwitch = await lookForSwitch(fs, files.places, KILL_SWITCH_FILE);
  const pause = await lookForSwitch(fs, files.places, ENTRIES_PAUSED_FILE);
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
  const dir = await readStateDirFacts(fs, { path: stateDir, pid: host.pid });
  const items = [
    checkStateDir(dir, isLiveAsked),
    checkDiskSpace({
      freeBytes: await readFreeBytes(stateDir),
      reserveBytes: await readReserveBytes(fs, stateDir),
    }, stateDir),
    checkLock(lock, {
      stateDir,
      elsewhere: (await listHolders({ fs, clock: host.clock }, files.places))
        .filter(({ isOwn }) => !isOwn),
    }),
    checkRecordFiles(
      await readWriteProblems(fs, { stateDir, pid: host.pid, nowMs: host.clock.nowMs() }),
      { stateDir, isLiveAsked },
    ),
    checkDryRunLedger(
      await readDryRunProblem(fs, { path: dryRunPath, pid: host.pid, dateNy: todayNy }),
      dryRunPath,
    ),
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
      findings: [
        ...findings ?? (ledger.kind === "ok" ? listRuleFindings(ledger.ledger, todayNy) : []),
        ...(ledger.kind === "ok" && kept.preview.state.kind === "ok"
          ? listRecordFindings(ledger.ledger, kept.preview.state.state, todayNy)
          : []),
      ],
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
    checkRecordOwner({ ledger, state: kept.preview.state }, {
      isMoney: endpoint.kind === "live-money",
      isLiveAsked,
      isServiceRunning: lock.kind === "held",
    }),
    checkToken({
      file: kept.preview.fileToken,
      path: joinPath(stateDir, TOKEN_FILE),
      mode: await readTokenMode(fs, stateDir),
      objection: decideTokens(engine.confirmToken, kept.preview.fileToken),
    }, isLiveAsked),
    checkKillSwitch({
      isEnv: engine.isKillSwitchEnv,
      looks: killSwitch,
    }, isLiveAsked),
    checkSwitchPlaces(killSwitch, isLiveAsked),
    checkEntriesPaused(pause),
    checkMode(gate, isLiveAsked),
  ];
  return isStateDirKnown(dir) ? items : items.map(forget);
}

/** Items of what lies in the state directory, and the mode, which all of it comes to. */
const OF_STATE_DIR: ReadonlySet<string> = new Set([
  "disk space",
  "lock",
  "record files",
  "DRY_RUN ledger",
  "live ledger",
  "engine state",
  "archive",
  "record owner",
  "token",
  "kill switch",
  "switch places",
  "entries",
  "mode",
]);

/** One trouble is said once: what would be said of its files then, and done about them, is not so. */
function forget(item: CheckItem): CheckItem {
  return OF_STATE_DIR.has(item.name)
    ? warn(item.name, "not known: the state directory can't be used")
    : item;
}

type Kept = Awaited<ReturnType<typeof readKept>>;

/** The files that the gate goes by. */
async function readKept(files: OperatorFiles, todayNy: string) {
  const ledger = await files.ledger.read();
  const state = await files.state.read();
  const archive = await readArchiveFor(state, files);
  const present = ledger.kind === "ok" ? [ledger.ledger] : [];
  const archived = archive.kind === "ok" ? archive.ledgers : [];
  return {
    hasTraded: hasTraces({ copy: null, ledgers: [...present, ...archived], orders: [] }),
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
