import type { EngineConfig } from "../engine/ports.ts";
import type { Environment, EnvironmentVariable } from "./environment.ts";
import { ConfigError, parseSwitch, quoteValue } from "./settings.ts";

/** Where orders and data requests go, and which kind of money that is, by the host itself (interface, Gate). */
export interface Endpoint {
  readonly kind: EngineConfig["endpoint"];
  /** Host with its port, where it has one of its own: what the endpoint line prints. */
  readonly host: string;
  /** Without a trailing slash. */
  readonly tradingUrl: string;
  readonly dataUrl: string;
}

/** Trading hosts by the kind of money that they move. */
export const TRADING_HOSTS = {
  "paper": "paper-api.alpaca.markets",
  "live-money": "api.alpaca.markets",
} as const;
/** Host of the market data. */
export const DATA_HOST = "data.alpaca.markets";

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

/**
 * Why `text` is no address that a credential may be sent to: it must be `https`, or `http` to loopback only.
 * @returns The parsed address, or the problem as a sentence's end, without the text itself.
 */
export function parseAddress(text: string): URL | string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "is not a URL: begin it with https://";
  }
  if (url.username !== "" || url.password !== "") return "holds a user name or password";
  if (url.hash !== "") return "holds a fragment";
  // A host with a final dot is the same host under a name that the checks below would not know.
  if (url.hostname === "" || url.hostname.endsWith(".")) {
    return "has no plain host name: write it like https://host";
  }
  if (url.protocol === "https:") return url;
  if (url.protocol === "http:" && LOOPBACK.test(url.hostname)) return url;
  return "is not allowed: use https, or http to this machine (localhost, 127.0.0.1) only";
}

function parseBaseUrl(variable: EnvironmentVariable, text: string): URL {
  const url = parseAddress(text);
  if (typeof url === "string") throw new ConfigError(variable, url);
  if (url.search !== "") throw new ConfigError(variable, "holds a query: give the base only");
  return url;
}

/** The base that `/v2/...` is put after; an operator's own `/v2` is not doubled. */
function formatBase(url: URL): string {
  const path = url.pathname.replace(/\/+$/, "").replace(/\/v2$/, "");
  return `${url.origin}${path}`;
}

function decideKind(hostname: string): Endpoint["kind"] {
  if (hostname === TRADING_HOSTS["live-money"]) return "live-money";
  return hostname === TRADING_HOSTS.paper ? "paper" : "custom";
}

/**
 * Decides the endpoint (interface, `ALPACA_PAPER`): exactly `0` selects live money, anything else is paper.
 * @throws {ConfigError} For an address that is not allowed, or an Alpaca host that contradicts `ALPACA_PAPER`.
 */
export function buildEndpoint(environment: Environment, warnings: string[]): Endpoint {
  const paper = environment.ALPACA_PAPER ?? "";
  const wanted = paper === "0" ? "live-money" : "paper";
  if (paper !== "" && paper !== "0" && parseSwitch(paper) !== "on") {
    warnings.push(`ALPACA_PAPER is ${quoteValue(paper)}, not 0 or 1: it counts as paper`);
  }
  const tradingText = environment.APCA_API_BASE_URL || `https://${TRADING_HOSTS[wanted]}`;
  const trading = parseBaseUrl("APCA_API_BASE_URL", tradingText);
  const data = parseBaseUrl(
    "APCA_API_DATA_URL",
    environment.APCA_API_DATA_URL || `https://${DATA_HOST}`,
  );
  const kind = decideKind(trading.hostname);
  if (kind !== "custom" && kind !== wanted) {
    throw new ConfigError(
      "ALPACA_PAPER",
      `selects ${wanted}, but APCA_API_BASE_URL names ${trading.hostname} (${kind}): ` +
        `make them agree, or unset APCA_API_BASE_URL`,
    );
  }
  return {
    kind,
    host: trading.host,
    tradingUrl: formatBase(trading),
    dataUrl: formatBase(data),
  };
}
