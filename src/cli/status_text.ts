import { formatAdoptCommand, formatSignedUsd } from "../domain/alert/alert_facts.ts";
import { formatCounted } from "../domain/counted.ts";
import { EXIT_RULES, TRIM_REASONS } from "../domain/exit/exit_rules.ts";
import { formatCents, formatPriceUsd } from "../domain/order/money.ts";
import { formatNy } from "../domain/time/ny_time.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { RESERVE_BYTES } from "../state/state_disk.ts";
import type { Paint, Tone } from "./colour.ts";
import { formatCover } from "./status_cover.ts";
import { formatOpen } from "./status_open.ts";
import type { CapStatus, PositionStatus, StatusReport } from "./status_report.ts";
import { formatNarrowTable, wrapLine } from "./table.ts";

const LABEL_WIDTH = 12;
/** What is none in a directory that is not there, is none of the service's only where nothing has run yet. */
const NOT_THERE = "DOES NOT EXIST: nothing has run yet, or AVWAP_STATE_DIR is not the service's";

/** The report for one screen of 80 columns. */
export function formatStatus(report: StatusReport, paint: Paint): string[] {
  const line = (label: string, text: string, tone: Tone | null = null): string[] => {
    const wrapped = wrapLine(
      `${"".padEnd(LABEL_WIDTH, ".")} ${formatOneLine(text)}`,
      " ".repeat(13),
    );
    return wrapped.map((each, at) => {
      const shown = at === 0 ? each.slice(LABEL_WIDTH + 1) : each.trimStart();
      const head = at === 0 ? label.padEnd(LABEL_WIDTH + 1) : " ".repeat(LABEL_WIDTH + 1);
      return head + (tone === null ? shown : paint(tone, shown));
    });
  };
  return [
    ...line("Mode", `${report.gate.mode}: ${report.gate.reason}`, toneOfMode(report)),
    ...line("Broker", `${report.endpoint.kind} ${report.endpoint.host}`),
    ...line("Kill switch", formatKillSwitch(report), report.kill_switch.is_on ? "bad" : null),
    ...(report.entries_paused
      ? line("Entries", "PAUSED (ENTRIES_PAUSED); exits and stops go on", "bad")
      : []),
    ...line("Service", formatService(report), report.service.kind === "running" ? null : "warning"),
    ...report.service.elsewhere.flatMap(({ state_dir, pid }) =>
      line("", `${pid === null ? "a process" : `process ${pid}`} runs in ${state_dir}`, "bad")
    ),
    ...(report.has_state_dir
      ? line("State dir", report.state_dir)
      : line("State dir", `${report.state_dir} ${NOT_THERE}`, "warning")),
    ...line("Last cycle", formatLastCycle(report)),
    ...line(
      "Watchlist",
      formatWatchlist(report),
      report.watchlist.kind === "fresh" ? null : "warning",
    ),
    ...report.watchlist.warnings.flatMap((text) => line("", text, "warning")),
    ...report.warnings.flatMap((text, at) => line(at === 0 ? "Settings" : "", text, "bad")),
    ...line("Allowlist", report.allowlist),
    ...formatCaps(report).flatMap((text, at) => line(at === 0 ? "Caps" : "", text)),
    ...formatLossLimit(report).flatMap((text) =>
      line("Loss limit", text, report.loss_limit.reached_at === null ? null : "bad")
    ),
    ...line("Ledger", formatLedger(report), toneOfLedger(report)),
    ...report.ledger.unsettled.flatMap((text) => line("", `unsettled: ${text}`, "warning")),
    ...(isStateBad(report) ? line("State", report.state.message ?? "", "warning") : []),
    ...(report.disk.is_full ? line("Disk", formatDisk(report), "bad") : []),
    ...line("Intents", formatIntents(report)),
    ...report.intents.flatMap((intent) =>
      line(
        "",
        `${intent.symbol} qty=${intent.qty} due ${formatNy(Date.parse(intent.scheduled_at))}`,
      )
    ),
    ...line("Today", formatToday(report)),
    ...line(
      "Positions",
      isUnread(report)
        ? `UNKNOWN: the state that names them ${
          report.state.kind === "missing" ? "is lost" : "can't be read"
        }`
        : report.positions.length === 0
        ? "none managed"
        : "managed:",
      isUnread(report) ? "bad" : null,
    ),
    ...formatOpen(report.open_positions ?? []),
    ...formatPositions(report.positions, paint),
    ...report.positions.flatMap(({ symbol, standing }) => {
      const text = standing?.text ?? null;
      return text === null ? [] : line("", `${symbol}: ${text}`, "bad");
    }),
    ...report.released.flatMap(({ symbol, released_at }, at) =>
      line(
        at === 0 ? "Released" : "",
        `${symbol} since ${formatNy(Date.parse(released_at))}: yours; back by ${
          formatAdoptCommand(symbol, null)
        }`,
      )
    ),
    ...(report.broker === null
      ? line("", "(from files alone; --broker asks the broker too)", "quiet")
      : formatBroker(report.broker).flatMap(([label, text, tone]) => line(label, text, tone))),
  ];
}

