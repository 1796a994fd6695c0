import { formatCounted } from "../domain/counted.ts";
import { listBrokerFindings } from "../domain/account/ledger_findings.ts";
import { decideClock } from "../domain/time/market_clock.ts";
import { reconcile } from "../domain/order/reconcile.ts";
import type { LedgerRead, StateRead } from "../domain/account/records_read.ts";
import type { BrokerFacts } from "./status_report.ts";

/** What the files said at a moment. */
export interface Records {
  readonly ledger: LedgerRead;
  readonly state: StateRead;
}

/**
 * What of the broker's look contradicts the records, in words (interface, `status`). An engine that runs writes them while
 * the broker is asked, and while a screen shows an earlier look: only what contradicts them before the look, after it and
 * now is no matter of moments.
 */
export function listDifferences(look: BrokerFacts, now: Records): string[] {
  const decision = decideClock(look.clock, "unknown");
  const clock = decision.kind === "contradiction"
    ? [`the broker's clock contradicts itself: ${decision.problem}`]
    : [];
  const records = [...look.records, now];
  return [
    ...clock,
    ...findInAll(records.map(({ ledger }) => listLedgerDifferences(look, ledger))),
    ...findInAll(records.map(({ state }) => listPositionDifferences(look, state))),
  ];
}

function findInAll(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  return first.filter((text) => others.every((list) => list.includes(text)));
}

function listLedgerDifferences({ orders }: BrokerFacts, read: LedgerRead): string[] {
  if (read.kind !== "ok" || orders?.dateNy !== read.ledger.dateNy) return [];
  // What the day's list lacks may be an earlier day's: that is for `ledger verify` to look up.
  const { missing } = reconcile(read.ledger, orders.rows);
  const known = read.ledger.entries.filter((entry) => !missing.includes(entry));
  const findings = listBrokerFindings({ ...read.ledger, entries: known }, orders.rows, []);
  return findings.map(({ text }) => `ledger: ${text}`);
}

function listPositionDifferences({ positions, unreadable }: BrokerFacts, read: StateRead) {
  const managed = read.kind === "ok" ? read.state.positions : [];
  return managed.flatMap(({ symbol, qty }) => {
    const heldQty = positions.find((each) => each.symbol === symbol)?.qty ?? 0;
    if (qty === null || qty === heldQty) return [];
    if (unreadable.some((row) => row.symbol === symbol)) return [];
    return [
      `${symbol}: the engine knows ${formatCounted(qty, "share")}, the broker shows ${heldQty}`,
    ];
  });
}
