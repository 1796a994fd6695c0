import { z } from "zod";
import type { EngineConfig } from "../engine/ports.ts";
import { buildEndpoint, type Endpoint, parseAddress } from "./endpoint.ts";
import type { Environment, EnvironmentVariable } from "./environment.ts";
import { refuseTelemetry } from "./host_network.ts";
import { buildLimits } from "./limits.ts";
import {
  ConfigError,
  parseNumberVariable,
  parsePathVariable,
  parseSwitchVariable,
  quoteValue,
} from "./settings.ts";
import { listSecrets } from "./secrets.ts";
import { buildAlertSettings, type SlackSettings } from "./slack_settings.ts";

/** The options of `run` as they were typed; `null` where not given. They win over their variables. */
export interface RunFlags {
  readonly isRunOnce: boolean;
  readonly isDryRun: boolean;
  readonly isMarketHoursIgnored: boolean;
  readonly pollSeconds: string | null;
  readonly candidatesCsv: string | null;
  readonly entryDelayMin: string | null;
  readonly entryDelayMax: string | null;
}

/** No option given. */
export const NO_RUN_FLAGS: RunFlags = {
  isRunOnce: false,
  isDryRun: false,
  isMarketHoursIgnored: false,
  pollSeconds: null,
  candidatesCsv: null,
  entryDelayMin: null,
  entryDelayMax: null,
};

/** A path together with the name that the operator knows it by. */
export interface NamedPath {
  readonly path: string;
  readonly source: string;
}

/** Everything that the operator configured (interface, Environment). */
export interface ProgramConfig {
  readonly engine: EngineConfig;
  readonly endpoint: Endpoint;
  readonly keyId: string;
  readonly secretKey: string;
  readonly feed: "sip" | "iex" | "auto";
  readonly slack: SlackSettings | null;
  /** The dead-man's switch outside the host, a secret; `null` where none is set or it can't be used. */
  readonly healthcheckUrl: string | null;
  readonly stateDir: string;
  /** Where the operator's switch files count beside it (`listOtherStateDirs`). */
  readonly otherStateDirs: readonly string[];
  readonly watchlist: NamedPath;
  readonly dryRunLedgerPath: string;
  /** What must never be printed or written. */
  readonly secrets: readonly string[];
}

/** The state directory of an operator who names none (runbook 10). */
export const DEFAULT_STATE_DIR = "/root/avwap_r3k_scanner/state";
/** The base directory of an operator who names none (interface, Environment). */
export const DEFAULT_BASE_DIR = "/root/avwap_r3k_scanner";
const DEFAULT_WATCHLIST = "daily_candidates.csv";
const ENTRY_DELAY_SECONDS_MAX = 86_400;

/**
 * Builds the whole configuration from environment and options; touches nothing.
 * @returns The configuration, and one line for each setting in doubt.
 * @throws {ConfigError} For the first setting that the program can't start with (exit 78).
 */
export function buildConfig(
  environment: Environment,
  flags: RunFlags,
): { config: ProgramConfig; warnings: string[] } {
  const warnings: string[] = [];
  refuseTelemetry(environment);
  const safeties = parseModes(environment, flags, warnings);
  const { invalid, ...limits } = buildLimits(environment);
  for (const { message } of invalid) warnings.push(`${message}; LIVE is blocked until then`);
  const timing = parseTiming(environment, flags);
  const endpoint = buildEndpoint(environment, warnings);
  const feed = parseFeed(environment.ALPACA_DATA_FEED ?? "");
  const alerts = buildAlertSettings(environment, warnings);
  const healthcheckUrl = parseHealthcheck(environment.HEALTHCHECK_URL ?? "", warnings);
  const paths = parsePaths(environment, flags);
  warnings.push(...listRelative(environment));
  const keyId = parseCredential(environment, "APCA_API_KEY_ID");
  const secretKey = parseCredential(environment, "APCA_API_SECRET_KEY");
  const confirmToken = environment.LIVE_CONFIRM_TOKEN || null;
  const engine: EngineConfig = {
    ...safeties,
    ...limits,
    invalidConfiguration: invalid[0]?.variable ?? null,
    ...timing,
    confirmToken,
    isRunOnce: flags.isRunOnce,
    endpoint: endpoint.kind,
    isSlackVerbose: alerts.isVerbose,
    heartbeatMinutes: alerts.heartbeatMinutes,
    dailySummaryTimeNy: alerts.dailySummaryTimeNy,
  };
  const secrets = listSecrets(environment);
  const { slack } = alerts;
  return {
    config: { engine, endpoint, keyId, secretKey, feed, slack, healthcheckUrl, ...paths, secrets },
    warnings,
  };
}

/** A safety in doubt counts as on, a risk as off (interface, "Which way a doubt falls"). */
function parseModes(environment: Environment, flags: RunFlags, warnings: string[]) {
  const isOn = (variable: EnvironmentVariable, doubt: "on" | "off") =>
    parseSwitchVariable(environment, { variable, isOnByDefault: false, doubt }, warnings);
  const isDryRun = isOn("DRY_RUN", "on");
  const isMarketHoursIgnored = isOn("EXEC_V2_IGNORE_MARKET_HOURS", "off");
  return {
    isDryRun: flags.isDryRun || isDryRun,
    isKillSwitchEnv: isOn("KILL_SWITCH", "on"),
    isLiveTrading: isOn("LIVE_TRADING", "off"),
    isMarketHoursIgnored: flags.isMarketHoursIgnored || isMarketHoursIgnored,
  };
}

