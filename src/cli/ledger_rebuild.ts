import { isOurs } from "../domain/order/client_order_id.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import { digestLedger, listDropped } from "../domain/order/ledger_file.ts";
import { decideClock } from "../domain/time/market_clock.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { rebuildLedger } from "../domain/account/rebuild_records.ts";
import { LEDGER_FILE, STATE_FILE } from "../domain/gate/rebuild_wait.ts";
import { PAST_DAYS } from "../engine/archive.ts";
import { formatUnreadable } from "../domain/order/unreadable_row.ts";
import { BrokerError, StateError } from "../engine/ports.ts";
import { ConfigError } from "../runtime/settings.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { keepLedger, type KeptLedger } from "../state/archived_ledger.ts";
import { ensureDir } from "../state/durable_file.ts";
import { joinPath } from "../state/file_system.ts";
import { acquireLock, LOCK_FILE } from "../state/instance_lock.ts";
import { moveAway } from "./shell_words.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { formatLedger } from "./ledger_text.ts";
import { isOwn } from "../domain/gate/record_owner.ts";
import { readBrokerConfig, runGuarded, sayError } from "./operator_config.ts";
import {
  buildOperatorBroker,
  buildOperatorFiles,
  listOrdersOfDay,
  type OperatorFiles,
} from "./operator_world.ts";
import type { ParsedOptions } from "./options.ts";
import { PROGRAM } from "./version.ts";

/** `ledger rebuild`: the live ledger from the broker's orders (pipeline 6; interface, Commands). */
export const LEDGER_REBUILD_COMMAND: Command = {
  name: "ledger rebuild",
  summary: "rebuild the live ledger from the broker's orders of today",
  description:
    "Builds today's live ledger from the broker's orders: what a readable ledger of today knows is " +
    "kept, what it lacks is added, and the count of mismatches begins anew. Where the file is of no " +
    "use, the engine's records stand in for it; what they count and the file has no more is named " +
    "and dropped. Shows the result, and writes it to file and records only with --yes; the old file " +
    "is kept in archive/. The service must be stopped: two writers could forget an order.",
  options: [{ name: "yes", valueName: null, help: "write it" }],
  examples: [
    `${PROGRAM} ledger rebuild`,
    `systemctl stop execution.service && ${PROGRAM} ledger rebuild --yes`,
  ],
  statuses: {
    [EXIT.done]: "shown; with --yes, written",
    [EXIT.brokerUnreachable]: "the broker can't be asked",
    [EXIT.busy]: "a process holds the state directory: stop it first",
    [EXIT.configInvalid]: "configuration or state directory can't be used",
  },
  run: (host, options) => runGuarded(host, () => runRebuild(host, options)),
};

async function runRebuild(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const config = readBrokerConfig(host.environment);
  const files = buildOperatorFiles(config);
  if (!flags.has("yes")) {
    const ledger = await build(host, files);
    host.writeOut([
      ...formatLedger(ledger),
      "",
      "Nothing was written. To write it, with the service stopped:",
      `  ${PROGRAM} ledger rebuild --yes`,
      "",
    ].join("\n"));
    return EXIT.done;
  }
  await ensureDir(files.fs, files.stateDir);
  const path = joinPath(files.stateDir, LOCK_FILE);
  const lock = await acquireLock({ path, pid: host.pid, clock: host.clock });
  if (lock.kind === "busy") {
    const holder = lock.pid === null ? "another process" : `process ${lock.pid}`;
    sayError(host, `${holder} holds the state directory: systemctl stop execution.service first`);
    return EXIT.busy;
  }
  try {
    return await rebuild(host, files);
  } finally {
    await lock.release();
  }
}

