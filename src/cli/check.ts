import { type ConfigFacts, readConfigFacts } from "./check_config.ts";
import { checkWatchlistFile } from "./check_files.ts";
import { decideCheckStatus } from "./check_item.ts";
import { buildCheckReport, formatCheck, formatForJournal } from "./check_text.ts";
import { createPaint } from "./colour.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { readListWait } from "./list_wait.ts";
import { runGuarded } from "./operator_config.ts";
import { buildOperatorFiles } from "./operator_world.ts";
import type { ParsedOptions } from "./options.ts";
import { PROGRAM } from "./version.ts";
import { listItems } from "./check_items.ts";

/** `check`, also `--check`: go or no-go (runbook 3 and 3.5; interface, Commands). */
export const CHECK_COMMAND: Command = {
  name: "check",
  summary: "preflight: go or no-go, with what to do about each finding (also --check)",
  description:
    "Checks every item of the runbook's checklists that a program can check. First what is not " +
    "PASS, each WARN or FAIL with its reason and, where there is one, the remedy to paste; then the " +
    "names of what is PASS, with --verbose their reasons. Changes nothing and sends no order. What " +
    "only LIVE needs is a FAIL while LIVE_TRADING is on, else a WARN. It goes by the environment of " +
    "this very call, so give it the service's. In the journal it says what is not PASS alone, and " +
    "while the service waits for its list that alone. --json prints one document: version, at, " +
    "exit_status, verdict, counts {pass, warn, fail}, items [{name, grade, detail, remedy {kind: " +
    "command, name, text} or null}].",
  options: [
    { name: "json", valueName: null, help: "one JSON document" },
    { name: "verbose", valueName: null, help: "the reason of each PASS too" },
    { name: "slack-test", valueName: null, help: "send one message to Slack" },
  ],
  examples: [`${PROGRAM} check`, `${PROGRAM} check --slack-test`, `${PROGRAM} --check --json`],
  statuses: {
    [EXIT.done]: "nothing FAILs",
    [EXIT.watchlistMissing]: "watchlist missing or unusable",
    [EXIT.watchlistStale]: "watchlist stale",
    [EXIT.brokerUnreachable]: "the broker can't be reached",
    [EXIT.configInvalid]: "anything else FAILs",
  },
  run: (host, options) => runGuarded(host, () => runCheck(host, options)),
};

async function runCheck(host: ProgramHost, { flags }: ParsedOptions): Promise<number> {
  const facts = readConfigFacts(host.environment);
  const isForJournal = (host.service?.isJournal ?? false) && !flags.has("json") &&
    !flags.has("verbose");
  const waiting = isForJournal ? await sayListWait(host, facts) : null;
  if (waiting !== null) return waiting;
  const items = await listItems(host, facts, flags.has("slack-test"));
  if (flags.has("json")) {
    const report = buildCheckReport(items, host.clock.nowMs());
    host.writeOut(`${JSON.stringify(report, null, 2)}\n`);
  } else if (isForJournal) {
    host.writeOut(formatForJournal(items).join(""));
  } else {
    const paint = createPaint(host);
    host.writeOut(`${formatCheck(items, paint, flags.has("verbose")).join("\n")}\n`);
  }
  return decideCheckStatus(items);
}

/**
 * What the journal gets of a service that waits for its list: that alone, once an hour, and the broker is not asked.
 * @returns The exit status; `null` where it does not wait.
 */
async function sayListWait(host: ProgramHost, { config }: ConfigFacts): Promise<number | null> {
  if (config === null) return null;
  const { fs } = buildOperatorFiles(config);
  const wait = await readListWait({ fs, clock: host.clock }, config);
  if (wait === null) return null;
  const item = checkWatchlistFile(wait.read, wait.look);
  if (!wait.isSaid) host.writeOut(formatForJournal([item]).join(""));
  return decideCheckStatus([item]);
}
