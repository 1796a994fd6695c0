import { formatCounted } from "../../domain/counted.ts";
import type { OrderRow, RefusalRow, RowStatus, StopRow } from "../../domain/day/day_orders.ts";
import type { AlertRow, DayView, ErrorRow } from "../../domain/day/day_view.ts";
import { formatCents, formatPriceUsd } from "../../domain/order/money.ts";
import { readNyTime } from "../../domain/time/ny_time.ts";
import { type Markup, markup } from "./markup.ts";
import { buildTable } from "./table.ts";

const HEARTBEAT = "Execution heartbeat";

const TONE: Readonly<Record<RowStatus, string>> = {
  filled: "good-tag",
  "partly filled": "warn-tag",
  working: "",
  canceled: "",
  rejected: "bad-tag",
  "not sent": "warn-tag",
  unresolved: "bad-tag",
  simulated: "",
};

/** `15:10:05` in New York. */
function formatTime(ms: number): string {
  return readNyTime(ms).timeNy;
}

/** Every order with what became of it; resting stops as one row a symbol. */
export function buildOrderTables(view: DayView): Markup {
  const { buys, otherBuys, sells, simulated, stops } = view.orders;
  const rows = [...buys, ...otherBuys, ...sells, ...simulated].sort((a, b) => a.atMs - b.atMs);
  const orders = rows.length === 0
    ? markup`
      <h2>Orders</h2>
      <p class="note">None.</p>
    `
    : buildTable<OrderRow>("Orders", rows, [
      { head: "Symbol", cell: (row) => row.symbol },
      { head: "Placed", cell: (row) => formatMoment(row.placedMs) },
      { head: "Filled", cell: (row) => formatMoment(row.filledMs) },
      { head: "What", cell: (row) => `${row.side === "buy" ? "buy" : "sell"}, ${row.what}` },
      { head: "Shares", isNumber: true, cell: formatShares },
      { head: "Price", isNumber: true, cell: (row) => formatPrice(row.priceUsd) },
      { head: "USD", isNumber: true, cell: formatValue },
      { head: "Outcome", cell: formatOutcome },
    ]);
  if (stops.length === 0) return markup`<section>${orders}</section>`;
  return markup`<section>${orders}</section>
<section>${
    buildTable<StopRow>("Resting stops", stops, [
      { head: "Symbol", cell: (row) => row.symbol },
      {
        head: "Placed or moved",
        isNumber: true,
        cell: (row) => row.count === 1 ? "once" : `${row.count} times`,
      },
      {
        head: "First",
        cell: (row) => `${formatPriceUsd(row.firstUsd)} at ${formatTime(row.firstMs)}`,
      },
      {
        head: "Last",
        cell: (row) => `${formatPriceUsd(row.lastUsd)} at ${formatTime(row.lastMs)}`,
      },
    ])
  }</section>`;
}

function formatMoment(ms: number | null): string {
  return ms === null ? "" : formatTime(ms);
}

function formatShares({ qty, filledQty, status }: OrderRow): string {
  const asked = qty === null ? "" : `${qty}`;
  return status === "partly filled" ? `${filledQty} of ${asked}` : asked;
}

function formatPrice(priceUsd: number | null): string {
  return priceUsd === null ? "" : formatPriceUsd(priceUsd);
}

function formatValue(row: OrderRow): string {
  if (row.priceUsd === null) return row.side === "buy" ? formatCents(row.notionalUsd) : "";
  const qty = row.filledQty > 0 ? row.filledQty : row.qty ?? 0;
  return formatCents(qty * row.priceUsd);
}

function formatOutcome({ status, detail }: OrderRow): Markup {
  return markup`<span><span class="tag ${TONE[status]}">${status}</span>${
    detail === "" ? null : `: ${detail}`
  }</span>`;
}

/** Entries that were not sent or not taken, equal ones together. */
export function buildRefusalTable(view: DayView): Markup {
  const { refusals } = view.orders;
  if (refusals.length === 0) {
    return markup`
      <section>
        <h2>Refused entries</h2>
        <p class="note">None.</p>
      </section>
    `;
  }
  return markup`<section>${
    buildTable<RefusalRow>("Refused entries", refusals, [
      { head: "Symbol", cell: (row) => row.symbol },
      {
        head: "Reason",
        cell: (row) =>
          markup`<span>${
            row.by === "broker"
              ? markup`
                <span class="tag bad-tag">broker</span>
              `
              : null
          }${row.reason}</span>`,
      },
      { head: "Detail", cell: (row) => row.detail },
      { head: "Times", isNumber: true, cell: (row) => `${row.count}` },
      {
        head: "When",
        cell: (row) =>
          row.count === 1
            ? formatTime(row.firstMs)
            : `${formatTime(row.firstMs)} to ${formatTime(row.lastMs)}`,
      },
    ])
  }</section>`;
}

/** What Slack was told, heartbeats only counted, and what went wrong. */
export function buildMessageTables(view: DayView): Markup {
  const alerts = view.alerts.filter((row) => row.title !== HEARTBEAT);
  const heartbeats = view.alerts.length - alerts.length;
  const beats = heartbeats === 0 ? "" : `${formatCounted(heartbeats, "heartbeat")} besides.`;
  return markup`${
    view.errors.length === 0
      ? null
      : markup`<section>${
        buildTable<ErrorRow>("Errors", view.errors, [
          {
            head: "When",
            cell: (row) => formatTime(row.firstMs),
          },
          { head: "Error", cell: (row) => markup`<span>${row.message}</span>` },
          {
            head: "Times",
            isNumber: true,
            cell: (row) => row.count === 1 ? "1" : `${row.count}, last ${formatTime(row.lastMs)}`,
          },
        ])
      }</section>`
  }
<section>${
    alerts.length === 0
      ? markup`
        <h2>Messages</h2>
        <p class="note">None was sent. ${beats}</p>
      `
      : markup`${
        buildTable<AlertRow>("Messages", alerts, [
          { head: "When", cell: (row) => formatTime(row.atMs) },
          { head: "Level", cell: formatLevel },
          { head: "Message", cell: formatMessage },
        ])
      }<p class="note">${beats}</p>`
  }</section>`;
}

function formatLevel({ level, isLost }: AlertRow): Markup {
  const tone = level === "ERROR" ? "bad-tag" : level === "WARNING" ? "warn-tag" : "";
  return markup`<span class="tag ${tone}">${level}${isLost ? ", lost" : ""}</span>`;
}

/** The title and the first line: the whole text is in the event log. */
function formatMessage({ title, text }: AlertRow): Markup {
  const [first = ""] = text.split("\n", 1);
  return markup`<span>${title}: ${first}</span>`;
}
