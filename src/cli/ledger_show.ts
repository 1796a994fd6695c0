import type { LedgerRead } from "../domain/account/records_read.ts";
import { readArchivedLedger } from "../state/archived_ledger.ts";
import { buildLedgerText } from "../state/ledger_format.ts";
import type { SwitchPlaces } from "../state/switch_files.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { formatLedger } from "./ledger_text.ts";
import { readSwitchPlaces, runGuarded, sayError } from "./operator_config.ts";
import { buildOperatorFiles } from "./operator_world.ts";
import type { ParsedOptions } from "./options.ts";
import { readDate } from "./report.ts";
import { PROGRAM } from "./version.ts";

/** `ledger show`: the live ledger as a table or as JSON (runbook 6; interface, Commands). */
export const LEDGER_SHOW_COMMAND: Command = {
  name: "ledger show",
  summary: "print the live ledger of today or of a past day",
  description:
    "Prints the live ledger: each live order with time, side, quantity, USD and what the broker " +
    "last said of it. From the file alone. --json prints one document in the format of " +
    "live_orders_today.json: date_ny, host, account_id, mismatches, entries. Exits 1 where there " +
    "is no ledger that can be read.",
  options: [
    { name: "date", valueName: "YYYY-MM-DD", help: "a past New York day, from the archive" },
    { name: "json", valueName: null, help: "one JSON document" },
  ],
  examples: [
    `${PROGRAM} ledger show`,
    `${PROGRAM} ledger show --date 2026-11-20 --json`,
  ],
  statuses: {
    [EXIT.done]: "printed",
    [EXIT.notSo]: "there is no ledger that can be read",
    [EXIT.configInvalid]: "configuration invalid",
  },
  checkOptions: (options) => void readDay(options),
  run: (host, options) => runGuarded(host, () => runShow(host, options)),
};

/** The day that is named, or `null`. @throws {UsageError} */
function readDay({ values }: ParsedOptions): string | null {
  const date = values.get("date");
  return date === undefined ? null : readDate(date, date);
}

async function runShow(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const places = readSwitchPlaces(host.environment);
  const dateNy = readDay(options);
  const read = await readLedgerOf(places, dateNy);
  if (read.kind !== "ok") {
    sayError(host, `no live ledger${dateNy === null ? "" : ` of ${dateNy}`}: ${read.message}`);
    return EXIT.notSo;
  }
  const { ledger } = read;
  const text = options.flags.has("json")
    ? buildLedgerText(ledger)
    : `${formatLedger(ledger).join("\n")}\n`;
  host.writeOut(text);
  return EXIT.done;
}

/** The present file where no day is asked for or it is of that day; else the archive's. */
async function readLedgerOf(places: SwitchPlaces, dateNy: string | null): Promise<LedgerRead> {
  const { fs, stateDir, ledger } = buildOperatorFiles(places);
  const present = await ledger.read();
  if (dateNy === null) return present;
  if (present.kind === "ok" && present.ledger.dateNy === dateNy) return present;
  return await readArchivedLedger(fs, { stateDir, dateNy });
}