function toneOfMode({ gate }: StatusReport): Tone {
  return gate.mode === "LIVE" ? "good" : "warning";
}

function toneOfLedger({ ledger }: StatusReport): Tone | null {
  return ledger.kind === "ok" && ledger.mismatches === 0 ? null : "warning";
}

/** One that is not there yet is no news; one that is lost is. */
function isStateBad(report: StatusReport): boolean {
  const { state } = report;
  if (state.kind === "missing") return isUnread(report);
  return state.kind === "damaged" || state.kind === "newer" || state.kind === "unreadable";
}

function formatDisk({ disk }: StatusReport): string {
  const free = disk.free_bytes === null
    ? "free space not known"
    : `${Math.floor(disk.free_bytes / (1024 * 1024))} MiB free`;
  return `FULL, no entries: ${free}, reserve ${disk.reserve_bytes} of ${RESERVE_BYTES} bytes`;
}

function formatKillSwitch({ kill_switch, state_dir }: StatusReport): string {
  const { is_on, source, path, text } = kill_switch;
  if (!is_on) return "off";
  const where = path === null || path === `${state_dir}/KILL_SWITCH` ? "" : `, ${path}`;
  return `ON (${source}${where})${text === null || text === "" ? "" : `: ${text}`}`;
}

function formatService({ service }: StatusReport): string {
  if (service.kind === "unknown") return "unknown: the lock can't be looked at";
  if (service.kind === "stopped") return "no process holds the state directory";
  return `running${service.pid === null ? "" : `, process ${service.pid}`}`;
}

function formatLastCycle(report: StatusReport): string {
  const { at, gate } = report.last_cycle;
  if (isUnread(report)) return "UNKNOWN";
  return at === null ? "none yet" : `${formatNy(Date.parse(at))}; ${gate ?? "no gate yet"}`;
}

function formatIntents(report: StatusReport): string {
  if (isUnread(report)) return "UNKNOWN";
  return report.intents.length === 0 ? "none" : String(report.intents.length);
}

/** Whether the state that would tell is lost or can't be read: then what is not in it is not none. */
function isUnread({ open_positions }: StatusReport): boolean {
  return open_positions === null;
}

function formatWatchlist({ watchlist }: StatusReport): string {
  return watchlist.kind === "fresh"
    ? `fresh, ${formatCounted(watchlist.candidates, "candidate")}: ${watchlist.path}`
    : watchlist.message ?? watchlist.kind;
}

function formatCaps({ caps }: StatusReport): string[] {
  if (caps === null) return ["not valid"];
  const count = ({ used, limit, left }: CapStatus) =>
    used === null ? `unknown of ${limit}` : `${used} of ${limit} (${left} left)`;
  const { used, limit, left } = caps.gross_notional_usd;
  const gross = used === null || left === null
    ? `unknown of ${formatCents(limit)} USD, `
    : `${formatCents(used)} of ${formatCents(limit)} USD (${formatCents(left)} left), `;
  return [
    `orders ${count(caps.orders_per_day)}, positions ${count(caps.positions)}`,
    `gross ${gross}${formatCents(caps.notional_per_symbol_usd.limit)} a symbol`,
  ];
}

/** Nothing where there is none. */
function formatLossLimit({ loss_limit: { limit_usd, reached_at } }: StatusReport): string[] {
  const limit = limit_usd === null ? [] : [`${formatCents(limit_usd)} USD a day`];
  const reached = reached_at === null ? [] : [
    `REACHED ${formatNy(Date.parse(reached_at))}: no further entry today; exits and stops go on`,
  ];
  const parts = [...limit, ...reached];
  return parts.length === 0 ? [] : [parts.join("; ")];
}