async function rebuild(host: ProgramHost, files: OperatorFiles): Promise<number> {
  const ledger = await build(host, files);
  const state = await files.state.read();
  const before = state.kind === "ok" ? state.state : null;
  const { fs, stateDir } = files;
  const kept = await keepLedger(fs, { stateDir, nowMs: host.clock.nowMs() });
  const present = await files.ledger.read();
  // The day before was the engine's to archive, and it would not find it any more.
  if (present.kind === "ok" && present.ledger.dateNy < ledger.dateNy) {
    await files.ledger.archive(present.ledger);
  }
  // As the engine does it: the document first. Without one the engine makes it from this ledger.
  if (before !== null) {
    const versions = [present, { kind: "ok", ledger } as const].flatMap((each) =>
      each.kind === "ok" ? [digestLedger(each.ledger)] : []
    );
    await files.state.write({ ...before, ledger, ledgerVersions: versions, mismatches: 0 });
  }
  await files.ledger.write(ledger);
  const dropped = listDropped(before?.ledger ?? null, ledger);
  host.writeOut([
    ...formatLedger(ledger),
    "",
    ...dropped.map(({ symbol, clientOrderId, orderId, notionalUsd }) =>
      `Dropped, and counted no more: ${symbol} ${clientOrderId ?? orderId ?? ""} ${notionalUsd} USD`
    ),
    "The live ledger was rebuilt.",
    describeKept(kept),
    "",
  ].join("\n"));
  return EXIT.done;
}

function describeKept(kept: KeptLedger | null): string {
  if (kept === null) return "There was none before.";
  const path = formatOneLine(kept.path);
  return kept.isMoved
    ? `The old one could not be read, and was moved away whole: ${path}`
    : `The old one is kept: ${path}`;
}

/**
 * @throws {BrokerError} Where the broker can't be asked: a ledger is never made up.
 * @throws {ConfigError} Where a record that it is made from, the state or the archive too, belongs to another account.
 * @throws {StateError} Where the archive can't be read and nothing else knows what the night left open.
 */
async function build(host: ProgramHost, files: OperatorFiles): Promise<LiveLedger> {
  const broker = buildOperatorBroker(host, readBrokerConfig(host.environment));
  const clock = await broker.readClock();
  const decision = decideClock(clock, "unknown");
  if (decision.kind === "contradiction") {
    throw new BrokerError(
      "malformed",
      `Cannot tell the day: the broker's clock contradicts itself, ${decision.problem}; try again in a minute`,
    );
  }
  const { accountId } = await broker.readAccount();
  const todayNy = dateNyOf(clock.timestampMs);
  const { rows: orders, unreadable } = await listOrdersOfDay(broker, todayNy);
  const gap = unreadable.find((row) => isOurs(row.clientOrderId ?? ""));
  if (gap !== undefined) {
    throw new BrokerError(
      "malformed",
      `Cannot rebuild the live ledger: ${
        formatUnreadable(gap)
      }, and without it the caps would forget an order; ` +
        "look at it at the broker and try again later",
    );
  }
  const read = await files.ledger.read();
  const state = await files.state.read();
  // The file is the operator's to correct before this command; where it is of no use, the records have the day.
  const present = read.kind === "ok"
    ? read.ledger
    : state.kind === "ok"
    ? state.state.ledger
    : null;
  const account = { host: broker.host, accountId };
  const archived = await readArchived(files, present);
  const owners = [
    ...(present === null ? [] : [{ file: LEDGER_FILE, owner: present }]),
    ...(state.kind === "ok" ? [{ file: STATE_FILE, owner: state.state }] : []),
    ...archived.map((owner) => ({ file: `archive/live_orders_${owner.dateNy}.json`, owner })),
  ];
  for (const { file, owner } of owners) {
    if (isOwn(owner, account)) continue;
    throw new ConfigError(
      "ALPACA_PAPER",
      `selects ${broker.host}, and ${file} in ${files.stateDir} is of another account: ` +
        "use a state directory of its own (AVWAP_STATE_DIR)",
    );
  }
  if (state.kind !== "ok" && state.kind !== "missing") {
    sayError(host, `rebuilt without what the engine remembers: ${state.message}`);
  }
  return rebuildLedger({
    ledgers: present === null ? archived : [present, ...archived],
    orders,
    todayNy,
    account,
    mismatches: null,
  });
}

/** An earlier day's orders that are not settled stand in the archive alone, where the present ledger can't be used. */
async function readArchived(
  files: OperatorFiles,
  present: LiveLedger | null,
): Promise<readonly LiveLedger[]> {
  const archive = await files.ledger.readArchive(PAST_DAYS);
  if (archive.kind === "ok") return archive.ledgers;
  if (present !== null) return [];
  const { path, message } = archive;
  throw new StateError(`${message}; let it be read, or: ${moveAway(path)}`);
}