function parseTiming(environment: Environment, flags: RunFlags) {
  const pollSeconds = parseNumberVariable(environment, {
    variable: "EXECUTION_POLL_SECONDS",
    option: { name: "--poll-seconds", text: flags.pollSeconds },
    byDefault: 300,
    min: 1,
    max: 3600,
    unit: "seconds",
  });
  const bounds = { min: 0, max: ENTRY_DELAY_SECONDS_MAX, unit: "seconds" };
  const first = parseNumberVariable(environment, {
    ...bounds,
    variable: "ENTRY_DELAY_MIN_SECONDS",
    option: { name: "--entry-delay-min", text: flags.entryDelayMin },
    byDefault: 60,
  });
  const second = parseNumberVariable(environment, {
    ...bounds,
    variable: "ENTRY_DELAY_MAX_SECONDS",
    option: { name: "--entry-delay-max", text: flags.entryDelayMax },
    byDefault: 240,
  });
  return {
    pollSeconds,
    entryDelayMinSeconds: Math.min(first, second),
    entryDelayMaxSeconds: Math.max(first, second),
  };
}

/** One that can't be used is a warning and none: it never stops trading (interface, `HEALTHCHECK_URL`). */
function parseHealthcheck(text: string, warnings: string[]): string | null {
  if (text === "") return null;
  const url = parseAddress(text);
  if (typeof url !== "string") return url.href;
  warnings.push(`HEALTHCHECK_URL ${url}; nobody outside this host would notice its end`);
  return null;
}

const feedText = z.enum(["sip", "iex", "auto"]);

function parseFeed(text: string): ProgramConfig["feed"] {
  const parsed = feedText.safeParse(text === "" ? "auto" : text.toLowerCase());
  if (parsed.success) return parsed.data;
  throw new ConfigError("ALPACA_DATA_FEED", `is ${quoteValue(text)}: give sip, iex or auto`);
}

function parsePaths(environment: Environment, flags: RunFlags) {
  const baseDir = parsePathVariable(environment, "AVWAP_BASE_DIR", DEFAULT_BASE_DIR);
  const stateDir = parsePathVariable(environment, "AVWAP_STATE_DIR", DEFAULT_STATE_DIR);
  const fromVariable = parsePathVariable(environment, "WATCHLIST_FILE", DEFAULT_WATCHLIST);
  const fromOption = flags.candidatesCsv;
  if (fromOption === "" || fromOption?.includes("\0")) {
    throw new ConfigError("WATCHLIST_FILE (--candidates-csv)", "is no path: name a file");
  }
  const file = fromOption ?? fromVariable;
  return {
    stateDir: cutTrailingSlashes(stateDir),
    otherStateDirs: listOtherStateDirs({ stateDir, baseDir }),
    watchlist: {
      path: file.startsWith("/") ? file : `${cutTrailingSlashes(baseDir)}/${file}`,
      source: fromOption === null ? "WATCHLIST_FILE" : "WATCHLIST_FILE (--candidates-csv)",
    },
    dryRunLedgerPath: parsePathVariable(
      environment,
      "DRY_RUN_LEDGER_PATH",
      `${cutTrailingSlashes(stateDir)}/dry_run_ledger.json`,
    ),
  };
}

/** Two processes that are started from different directories would each have records, lock and switches of its own. */
function listRelative(environment: Environment): string[] {
  const variables = ["AVWAP_BASE_DIR", "AVWAP_STATE_DIR", "DRY_RUN_LEDGER_PATH"] as const;
  return variables.flatMap((variable) => {
    const text = environment[variable] ?? "";
    if (text === "" || text.startsWith("/")) return [];
    return [
      `${variable} is ${
        quoteValue(text)
      }, another place from each directory that the program is started in ` +
      "(nothing expands ~ or $HOME here): give a path that begins with /",
    ];
  });
}

/**
 * The directories in which a switch file counts beside the state directory: the default one, and `state` of the base
 * directory. The runbook's literal `touch` lands there from a shell that does not know the service's variables.
 */
export function listOtherStateDirs(
  { stateDir, baseDir }: { readonly stateDir: string; readonly baseDir: string },
): string[] {
  const dirs = [DEFAULT_STATE_DIR, `${cutTrailingSlashes(baseDir)}/state`];
  return [...new Set(dirs)].filter((dir) => dir !== cutTrailingSlashes(stateDir));
}

function cutTrailingSlashes(path: string): string {
  return path.replace(/(?<=.)\/+$/, "");
}

const credentialText = z.string().regex(/^[\x21-\x7e]+$/);

/** A key that can go into a header as it is. The value is never part of the message. */
function parseCredential(environment: Environment, variable: EnvironmentVariable): string {
  const text = (environment[variable] ?? "").trim();
  if (text === "") {
    throw new ConfigError(variable, "is not set: give the broker's key in the environment");
  }
  const parsed = credentialText.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ConfigError(variable, "holds a character that no key has: paste it again");
}
