import { DEFAULT_CAPS } from "../domain/gate/caps.ts";
import { formatAllowlist } from "../domain/gate/gate.ts";
import { formatUsd } from "../domain/order/money.ts";
import { buildConfig, NO_RUN_FLAGS, type ProgramConfig } from "../runtime/config.ts";
import type { Environment, EnvironmentVariable } from "../runtime/environment.ts";
import { ENVIRONMENT_VARIABLES } from "../runtime/environment.ts";
import { listNetworkDoubts } from "../runtime/host_network.ts";
import { buildLimits, type InvalidLimit } from "../runtime/limits.ts";
import type { Misspelling } from "../runtime/misspelt.ts";
import { ConfigError } from "../runtime/settings.ts";
import { type CheckItem, fail, objectToLive, pass, warn } from "./check_item.ts";
import { remedy } from "./check_remedies.ts";
import { hasCredentials } from "./operator_config.ts";

/** Everything that is wrong with the environment, not only the first thing. */
export interface ConfigFacts {
  /** What is left when every bad variable is at its default; `null` where even that can't be built. */
  readonly config: ProgramConfig | null;
  readonly problems: readonly { readonly variable: string; readonly message: string }[];
  readonly warnings: readonly string[];
  readonly hasCredentials: boolean;
}

const CREDENTIALS: readonly string[] = ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"];
/** What must be sound before anything is sent: where it goes, and that nobody else is told. */
const NETWORK: readonly string[] = [
  "ALPACA_PAPER",
  "APCA_API_BASE_URL",
  "APCA_API_DATA_URL",
  "OTEL_DENO",
];
/** Stands for a key that is not there; never sent. */
const NO_KEY = "-";

/** Builds the configuration, taking one bad variable out after the other, so that all of them are named. */
export function readConfigFacts(environment: Environment): ConfigFacts {
  const problems: { variable: string; message: string }[] = [];
  let rest: Environment = environment;
  for (let turn = 0; turn <= ENVIRONMENT_VARIABLES.length; turn++) {
    try {
      const { config, warnings } = buildConfig(withKeys(rest), NO_RUN_FLAGS);
      return { config, problems, warnings, hasCredentials: hasCredentials(rest) };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const { variable, message } = error;
      problems.push({ variable, message });
      // Of two that contradict each other, the one that is named may not be the one that can be taken out.
      const names = [variable, "APCA_API_BASE_URL"].filter((name) => name in rest);
      if (names.length === 0) break;
      rest = without(rest, names[0] ?? "");
    }
  }
  return { config: null, problems, warnings: [], hasCredentials: false };
}

/** With something in a missing key's place, so that the rest can be looked at. */
function withKeys(environment: Environment): Environment {
  const orNone = (text: string | undefined) => (text ?? "").trim() === "" ? NO_KEY : text ?? NO_KEY;
  return {
    ...environment,
    APCA_API_KEY_ID: orNone(environment.APCA_API_KEY_ID),
    APCA_API_SECRET_KEY: orNone(environment.APCA_API_SECRET_KEY),
  };
}

function without(environment: Environment, name: string): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([each]) => each !== name));
}

/** Whether the endpoint is what the operator wrote, and the only one that is told: only then may anything be sent. */
export function isNetworkSound({ problems }: ConfigFacts): boolean {
  return !problems.some(({ variable }) => NETWORK.includes(variable));
}

/** What may as well be the one that is wrong. */
const CONTRADICTED: Readonly<Record<string, readonly EnvironmentVariable[]>> = {
  ALPACA_PAPER: ["APCA_API_BASE_URL"],
};

/** Every variable that `run` would refuse, and every doubt but those of the limits, which have items of their own. */
export function checkConfiguration(facts: ConfigFacts): CheckItem {
  const bad = facts.problems.filter(({ variable }) => !CREDENTIALS.includes(variable));
  const doubts = facts.warnings.filter((warning) => !LIMITS.includes(readVariable(warning)));
  const text = [...bad.map(({ message }) => message), ...doubts].join("; ");
  const names = [
    ...bad.flatMap(({ variable }) => [variable, ...CONTRADICTED[variable] ?? []]),
    ...doubts.map(readVariable),
  ];
  if (bad.length > 0) return fail("configuration", text, remedy("correct_variables", names));
  return doubts.length === 0
    ? pass("configuration", "every variable is valid")
    : warn("configuration", text, remedy("settle_doubts", names));
}

/** Each warning of the configuration begins with the variable's name. */
function readVariable(warning: string): string {
  return warning.split(" ", 1)[0] ?? "";
}

/** Variables that nothing reads, because of their spelling. */
export function checkVariables(misspelt: readonly Misspelling[]): CheckItem {
  if (misspelt.length === 0) return pass("variables", "no known misspelling is set");
  const pairs = misspelt.map(({ written, meant }) => `${written} (${meant}?)`).join(", ");
  return warn(
    "variables",
    `set and not read by anything: ${pairs}`,
    remedy("rename_variables", misspelt),
  );
}

/** Whom the runtime trusts, and what it tells, beyond what this program asks of it (pipeline 6). */
export function checkNetwork(environment: Environment): CheckItem {
  const doubts = listNetworkDoubts(environment);
  if (doubts.length === 0) {
    return pass("network", "no proxy is used, and only the runtime's own authorities are trusted");
  }
  const said = doubts.map(({ variable, meaning }) => `${variable}: the runtime ${meaning}`);
  const names = doubts.map(({ variable }) => variable);
  return warn("network", said.join("; "), remedy("take_out_network", names));
}

