import { isOurs } from "../domain/client_order_id.ts";
import type { LiveLedger } from "../domain/ledger.ts";
import { decideClock } from "../domain/market_clock.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { rebuildLedger } from "../domain/rebuild_ledger.ts";
import { formatUnreadable } from "../domain/unreadable_row.ts";
import { BrokerError } from "../engine/ports.ts";
import { ConfigError } from "../runtime/settings.ts";
import { formatOneLine } from "../runtime/one_line.ts";
import { keepLedger } from "../state/archived_ledger.ts";
import { ensureDir } from "../state/durable_file.ts";
import { joinPath } from "../state/file_system.ts";
import { acquireLock, LOCK_FILE } from "../state/instance_lock.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { formatLedger } from "./ledger_text.ts";
import { isOwn } from "./ledger_verify.ts";
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
    "Builds today's live ledger from the broker's orders: what a readable ledger of today knows is\n" +
    "kept, what it lacks is added, and the count of mismatches begins anew. Shows the result, and\n" +
    "writes it only with --yes; the old file is kept in archive/. The service must be stopped:\n" +
    "two writers could forget an order.",
  options: [{ name: "yes", valueName: null, help: "write it" }],
  examples: [
    `${PROGRAM} ledger rebuild`,
    `systemctl stop execution.service && ${PROGRAM} ledger rebuild --yes`,
  ],
  run: (host, options) => runGuarded(host, () => runRebuild(host, options)),
};

async function runRebuild(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const config = readBrokerConfig(host.environment);
  const files = buildOperatorFiles(config.stateDir);
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
  const { fs, stateDir } = files;
  const copy = await keepLedger(fs, { stateDir, nowMs: host.clock.nowMs() });
  const present = await files.ledger.read();
  // The day before was the engine's to archive, and it would not find it any more.
  if (present.kind === "ok" && present.ledger.dateNy < ledger.dateNy) {
    await files.ledger.archive(present.ledger);
  }
  await files.ledger.write(ledger);
  host.writeOut([
    ...formatLedger(ledger),
    "",
    "The live ledger was rebuilt.",
    copy === null ? "There was none before." : `The old one is kept: ${formatOneLine(copy)}`,
    "",
  ].join("\n"));
  return EXIT.done;
}

/**
 * @throws {BrokerError} Where the broker can't be asked: a ledger is never made up.
 * @throws {ConfigError} Where the present one belongs to another account.
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
  const present = read.kind === "ok" ? read.ledger : null;
  const account = { host: broker.host, accountId };
  const [newest = null] = await files.ledger.listArchived(1);
  for (const owner of [present, newest]) {
    if (owner !== null && !isOwn(owner, account)) {
      throw new ConfigError(
        "ALPACA_PAPER",
        `selects ${broker.host}, and the ledger in ${files.stateDir} is of another account: ` +
          "use a state directory of its own (AVWAP_STATE_DIR)",
      );
    }
  }
  const state = await files.state.read();
  const positions = state.kind === "ok" ? state.state.positions : [];
  return rebuildLedger({ present, newest, orders, positions, todayNy, account });
}
