import { formatSignedUsd } from "../../domain/alert/alert_facts.ts";
import { formatR } from "../../domain/account/trade_result.ts";
import { sumResultsUsd } from "../../domain/order/usd_flow.ts";
import { type Markup, markup } from "./markup.ts";

/** What stands for what is not known: never 0. */
export const UNKNOWN = "unknown";

/** A result in USD in its colour, which its sign says too. */
export function formatMoney(usd: number | null): Markup | string {
  return usd === null ? UNKNOWN : colour(formatSignedUsd(usd));
}

/** A multiple of the risk in its colour; empty where it is not known. */
export function formatRisk(resultR: number | null): Markup | string {
  return resultR === null ? "" : colour(formatR(resultR));
}

function colour(text: string): Markup {
  const kind = text.startsWith("+") ? "gain" : text.startsWith("-") ? "loss" : "";
  return markup`<span class="${kind}">${text}</span>`;
}

const MINUTE_MS = 60_000;

/** `2 d 3 h`, `3 h 20 min`, `12 min`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  const minutes = Math.floor(ms / MINUTE_MS);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** A part of a whole, `60 %`. */
export function formatPart(part: number | null): string {
  return part === null ? "–" : `${Math.round(part * 100)} %`;
}

/** `Monday, 23 November 2026`: put together here, because runtimes differ in the comma. */
export function formatDate(dateNy: string): string {
  const ms = Date.parse(`${dateNy}T12:00:00Z`);
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options }).format(ms);
  return `${part({ weekday: "long" })}, ${
    part({ day: "numeric", month: "long", year: "numeric" })
  }`;
}

/** The sum of amounts in its colour; not known where one of them is not. */
export function sumMoney(amounts: readonly (number | null)[]): Markup | string {
  const known = amounts.flatMap((usd) => usd ?? []);
  return formatMoney(known.length < amounts.length ? null : sumResultsUsd(known));
}