/** Both keys of the broker. */
export function checkCredentials(facts: ConfigFacts): CheckItem {
  const bad = facts.problems.find(({ variable }) => CREDENTIALS.includes(variable));
  if (bad !== undefined) {
    return fail("credentials", bad.message, remedy("set_keys", [bad.variable]));
  }
  if (facts.hasCredentials) return pass("credentials", "both keys are set");
  return fail(
    "credentials",
    "APCA_API_KEY_ID or APCA_API_SECRET_KEY is not set",
    remedy("set_keys"),
  );
}

const CAP_VARIABLES = [
  { variable: "MAX_LIVE_ORDERS_PER_DAY", cap: "ordersPerDay" },
  { variable: "MAX_LIVE_POSITIONS", cap: "positions" },
  { variable: "MAX_LIVE_GROSS_NOTIONAL", cap: "grossNotionalUsd" },
  { variable: "MAX_LIVE_NOTIONAL_PER_SYMBOL", cap: "notionalPerSymbolUsd" },
] as const satisfies readonly { variable: EnvironmentVariable; cap: keyof typeof DEFAULT_CAPS }[];

/** No limit by default, and none of the caps that have one (interface, Environment). */
const LOSS_VARIABLE = "MAX_LIVE_LOSS_PER_DAY";
const ALLOWLIST_VARIABLE = "ALLOWLIST_SYMBOLS";
/** What blocks LIVE where it is not valid, and stops nothing. */
const LIMITS: readonly string[] = [
  ALLOWLIST_VARIABLE,
  ...CAP_VARIABLES.map(({ variable }) => variable),
  LOSS_VARIABLE,
];

/** Caps: valid, set explicitly, and conservative (runbook 3.5). */
export function checkCapSettings(
  environment: Environment,
  config: ProgramConfig,
  isLiveAsked: boolean,
): CheckItem {
  const { caps, maxLossPerDayUsd } = config.engine;
  const bad = buildLimits(environment).invalid
    .filter(({ variable }) => variable !== ALLOWLIST_VARIABLE);
  if (caps === null || bad.length > 0) {
    return objectToLive("caps", formatInvalid(bad), {
      isLiveAsked,
      remedy: remedy("correct_caps", bad.map(({ variable }) => variable)),
    });
  }
  const text = CAP_VARIABLES.map(({ variable, cap }) => `${variable}=${formatUsd(caps[cap])}`)
    .join(" ").replaceAll(/((?:DAY|POSITIONS)=\d+)\.0/g, "$1") +
    (maxLossPerDayUsd === null ? "" : ` ${LOSS_VARIABLE}=${formatUsd(maxLossPerDayUsd)}`);
  const unset = CAP_VARIABLES.filter(({ variable }) => (environment[variable] ?? "") === "")
    .map(({ variable }) => variable);
  if (unset.length > 0) {
    return warn(
      "caps",
      `at their defaults: ${unset.join(", ")}; in force: ${text}`,
      remedy("set_caps"),
    );
  }
  const large = CAP_VARIABLES.filter(({ cap }) => caps[cap] > DEFAULT_CAPS[cap])
    .map(({ variable }) => variable);
  if (large.length > 0 && isLiveAsked) {
    return warn(
      "caps",
      `above the defaults: ${large.join(", ")}; in force: ${text}`,
      remedy("set_caps"),
    );
  }
  return pass("caps", text);
}

/** Each that is not valid, as it is written. */
function formatInvalid(limits: readonly InvalidLimit[]): string {
  return `${limits.map(({ message }) => message).join("; ")}; LIVE is blocked until then`;
}

/** The allowlist: valid, and set at all. */
export function checkAllowlist(
  environment: Environment,
  config: ProgramConfig,
  isLiveAsked: boolean,
): CheckItem {
  const { allowlist } = config.engine;
  if (allowlist.kind === "invalid") {
    const bad = buildLimits(environment).invalid
      .filter(({ variable }) => variable === ALLOWLIST_VARIABLE);
    return objectToLive("allowlist", formatInvalid(bad), {
      isLiveAsked,
      remedy: remedy("set_allowlist"),
    });
  }
  if (allowlist.kind === "all") {
    return warn(
      "allowlist",
      "ALLOWLIST_SYMBOLS is not set: every symbol is allowed",
      remedy("set_allowlist"),
    );
  }
  return pass("allowlist", formatAllowlist(allowlist));
}

/** What `--slack-test` came to; `null` where it was not asked for. */
export type SlackTest = { readonly kind: "delivered" } | {
  readonly kind: "failed";
  readonly message: string;
} | null;

/** Slack: configured, reachable, and with `--slack-test` really so. */
export function checkSlack(
  config: ProgramConfig,
  isReachable: boolean,
  test: SlackTest,
): CheckItem {
  if (config.slack === null) {
    return warn(
      "slack",
      "no alerts: SLACK_WEBHOOK_URL is not set or not usable, or Slack is turned off",
      remedy("set_slack"),
    );
  }
  if (!isReachable) {
    return warn(
      "slack",
      "no alerts: SLACK_WEBHOOK_URL names a host that this process may not connect to",
      remedy("set_slack"),
    );
  }
  if (test === null) return pass("slack", "a webhook is configured (--slack-test sends a message)");
  if (test.kind === "delivered") return pass("slack", "the test message was delivered");
  return fail(
    "slack",
    `the test message was not delivered: ${test.message}`,
    remedy("renew_webhook"),
  );
}
