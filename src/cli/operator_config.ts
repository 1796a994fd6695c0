import { BrokerError, type LogPort, StateError } from "../engine/ports.ts";
import {
  buildConfig,
  DEFAULT_BASE_DIR,
  DEFAULT_STATE_DIR,
  listOtherStateDirs,
  NO_RUN_FLAGS,
} from "../runtime/config.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import type { Environment, EnvironmentVariable } from "../runtime/environment.ts";
import { formatOneLine, formatWithoutSecrets } from "../domain/one_line.ts";
import { listSecrets } from "../runtime/secrets.ts";
import { ConfigError, parsePathVariable } from "../runtime/settings.ts";
import { isHostFault } from "../state/deno_file_system.ts";
import type { SwitchPlaces } from "../state/switch_files.ts";
import type { ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { PROGRAM } from "./version.ts";

/**
 * The state directory, from its variable alone: `kill` must work whatever else is wrong with the configuration.
 * @throws {ConfigError}
 */
export function readStateDir(environment: Environment): string {
  const path = parsePathVariable(environment, "AVWAP_STATE_DIR", DEFAULT_STATE_DIR);
  return path.replace(/(?<=.)\/+$/, "");
}

/** The state directory and where else the operator's switch files count. @throws {ConfigError} */
export function readSwitchPlaces(environment: Environment): SwitchPlaces {
  const stateDir = readStateDir(environment);
  const baseDir = parsePathVariable(environment, "AVWAP_BASE_DIR", DEFAULT_BASE_DIR);
  return { stateDir, otherStateDirs: listOtherStateDirs({ stateDir, baseDir }) };
}

/** What a command that talks to the broker reads: a bad poll interval must not keep an operator from flattening. */
const BROKER_VARIABLES: readonly EnvironmentVariable[] = [
  "AVWAP_BASE_DIR",
  "AVWAP_STATE_DIR",
  "APCA_API_KEY_ID",
  "APCA_API_SECRET_KEY",
  "ALPACA_PAPER",
  "APCA_API_BASE_URL",
  "APCA_API_DATA_URL",
  "LIVE_CONFIRM_TOKEN",
  "SLACK_WEBHOOK_URL",
];

/**
 * The configuration as far as the broker and the state directory need it; everything else is at its default.
 * @throws {ConfigError} Where a credential is missing or the endpoint is not allowed.
 */
export function readBrokerConfig(environment: Environment): ProgramConfig {
  const given = BROKER_VARIABLES.map((name) => [name, environment[name]] as const);
  const chosen = Object.fromEntries(given.filter(([, text]) => text !== undefined));
  return buildConfig(chosen, NO_RUN_FLAGS).config;
}

/** The whole configuration, where the broker's keys may be missing. */
export interface OperatorConfig {
  readonly config: ProgramConfig;
  readonly warnings: readonly string[];
  readonly hasCredentials: boolean;
}

/** Stands for a key that is not there; too short to be taken for a secret, and never sent. */
const NO_KEY = "-";

/** Whether both keys of the broker are set at all. */
export function hasCredentials(environment: Environment): boolean {
  const keys = [environment.APCA_API_KEY_ID, environment.APCA_API_SECRET_KEY];
  return keys.every((key) => (key ?? "").trim() !== "");
}

/** What `run` alone goes by: a bad one must not keep an operator from a look at what he holds. */
const OF_RUN_ALONE: readonly string[] = [
  "EXECUTION_POLL_SECONDS",
  "ENTRY_DELAY_MIN_SECONDS",
  "ENTRY_DELAY_MAX_SECONDS",
  "ALPACA_DATA_FEED",
  "SLACK_ALERTS_MIN_LEVEL",
  "SLACK_HEARTBEAT_MINUTES",
  "SLACK_DAILY_SUMMARY_TIME",
];

/**
 * The configuration for a command that can do without the broker, what `run` alone goes by at its default where it is bad.
 * @returns With a warning for each of these.
 * @throws {ConfigError} For everything else that `run` would refuse.
 */
export function readOperatorConfig(environment: Environment): OperatorConfig {
  const has = hasCredentials(environment);
  const keys = { APCA_API_KEY_ID: NO_KEY, APCA_API_SECRET_KEY: NO_KEY };
  const bad: string[] = [];
  let given: Environment = has ? environment : { ...environment, ...keys };
  for (let turn = 0; turn < OF_RUN_ALONE.length; turn++) {
    try {
      buildConfig(given, NO_RUN_FLAGS);
      break;
    } catch (error) {
      if (!(error instanceof ConfigError) || !OF_RUN_ALONE.includes(error.variable)) throw error;
      bad.push(`${error.message}; run does not start until then`);
      given = { ...given, [error.variable]: "" };
    }
  }
  const { config, warnings } = buildConfig(given, NO_RUN_FLAGS);
  return { config, warnings: [...bad, ...warnings], hasCredentials: has };
}

/** An error of the host's: exit 70, so that the service tries again, where a `ConfigError` waits for the operator. */
export class HostError extends Error {
  override readonly name = "HostError";
}

/** What a state directory that can't be used ends a command with: 78 is for what the operator configured. */
export function buildStateDirError(error: StateError): ConfigError | HostError {
  return isHostFault(error)
    ? new HostError(`AVWAP_STATE_DIR can't be used now: ${error.message}`)
    : new ConfigError("AVWAP_STATE_DIR", `can't be used: ${error.message}`);
}

/**
 * Runs a command of the operator and turns what disk and broker refuse into one line and a status (interface, Exit
 * status): a state directory that can't be used is the configuration's fault or the host's, a broker that can't be asked is 69.
 */
export async function runGuarded(
  host: ProgramHost,
  act: () => Promise<number>,
): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof StateError) throw buildStateDirError(error);
    if (!(error instanceof BrokerError)) throw error;
    sayError(host, `broker unreachable: ${error.message}`);
    return EXIT.brokerUnreachable;
  }
}

/** One line on standard error, without a secret. */
export function sayError(
  host: Pick<ProgramHost, "environment" | "writeError">,
  text: string,
): void {
  const clean = formatWithoutSecrets(text, listSecrets(host.environment));
  host.writeError(`${PROGRAM}: ${formatOneLine(clean)}\n`);
}

/** The log of a command whose report is its output: only what went wrong is said, on standard error. */
export function createErrorLog(host: ProgramHost): LogPort {
  const say = (line: string) => sayError(host, line);
  return { info: () => {}, warn: say, error: say };
}
