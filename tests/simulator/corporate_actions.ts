import { buildJsonText, buildRefusal, parseMoment, type SimResponse } from "./wire.ts";

/** Groups of the published answer, each with the value of `types` that asks for it. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ["reverse_splits", "reverse_split"],
  ["forward_splits", "forward_split"],
  ["unit_splits", "unit_split"],
  ["cash_dividends", "cash_dividend"],
  ["stock_dividends", "stock_dividend"],
  ["spin_offs", "spin_off"],
  ["cash_mergers", "cash_merger"],
  ["stock_mergers", "stock_merger"],
  ["stock_and_cash_mergers", "stock_and_cash_merger"],
  ["redemptions", "redemption"],
  ["name_changes", "name_change"],
  ["worthless_removals", "worthless_removal"],
  ["rights_distributions", "rights_distribution"],
  ["partial_calls", "partial_call"],
  ["reorganizations", "reorganization"],
]);
const SYMBOL_FIELDS = [
  "symbol",
  "old_symbol",
  "new_symbol",
  "source_symbol",
  "acquiree_symbol",
  "acquirer_symbol",
];
const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

/** An announced action: its group, and its row as the answer has it, with a `process_date`. */
export interface SimCorporateAction {
  readonly group: string;
  readonly row: Readonly<Record<string, string | number | boolean>>;
}

function splitList(text: string | null): string[] {
  return (text ?? "").split(",").filter((each) => each !== "");
}

function processDateOf(action: SimCorporateAction): string {
  return String(action.row["process_date"] ?? "");
}

/** `GET /v1/corporate-actions`: those that are processed in the interval, by process date, in groups, paged. */
export function listCorporateActions(
  actions: readonly SimCorporateAction[],
  todayNy: string,
  query: URLSearchParams,
): SimResponse {
  const types = splitList(query.get("types"));
  const known = new Set(TYPES.values());
  const unknown = types.find((type) => !known.has(type));
  if (unknown !== undefined) return buildRefusal(400, null, `invalid type: ${unknown}`);
  const start = query.get("start") ?? todayNy;
  const end = query.get("end") ?? todayNy;
  for (const day of [start, end]) {
    if (parseMoment(day) === null) return buildRefusal(400, null, `invalid date: ${day}`);
  }
  if (end < start) return buildRefusal(400, null, "end should not be before start");
  const limit = Number(query.get("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    return buildRefusal(400, null, "invalid limit");
  }
  const token = query.get("page_token") ?? "0";
  if (!/^\d{1,6}$/.test(token)) return buildRefusal(400, null, "invalid page_token");
  const symbols = new Set(splitList(query.get("symbols")));
  const fitting = actions.filter((action) => {
    const day = processDateOf(action);
    const names = SYMBOL_FIELDS.map((field) => String(action.row[field] ?? ""));
    return (types.length === 0 || types.includes(TYPES.get(action.group) ?? "")) &&
      (symbols.size === 0 || names.some((name) => symbols.has(name))) && day >= start && day <= end;
  }).sort((a, b) => processDateOf(a) < processDateOf(b) ? -1 : 1);
  const from = Number(token);
  return buildPage(fitting.slice(from, from + limit), fitting.length > from + limit, from + limit);
}

function buildPage(
  shown: readonly SimCorporateAction[],
  hasMore: boolean,
  nextFrom: number,
): SimResponse {
  const groups: Record<string, SimCorporateAction["row"][]> = {};
  for (const { group, row } of shown) groups[group] = [...groups[group] ?? [], row];
  const page = { corporate_actions: groups, next_page_token: hasMore ? String(nextFrom) : null };
  return buildJsonText(200, JSON.stringify(page));
}
