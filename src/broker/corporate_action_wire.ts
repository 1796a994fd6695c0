import { z } from "zod";
import type { CorporateAction, CorporateActionKind } from "../domain/account/corporate_action.ts";
import type { SymbolPage } from "./symbol_pages.ts";
import { decimalWire, MalformedError, parseBody } from "./wire.ts";

/** A group of the answer: how its type is asked for, what it means, and which field names the symbol that it changes. */
interface Group {
  readonly group: string;
  readonly type: string;
  readonly kind: CorporateActionKind;
  readonly symbolField: "symbol" | "old_symbol" | "acquiree_symbol";
  readonly words: string;
}

/**
 * What changes the shares of a symbol (pipeline 4). A stock dividend is a split by fractions of a share. Cash dividends,
 * rights and spin-offs leave them as they are.
 */
const GROUPS: readonly Group[] = [
  group("forward_splits", "split", "symbol", "split"),
  group("reverse_splits", "split", "symbol", "reverse split"),
  group("unit_splits", "split", "old_symbol", "unit split"),
  group("stock_dividends", "split", "symbol", "stock dividend"),
  group("cash_mergers", "merger", "acquiree_symbol", "merger for cash"),
  group("stock_mergers", "merger", "acquiree_symbol", "merger for shares"),
  group("stock_and_cash_mergers", "merger", "acquiree_symbol", "merger for cash and shares"),
  group("reorganizations", "merger", "symbol", "reorganization"),
  group("name_changes", "name change", "old_symbol", "name change"),
  group("redemptions", "removal", "symbol", "redemption"),
  group("partial_calls", "removal", "symbol", "partial call"),
  group("worthless_removals", "removal", "symbol", "removal as worthless"),
];

function group(
  name: string,
  kind: CorporateActionKind,
  symbolField: Group["symbolField"],
  words: string,
): Group {
  return { group: name, type: name.slice(0, -1), kind, symbolField, words };
}

/** The query's `types`. */
export const CORPORATE_ACTION_TYPES = GROUPS.map(({ type }) => type).join(",");

const pageWire = z.object({
  corporate_actions: z.record(z.string(), z.unknown()),
  next_page_token: z.string().nullish(),
});
const rowsWire = z.array(z.unknown());
const dayWire = z.iso.date().nullish().catch(null);
const nameWire = z.string().nullish().catch(null);
const rowWire = z.object({
  symbol: nameWire,
  old_symbol: nameWire,
  new_symbol: nameWire,
  acquiree_symbol: nameWire,
  ex_date: dayWire,
  effective_date: dayWire,
  process_date: dayWire,
  old_rate: decimalWire.nullish().catch(null),
  new_rate: decimalWire.nullish().catch(null),
});

/**
 * `GET /v1/corporate-actions`. A row that can't be parsed costs itself, and its symbol is named; one without a symbol costs
 * nobody.
 * @throws {MalformedError} Where the page, or a group that is asked for, is not what the documents say.
 */
export function parseCorporateActions(body: string): SymbolPage<CorporateAction> {
  const page = parseBody(pageWire, body);
  const rows: [string, CorporateAction[]][] = [];
  const malformed: string[] = [];
  for (const each of GROUPS) {
    const listed = rowsWire.safeParse(page.corporate_actions[each.group] ?? []);
    if (!listed.success) throw new MalformedError(`${each.group} is not a list`);
    for (const row of listed.data) {
      const parsed = rowWire.safeParse(row);
      const symbol = parsed.data?.[each.symbolField] ?? "";
      if (parsed.data === undefined || symbol === "") continue;
      const { ex_date, effective_date, process_date } = parsed.data;
      const datesNy = [ex_date, effective_date, process_date]
        .filter((day) => day !== null && day !== undefined);
      if (datesNy.length === 0) malformed.push(symbol);
      else {
        const text = formatText(each, parsed.data);
        rows.push([symbol, [{ symbol, kind: each.kind, text, datesNy }]]);
      }
    }
  }
  return { rows, malformed, nextPageToken: page.next_page_token || null };
}

function formatText(
  { words, kind }: Group,
  row: Pick<z.output<typeof rowWire>, "new_symbol" | "old_rate" | "new_rate">,
): string {
  const { old_rate, new_rate, new_symbol } = row;
  const isRated = kind === "split" && old_rate !== null && old_rate !== undefined &&
    new_rate !== null && new_rate !== undefined;
  if (isRated) return `${words}, ${new_rate} for ${old_rate}`;
  return kind === "name change" && isName(new_symbol) ? `${words} to ${new_symbol}` : words;
}

function isName(text: string | null | undefined): boolean {
  return text !== null && text !== undefined && /^[A-Z0-9.]{1,12}$/.test(text);
}
