import type { ProgramConfig } from "./config.ts";
import { DATA_HOST, TRADING_HOSTS } from "./endpoint.ts";
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

/** The permissions of this process. */
export function isPermittedByDeno(need: Need): boolean {
  return Deno.permissions.querySync(need).state === "granted";
}

/**
 * Checks at the start what the loop would else run into at its first order (interface, "A path outside what the process
 * may read or write").
 * @returns Whether Slack can be reached, the one thing that trading goes on without.
 * @throws {ConfigError} Naming the variable of the first path or host that is out of reach.
 */
export function checkPermissions(config: ProgramConfig, isPermitted: IsPermitted): boolean {
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
        `is ${JSON.stringify(path)}, which this process may not ${name}`,
      );
    }
  }
  const hosts = [
    { source: "APCA_API_BASE_URL", url: endpoint.tradingUrl },
    { source: "APCA_API_DATA_URL", url: endpoint.dataUrl },
  ];
  for (const { source, url } of hosts) {
    const { host } = new URL(url);
    if (isPermitted({ name: "net", host })) continue;
    throw new ConfigError(source, `names ${host}, which this process may not connect to`);
  }
  return config.slack === null ||
    isPermitted({ name: "net", host: new URL(config.slack.webhookUrl).host });
}
