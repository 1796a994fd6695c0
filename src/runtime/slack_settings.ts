import type { AlertLevel } from "../engine/ports.ts";
import { parseAddress } from "./endpoint.ts";
import type { Environment } from "./environment.ts";
import {
  ConfigError,
  parseNumberVariable,
  parseSwitchVariable,
  quoteValue,
  type SwitchRule,
} from "./settings.ts";

/** Where alerts go, and which (interface, Slack). */
export interface SlackSettings {
  /** A secret: it alone lets anybody post. */
  readonly webhookUrl: string;
  readonly minLevel: AlertLevel;
  readonly channel: string | null;
  readonly username: string | null;
}

/** Everything that the environment says of alerts; `slack` is `null` where none are to be sent. */
export interface AlertSettings {
  readonly slack: SlackSettings | null;
  readonly isVerbose: boolean;
  readonly heartbeatMinutes: number;
  readonly dailySummaryTimeNy: string | null;
}

const LEVELS: readonly AlertLevel[] = ["INFO", "TRADE", "WARNING", "ERROR"];
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const HEARTBEAT_MINUTES_MAX = 1440;

/**
 * Reads the Slack variables. A webhook that can't be used is a warning and no Slack, because alerts never stop trading
 * (interface, Slack); words and numbers that mean nothing are refused like any other.
 * @throws {ConfigError} For a bad level, time or number of minutes.
 */
export function buildAlertSettings(environment: Environment, warnings: string[]): AlertSettings {
  const minLevel = parseLevel(environment.SLACK_ALERTS_MIN_LEVEL ?? "");
  const dailySummaryTimeNy = parseTimeOfDay(environment.SLACK_DAILY_SUMMARY_TIME ?? "");
  const heartbeatMinutes = parseNumberVariable(environment, {
    variable: "SLACK_HEARTBEAT_MINUTES",
    byDefault: 60,
    min: 0,
    max: HEARTBEAT_MINUTES_MAX,
    unit: "minutes",
  });
  const isVerbose = parseSwitchVariable(
    environment,
    { variable: "SLACK_VERBOSE", isOnByDefault: false, doubt: "off" },
    warnings,
  );
  const isEnabled = parseSwitchVariable(environment, enabledRule(environment), warnings);
  const webhookUrl = parseWebhook(environment.SLACK_WEBHOOK_URL ?? "", warnings);
  const slack = isEnabled && webhookUrl !== null
    ? {
      webhookUrl,
      minLevel,
      channel: environment.SLACK_ALERTS_CHANNEL || null,
      username: environment.SLACK_ALERTS_USERNAME || null,
    }
    : null;
  return { slack, isVerbose, heartbeatMinutes, dailySummaryTimeNy };
}

/**
 * Where a start that the configuration refuses may still tell of it: a bad level or time of the alerts keeps none of them
 * back.
 */
export function readSlackSettings(environment: Environment): SlackSettings | null {
  const { SLACK_WEBHOOK_URL, SLACK_ENABLED, SLACK_ALERTS_ENABLED } = environment;
  const { SLACK_ALERTS_CHANNEL, SLACK_ALERTS_USERNAME } = environment;
  const given = Object.entries({
    SLACK_WEBHOOK_URL,
    SLACK_ENABLED,
    SLACK_ALERTS_ENABLED,
    SLACK_ALERTS_CHANNEL,
    SLACK_ALERTS_USERNAME,
  }).filter(([, text]) => text !== undefined);
  return buildAlertSettings(Object.fromEntries(given), []).slack;
}

/** The newer name counts where it says anything. A doubt falls to on: too many alerts harm nobody. */
function enabledRule(environment: Environment): SwitchRule {
  const variable = environment.SLACK_ENABLED ? "SLACK_ENABLED" : "SLACK_ALERTS_ENABLED";
  return { variable, isOnByDefault: true, doubt: "on" };
}

function parseWebhook(text: string, warnings: string[]): string | null {
  if (text === "") return null;
  const url = parseAddress(text);
  if (typeof url !== "string") return url.href;
  warnings.push(`SLACK_WEBHOOK_URL ${url}; no Slack alert will be sent`);
  return null;
}

function parseLevel(text: string): AlertLevel {
  if (text === "") return "INFO";
  const level = LEVELS.find((each) => each === text.toUpperCase());
  if (level !== undefined) return level;
  throw new ConfigError(
    "SLACK_ALERTS_MIN_LEVEL",
    `is ${quoteValue(text)}: give one of ${LEVELS.join(", ")}`,
  );
}

function parseTimeOfDay(text: string): string | null {
  if (text === "") return null;
  if (TIME_OF_DAY.test(text)) return text;
  throw new ConfigError(
    "SLACK_DAILY_SUMMARY_TIME",
    `is ${quoteValue(text)}: give HH:MM in New York time, for example 16:10`,
  );
}
