import type { AlpacaClient } from "../broker/alpaca_client.ts";
import { formatCounted } from "../domain/counted.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import {
  type LedgerFinding,
  listBrokerFindings,
  listRecordFindings,
  listRuleFindings,
} from "../domain/account/ledger_findings.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import { dateNyOf, formatUtc } from "../domain/time/ny_time.ts";
import { reconcile } from "../domain/order/reconcile.ts";
import { formatUnreadable } from "../domain/order/unreadable_row.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";
import { BrokerError } from "../engine/ports.ts";
import { formatOneLine } from "../domain/one_line.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import {
  hasCredentials,
  readBrokerConfig,
  readSwitchPlaces,
  runGuarded,
  sayError,
} from "./operator_config.ts";
import { buildOperatorBroker, buildOperatorFiles, listOrdersOfDay } from "./operator_world.ts";
import type { ParsedOptions } from "./options.ts";
import { isOwn } from "../domain/gate/record_owner.ts";
import { PROGRAM, VERSION } from "./version.ts";

/** Orders that are looked up one by one; more than that is no ledger of a day. */
const LOOK_UPS_MAX = 50;

/** `ledger verify`: holds the live ledger against its rules and the broker (runbook 9; interface, Commands). */
export const LEDGER_VERIFY_COMMAND: Command = {
  name: "ledger verify",
  summary: "check the live ledger against its rules and the broker",
  description:
    "Checks the live ledger against its rules, the engine's records and, with credentials, the " +
    "broker's orders of its day. Changes nothing. --json prints one document: version, at, kind " +
    "(ok, missing, unreadable, invalid), message, date_ny, entries, is_broker_asked, faults, " +
    "findings [{kind, text}].",
  options: [{ name: "json", valueName: null, help: "one JSON document" }],
  examples: [`${PROGRAM} ledger verify`, `${PROGRAM} ledger verify --json`],
  statuses: {
    [EXIT.done]: "nothing contradicts it",
    [EXIT.notSo]: "something does, or it can't be read",
    [EXIT.brokerUnreachable]: "the broker can't be asked",
    [EXIT.configInvalid]: "configuration invalid",
  },
  run: (host, options) => runGuarded(host, () => runVerify(host, options)),
};

async function runVerify(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const files = buildOperatorFiles(readSwitchPlaces(host.environment));
  const read = await files.ledger.read();
  const isJson = flags.has("json");
  if (read.kind !== "ok") {
    if (isJson) writeJson(host, { read, isAsked: false, findings: [] });
    else sayError(host, `live ledger ${read.kind}: ${read.message}; to make it anew: ${REMEDY}`);
    return EXIT.notSo;
  }
  const { ledger } = read;
  const todayNy = dateNyOf(host.clock.nowMs());
  const findings = listRuleFindings(ledger, todayNy);
  const state = await files.state.read();
  if (state.kind === "ok") findings.push(...listRecordFindings(ledger, state.state, todayNy));
  const isAsked = hasCredentials(host.environment);
  if (isAsked) findings.push(...await askBroker(host, ledger));
  const faults = findings.filter(({ kind }) => kind === "fault").length;
  if (isJson) {
    writeJson(host, { read, isAsked, findings });
    return faults === 0 ? EXIT.done : EXIT.notSo;
  }
  const against = isAsked
    ? "its rules and the broker"
    : "its rules (no credentials, so not asked: the broker)";
  host.writeOut([
    `Live ledger of ${ledger.dateNy}, ${
      formatCounted(ledger.entries.length, "entry")
    }, against ${against}`,
    ...findings.map(({ kind, text }) =>
      `  ${kind === "fault" ? "FAULT" : "note"} ${formatOneLine(text)}`
    ),
    faults === 0
      ? "PASS nothing contradicts it"
      : `FAIL ${formatCounted(faults, "fault")}; look at them, then: ${REMEDY}`,
    "",
  ].join("\n"));
  return faults === 0 ? EXIT.done : EXIT.notSo;
}

/** One document. Fields are added, never renamed. */
function writeJson(
  host: ProgramHost,
  { read, isAsked, findings }: {
    readonly read: LedgerRead;
    readonly isAsked: boolean;
    readonly findings: readonly LedgerFinding[];
  },
): void {
  const ledger = read.kind === "ok" ? read.ledger : null;
  const report = {
    version: VERSION,
    at: formatUtc(host.clock.nowMs()),
    kind: read.kind,
    message: read.kind === "ok" ? null : read.message,
    date_ny: ledger?.dateNy ?? null,
    entries: ledger?.entries.length ?? null,
    is_broker_asked: isAsked,
    faults: findings.filter(({ kind }) => kind === "fault").length,
    findings: findings.map(({ kind, text }) => ({ kind, text })),
  };
  host.writeOut(`${JSON.stringify(report, null, 2)}\n`);
}

const REMEDY = "systemctl stop execution.service && " +
  `${PROGRAM} ledger rebuild --yes && systemctl start execution.service`;

/** @throws {BrokerError} Where the broker can't be asked. */
async function askBroker(host: ProgramHost, ledger: LiveLedger): Promise<LedgerFinding[]> {
  const config = readBrokerConfig(host.environment);
  const broker = buildOperatorBroker(host, config);
  const { accountId } = await broker.readAccount();
  if (!isOwn(ledger, { host: broker.host, accountId })) {
    return [{
      kind: "fault",
      text:
        `it belongs to ${ledger.host ?? "?"} account ${ledger.accountId ?? "?"}, and the keys ` +
        `to ${broker.host} account ${accountId} (ALPACA_PAPER): use another AVWAP_STATE_DIR`,
    }];
  }
  const { rows: orders, unreadable } = await listOrdersOfDay(broker, ledger.dateNy);
  // What the broker shows and nobody can read is neither missing nor compared.
  const shown = new Set(unreadable.map((row) => row.clientOrderId));
  const entries = ledger.entries.filter(({ clientOrderId }) =>
    clientOrderId === null || !shown.has(clientOrderId)
  );
  const readable = { ...ledger, entries };
  return [
    ...unreadable.map((row): LedgerFinding => ({ kind: "note", text: formatUnreadable(row) })),
    ...listBrokerFindings(readable, orders, await lookUpMissing(broker, readable, orders)),
  ];
}

/** @throws {BrokerError} Where a look-up gave no usable answer. */
async function lookUpMissing(
  broker: AlpacaClient,
  ledger: LiveLedger,
  orders: readonly BrokerOrder[],
): Promise<BrokerOrder[]> {
  const found: BrokerOrder[] = [];
  for (const { clientOrderId } of reconcile(ledger, orders).missing.slice(0, LOOK_UPS_MAX)) {
    if (clientOrderId === null) continue;
    const answer = await broker.lookUp(clientOrderId);
    if (answer.kind === "found") found.push(answer.order);
    if (answer.kind === "unknown") {
      throw new BrokerError(answer.why, `Cannot look up order ${clientOrderId}: ${answer.why}`);
    }
  }
  return found;
}