/** The day result against the previous close, the open one against the entries (interface, Slack). */
function formatToday({ today }: StatusReport): string {
  const { day_result_usd, day_result_unknown, open_result_usd, equity_usd } = today;
  const result = (usd: number | null) => usd === null ? "unknown" : `${formatSignedUsd(usd)} USD`;
  const why = day_result_unknown === null ? "" : ` (${day_result_unknown})`;
  const equity = equity_usd === null ? "unknown" : `${formatCents(equity_usd)} USD`;
  return `equity ${equity}, open result ${result(open_result_usd)}, ` +
    `day result ${result(day_result_usd)}${why}`;
}

function formatLedger({ ledger }: StatusReport): string {
  if (ledger.kind !== "ok") return ledger.message ?? ledger.kind;
  const day = ledger.is_today ? "today" : `${ledger.date_ny}, the next cycle starts today's`;
  const mismatches = ledger.mismatches === 0 ? "" : `, ${ledger.mismatches} MISMATCHES`;
  return `${day}, ${formatCounted(ledger.entries, "order")}${mismatches}`;
}

const COLUMNS = [
  { head: "", align: "left" },
  { head: "SYMBOL", align: "left" },
  { head: "QTY", align: "right" },
  { head: "STOP", align: "right" },
  { head: "HIGH", align: "right" },
  ...TRIM_REASONS.map((reason) => ({ head: EXIT_RULES[reason].name, align: "right" as const })),
  { head: "AT THE BROKER", align: "left" },
] as const;

function formatPositions(positions: readonly PositionStatus[], paint: Paint): string[] {
  if (positions.length === 0) return [];
  const rows = positions.map((position) => [
    "",
    position.symbol,
    position.unexplained_qty === null ? `${position.qty ?? "?"}` : `${position.qty} (!)`,
    formatPriceUsd(position.stop_usd),
    position.high_water_usd === null ? "?" : formatPriceUsd(position.high_water_usd),
    ...TRIM_REASONS.map((reason) => {
      const { statusLevel, statusFlag } = EXIT_RULES[reason];
      return formatLevel(position[statusLevel], position[statusFlag]);
    }),
    position.broker === null ? "not asked" : formatCover(position.broker),
  ]);
  const lines = formatNarrowTable(COLUMNS, rows).map((line) =>
    line.includes("NO STOP") ? paint("bad", line) : line
  );
  const marks = MARKS.flatMap(({ mark, meaning }) =>
    rows.flat().some((cell) => cell.endsWith(mark)) ? [`${mark.trim()} ${meaning}`] : []
  );
  return marks.length === 0 ? lines : [...lines, `(${marks.join("; ")})`];
}

/** What a number's end says of it, told where one has it. */
const MARKS = [
  { mark: "*", meaning: "sold there already" },
  { mark: " (!)", meaning: "shares that no order explains: nothing is done in it" },
] as const;

function formatLevel(priceUsd: number | null, isTrimmed: boolean): string {
  return priceUsd === null ? "none" : `${formatPriceUsd(priceUsd)}${isTrimmed ? "*" : ""}`;
}

type Labelled = readonly [label: string, text: string, tone: Tone | null];

function formatBroker(broker: NonNullable<StatusReport["broker"]>): Labelled[] {
  const market = broker.is_open
    ? `open, closes ${formatNy(Date.parse(broker.next_close))}`
    : `closed, opens ${formatNy(Date.parse(broker.next_open))}`;
  const foreign = broker.foreign_positions.map(({ symbol, qty }) => `${symbol} ${qty}`).join(", ");
  const { differences } = broker;
  return [
    ["Market", market, null],
    [
      "Account",
      `${broker.account_status}${broker.is_blocked ? ", BLOCKED" : ""}, equity ` +
      `${broker.equity_usd === null ? "unknown" : formatCents(broker.equity_usd)} USD, ` +
      formatCounted(broker.open_orders, "open order"),
      broker.is_blocked ? "bad" : null,
    ],
    ...(foreign === "" ? [] : [["Foreign", `${foreign} (never touched)`, null] as const]),
    ["Differences", differences.length === 0 ? "none" : String(differences.length), null],
    ...differences.map((text) => ["", text, "bad"] as const),
  ];
}
