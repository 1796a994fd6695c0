import type { BuildInfo } from "./build_facts.ts";
import { BUILD_INFO } from "./build_info.ts";
import { listOtherStateDirs, type ProgramConfig } from "./config.ts";
import { DATA_HOST, TRADING_HOSTS } from "./endpoint.ts";
import { ENVIRONMENT_VARIABLES } from "./environment.ts";
import { NO_PROXY_VARIABLE } from "./host_network.ts";
import { MISSPELLINGS } from "./misspelt.ts";
import { NOTIFY_PATH, SERVICE_VARIABLES, SYSTEMD_NOTIFY_PATH } from "./service_host.ts";
import { ConfigError } from "./settings.ts";

/** One thing that the program will have to be allowed. */
export type Need =
  | { readonly name: "read" | "write"; readonly path: string }
  | { readonly name: "net"; readonly host: string };

/** Whether the process may do it; never asks the operator. */
export type IsPermitted = (need: Need) => boolean;

/** Hosts that the start task and the compiled binary may reach, beside this machine: no other gets a connection. */
export const ALLOWED_HOSTS: readonly string[] = [
  TRADING_HOSTS["live-money"],
  TRADING_HOSTS.paper,
  DATA_HOST,
  "hooks.slack.com",
];

/** This machine: a simulator or a proxy of the operator's. */
const OWN_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** What the program may read of its environment, but for what systemd tells a service about itself. */
const VARIABLES: readonly string[] = [
  ...ENVIRONMENT_VARIABLES,
  ...MISSPELLINGS.map(({ written }) => written),
  NO_PROXY_VARIABLE,
];

/** `HOST:PORT` that a binary may connect to: the broker's, Slack's and the healthcheck's over TLS, and what its build added. */
export function listHosts(
  { extraHosts, healthcheckHost }: Pick<BuildInfo, "extraHosts" | "healthcheckHost">,
): string[] {
  const named = healthcheckHost === null ? [] : [healthcheckHost];
  return [...[...ALLOWED_HOSTS, ...named].map((host) => `${host}:443`), ...extraHosts];
}

/**
 * The permissions that are compiled into the binary: its whole reach. Nothing may be run, loaded or imported.
 * @param build Its directories are absolute: a relative path would be resolved where the binary is started.
 */
export function buildPermissionFlags(build: BuildInfo): string[] {
  const { baseDir, stateDir, denoVersion } = build;
  // A socket is a file to the older runtime and an address to the newer, which the older does not know.
  const isSocketAddress = !/^2\.[0-4]\./.test(denoVersion);
  const sockets = [NOTIFY_PATH, SYSTEMD_NOTIFY_PATH].map((path) => `unix:${path}`);
  // The operator's switches count there too, and `resume --all` takes them away.
  const switches = listOtherStateDirs({ stateDir, baseDir }).flatMap((dir) => [
    `${dir}/KILL_SWITCH`,
    `${dir}/ENTRIES_PAUSED`,
  ]);
  const hosts = [...listHosts(build), ...(isSocketAddress ? sockets : [])];
  return [
    "--no-prompt",
    "--unstable-net",
    `--allow-net=${hosts.join(",")}`,
    `--allow-read=${[...new Set([baseDir, stateDir, ...switches, NOTIFY_PATH])].join(",")}`,
    `--allow-write=${[stateDir, ...switches, NOTIFY_PATH, SYSTEMD_NOTIFY_PATH].join(",")}`,
    `--allow-env=${[...VARIABLES, ...SERVICE_VARIABLES].join(",")}`,
    "--allow-sys=statfs",
  ];
}

/** What the program from source may read of its environment and where it may connect to: the lists of the start task. */
export const START_LISTS = {
  env: VARIABLES,
  net: [...ALLOWED_HOSTS, ...OWN_HOSTS],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The permissions of this process. */
export function isPermittedByDeno(need: Need): boolean {
  return Deno.permissions.querySync(need).state === "granted";
}

/** Whether this process may read the variable: the start task may read the operator's, and none of the service's. */
export function isEnvPermitted(variable: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable }).state === "granted";
}

/**
 * Checks at the start what the loop would else run into at its first order (interface, "A path outside what the process
 * may read or write").
 * @param build What the binary was built for, for the message; `null` from source.
 * @returns Whether Slack can be reached, the one thing that trading goes on without.
 * @throws {ConfigError} Naming the variable of the first path or host that is out of reach.
 */
export function checkPermissions(
  config: ProgramConfig,
  isPermitted: IsPermitted,
  build: BuildInfo | null = BUILD_INFO,
): boolean {
  const { watchlist, stateDir, dryRunLedgerPath, endpoint } = config;
  const paths = [
    { source: "AVWAP_STATE_DIR", path: stateDir, names: ["read", "write"] },
    { source: "DRY_RUN_LEDGER_PATH", path: dryRunLedgerPath, names: ["read", "write"] },
    { source: watchlist.source, path: watchlist.path, names: ["read"] },
  ] as const;
  for (const { source, path, names } of paths) {
    for (const name of names) {
      if (isPermitted({ name, path })) continue;
      throw new ConfigError(
        source,
        `is ${JSON.stringify(path)}, which this process may not ${name}${describeDirs(build)}`,
      );
    }
  }
  const hosts = [
    { source: "APCA_API_BASE_URL", url: endpoint.tradingUrl },
    { source: "APCA_API_DATA_URL", url: endpoint.dataUrl },
  ];
  for (const { source, url } of hosts) {
    if (isPermitted({ name: "net", host: formatHost(url) })) continue;
    throw new ConfigError(
      source,
      `names ${new URL(url).host}, which this process may not connect to${describeHosts(build)}`,
    );
  }
  return config.slack === null ||
    isPermitted({ name: "net", host: formatHost(config.slack.webhookUrl) });
}

/** Whether this process may connect to the dead-man's switch; its host is compiled in by an option of the build. */
export function isHealthcheckReachable(
  { healthcheckUrl }: Pick<ProgramConfig, "healthcheckUrl">,
  isPermitted: IsPermitted,
): boolean {
  return healthcheckUrl !== null &&
    isPermitted({ name: "net", host: formatHost(healthcheckUrl) });
}

/** With its port, also where it is the scheme's own: a permission for one port is none for the bare host. */
export function formatHost(address: string): string {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

function describeDirs(build: BuildInfo | null): string {
  return build === null
    ? ""
    : `; this binary was built for base directory ${build.baseDir} and state directory ${build.stateDir}`;
}

function describeHosts(build: BuildInfo | null): string {
  return build === null ? "" : `; this binary was built for ${listHosts(build).join(" ")}`;
}
