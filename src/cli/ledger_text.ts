import { formatCounted } from "../domain/counted.ts";
import { countsTowardCaps, type LedgerEntry, type LiveLedger } from "../domain/order/ledger.ts";
import { formatCents, microsToUsd, sumUsd, usdToMicros } from "../domain/order/money.ts";
import { readNyTime } from "../domain/time/ny_time.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { formatTable } from "./table.ts";

const COLUMNS = [
  { head: "TIME (NY)", align: "left" },
  { head: "SIDE", align: "left" },
  { head: "SYMBOL", align: "left" },
  { head: "QTY", align: "right" },
  { head: "USD", align: "right" },
  { head: "STATUS", align: "left" },
  { head: "AT THE BROKER", align: "left" },
] as const;

/** A live ledger as a table for a terminal of 80 columns. */
export function formatLedger(ledger: LiveLedger): string[] {
  const { dateNy, entries, host, mismatches } = ledger;
  const counting = entries.filter(countsTowardCaps);
  const gross = microsToUsd(sumUsd(counting.map((entry) => usdToMicros(entry.notionalUsd))));
  return [
    `Live ledger of ${dateNy}, ${host ?? "no broker yet"}`,
    "",
    ...(entries.length === 0 ? ["no orders"] : formatTable(COLUMNS, entries.map(buildRow))),
    "",
    `Toward the caps: ${formatCounted(counting.length, "order")}, ${formatCents(gross)} USD` +
    (mismatches > 0 ? `; mismatches with the broker: ${mismatches}` : ""),
  ];
}

function buildRow(entry: LedgerEntry): string[] {
  const ms = Date.parse(entry.timestamp);
  const { broker } = entry;
  const reason = entry.reason === null ? "" : ` ${entry.reason}`;
  const told = broker === null
    ? ""
    : `${broker.status}${broker.filledQty > 0 ? ` ${broker.filledQty}` : ""}` +
      (broker.filledAvgPriceUsd === null ? "" : ` at ${broker.filledAvgPriceUsd}`);
  return [
    Number.isNaN(ms) ? entry.timestamp : readNyTime(ms).timeNy,
    entry.side,
    formatOneLine(entry.symbol),
    entry.qty === null ? "?" : String(entry.qty),
    formatCents(entry.notionalUsd),
    entry.status,
    formatOneLine(`${told}${reason}`).trim(),
  ];
}
