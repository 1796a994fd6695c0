import type { EngineState } from "./engine_state.ts";
import { compareLedgerFile, describeChange } from "../order/ledger_file.ts";
import { isOurs } from "../order/client_order_id.ts";
import {
  countsTowardCaps,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
  MISMATCHES_MAX,
} from "../order/ledger.ts";
import type { BrokerOrder } from "../order/orders.ts";
import { reconcile } from "../order/reconcile.ts";

/** One thing that an operator should know of a live ledger; a `fault` contradicts its rules or the broker. */
export interface LedgerFinding {
  readonly kind: "fault" | "note";
  readonly text: string;
}

/** Holds a ledger against its own rules (pipeline 6). @param todayNy `YYYY-MM-DD` */
export function listRuleFindings(ledger: LiveLedger, todayNy: string): LedgerFinding[] {
  const { entries, mismatches, dateNy } = ledger;
  const findings: LedgerFinding[] = [];
  const fault = (text: string) => findings.push({ kind: "fault", text });
  const note = (text: string) => findings.push({ kind: "note", text });
  if (dateNy > todayNy) fault(`it is of ${dateNy}, and today is ${todayNy} in New York`);
  if (dateNy < todayNy) note(`it is of ${dateNy}; the next cycle starts that of ${todayNy}`);
  if (mismatches >= MISMATCHES_MAX) {
    fault(`${mismatches} mismatches with the broker: LIVE is blocked until it is rebuilt`);
  } else if (mismatches > 0) {
    note("one mismatch with the broker today; a second one blocks LIVE");
  }
  for (const id of listTwice(entries.map((entry) => entry.clientOrderId))) {
    fault(`two entries have the client order id ${id}`);
  }
  for (const symbol of listTwice(entries.filter(isEntryOfDay).map((entry) => entry.symbol))) {
    fault(`${symbol} was entered twice; one live entry per symbol and NY day is the rule`);
  }
  for (const entry of entries.filter(isUnsettled)) {
    note(`${nameOf(entry)} is ${entry.status}: the next cycle looks it up`);
  }
  return findings;
}

/** Why an order that the ledger lacks is no mismatch (pipeline 6). */
function describeAdded({ replaces }: LedgerEntry): string {
  return replaces === null ? "flatten's" : `in the place of our order ${replaces}`;
}

function isEntryOfDay(entry: LedgerEntry): boolean {
  return countsTowardCaps(entry) && isOurs(entry.clientOrderId ?? "");
}

function listTwice(texts: readonly (string | null)[]): string[] {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const text of texts) {
    if (text === null) continue;
    if (seen.has(text)) twice.add(text);
    seen.add(text);
  }
  return [...twice];
}

function nameOf(entry: LedgerEntry): string {
  return `${entry.symbol} ${entry.clientOrderId ?? entry.orderId ?? entry.timestamp}`;
}

/**
 * Holds a ledger against the broker's orders of its day (pipeline 6).
 * @param orders Nested, all statuses.
 * @param found Orders that the day's list lacks and a look-up by client order id found (an earlier day's, carried over).
 */
export function listBrokerFindings(
  ledger: LiveLedger,
  orders: readonly BrokerOrder[],
  found: readonly BrokerOrder[],
): LedgerFinding[] {
  const result = reconcile(ledger, [...orders, ...found]);
  const findings: LedgerFinding[] = [];
  for (const entry of result.ledger.entries.slice(ledger.entries.length)) {
    const isMismatch = result.mismatched.includes(entry);
    findings.push({
      kind: isMismatch ? "fault" : "note",
      text: `${nameOf(entry)} is at the broker, and the ledger lacks it` +
        (isMismatch ? "" : ` (${describeAdded(entry)}: the next cycle records it)`),
    });
  }
  for (const entry of result.missing) {
    if (entry.status === "rejected") continue;
    const isProvable = entry.clientOrderId !== null && !isUnsettled(entry);
    findings.push({
      kind: isProvable ? "fault" : "note",
      text: `${nameOf(entry)} is in the ledger, and the broker does not show it`,
    });
  }
  ledger.entries.forEach((entry, at) => {
    const now = result.ledger.entries[at];
    if (now === undefined || now === entry) return;
    const filledQty = now.broker?.filledQty ?? 0;
    findings.push({
      kind: "note",
      text: `${nameOf(entry)} is ${now.broker?.status ?? now.status}, filled ${filledQty}, ` +
        "at the broker: the next cycle takes that over",
    });
  });
  return findings;
}

/**
 * Holds the ledger's file against the records that it was written from (runbook 4.4).
 * @param todayNy The New York date of now.
 */
export function listRecordFindings(
  file: LiveLedger,
  { ledger, ledgerVersions: versions }: Pick<EngineState, "ledger" | "ledgerVersions">,
  todayNy: string,
): LedgerFinding[] {
  // A release before this one has no record but the file.
  if (ledger === null) return [];
  const found = compareLedgerFile(ledger, file, { versions, todayNy });
  switch (found.kind) {
    case "same":
      return [];
    case "behind":
      return [{
        kind: "note",
        text: "it is one write behind the records: the next cycle writes it",
      }];
    case "later":
      return [{ kind: "fault", text: "another hand has begun a day that the records have not" }];
    case "changed":
      return [{
        kind: "fault",
        text:
          `another hand has changed it since it was written (${
            describeChange(found)
          }): the engine's next cycle ` +
          "takes in what it adds, puts the rest back, and blocks LIVE meanwhile",
      }];
  }
}
