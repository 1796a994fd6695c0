import { isInScope } from "../domain/plan/flatten_plan.ts";
import { upperCaseAscii } from "../domain/order/symbol.ts";
import { BrokerError, type EventPort } from "../engine/ports.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { formatOneLine, formatWithoutSecrets } from "../domain/one_line.ts";
import { createEventLog } from "../state/event_log.ts";
import { KILL_SWITCH_FILE } from "../state/switch_files.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { flattenAccount } from "./flatten_act.ts";
import { isEmptyIn, sayEnd } from "./flatten_end.ts";
import { recordFlatten } from "./flatten_record.ts";
import { lookAround, orError, showPlan } from "./flatten_show.ts";
import { goOnThroughSignals } from "./flatten_signals.ts";
import { type Asked, buildScope } from "./flatten_scope.ts";
import { formatDoIt, formatUnknownEnd, KILLED_AGAIN } from "./flatten_text.ts";
import { waitForLoops } from "./flatten_wait.ts";
import { formatHolder } from "./holders.ts";
import { makeKillSwitch } from "./kill.ts";
import { createErrorLog, readBrokerConfig, runGuarded, sayError } from "./operator_config.ts";
import { buildOperatorBroker, buildOperatorFiles, type OperatorFiles } from "./operator_world.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import type { MadeSwitch } from "./switch_seen.ts";
import { formatElsewhere, formatMade } from "./switches.ts";
import { PROGRAM } from "./version.ts";

/** `flatten`: the broker-side emergency steps (runbook 7; interface, Commands). */
export const FLATTEN_COMMAND: Command = {
  name: "flatten",
  unwaited: "kept",
  summary: "cancel all open orders, stops included; with --close-positions sell; only with --yes",
  description:
    "Cancels all open orders, stops included, which leaves positions bare: with --close-positions the " +
    "engine's are closed too, with --all everyone's. Shows first what it would cancel and close, " +
    "with values; what the engine does not manage is marked FOREIGN. With --yes it makes the " +
    "KILL_SWITCH file, which stays, waits up to 15 s until a running loop has no request in flight, " +
    "cancels, waits for the end states, closes, verifies, and says what is left and which positions " +
    "end without a stop. It asks no gate and no keys: it works in DRY_RUN and under the kill switch.",
  options: [
    { name: "close-positions", valueName: null, help: "close the engine's positions too" },
    { name: "all", valueName: null, help: "with --close-positions: everyone's positions" },
    { name: "symbol", valueName: "SYM", help: "only there" },
    { name: "yes", valueName: null, help: "do it" },
  ],
  examples: [
    `${PROGRAM} flatten --close-positions`,
    `${PROGRAM} flatten --close-positions --yes`,
    `${PROGRAM} flatten --close-positions --all --yes`,
    `${PROGRAM} flatten --close-positions --symbol NVDA --yes`,
  ],
  statuses: {
    [EXIT.done]: "shown; with --yes, nothing is left of what it was to end",
    [EXIT.notSo]: "NOT DONE: something is left, or nobody knows",
    [EXIT.brokerUnreachable]: "the broker can't be asked: nothing was done",
    [EXIT.configInvalid]:
      "configuration invalid, or the kill switch can't be made: nothing was done",
  },
  checkOptions: (options) => void readAsked(options),
  run: (host, options) => runGuarded(host, () => runFlatten(host, options)),
};

async function runFlatten(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const config = readBrokerConfig(host.environment);
  const asked = readAsked(options);
  const files = buildOperatorFiles(config);
  if (!options.flags.has("yes")) {
    const broker = buildOperatorBroker(host, config);
    const scope = await buildScope(files, asked, broker);
    if (typeof scope === "string") {
      sayError(host, scope);
      return EXIT.notSo;
    }
    await showPlan(host, {
      config,
      files,
      scope,
      broker,
      ...await lookAround(host, files, broker),
    });
    host.writeOut(`${formatDoIt(scope).join("\n")}\n`);
    return EXIT.done;
  }
  const say = (line: string) =>
    host.writeOut(`${formatOneLine(formatWithoutSecrets(line, config.secrets))}\n`);
  // Before anything else, so that no loop enters what is being closed; without it nothing is done: a state directory
  // that can't be written may be the wrong one, with a loop running in another.
  const { fs, stateDir } = files;
  const made = await makeKillSwitch(host, fs, { stateDir, reason: "made by flatten" });
  formatMade(KILL_SWITCH_FILE, made).forEach(say);
  const letSignals = goOnThroughSignals(host.signals, say);
  try {
    return await act(host, { config, files, asked, made, say });
  } finally {
    letSignals();
  }
}

/** @throws {UsageError} */
function readAsked({ flags, values }: ParsedOptions): Asked {
  const asked: Asked = {
    symbol: readSymbol(values.get("symbol")),
    isClosing: flags.has("close-positions"),
    isAll: flags.has("all"),
  };
  if (asked.isClosing || !asked.isAll) return asked;
  throw new UsageError("Option --all closes everyone's positions: give --close-positions too");
}

/** One symbol, or `null` for the whole account. @throws {UsageError} For none, or for several: they would be one name that nobody holds. */
function readSymbol(text: string | undefined): string | null {
  if (text === undefined) return null;
  const symbol = upperCaseAscii(text.trim());
  if (symbol === "") throw new UsageError("Option --symbol is empty: name a symbol");
  if (/[\s,;]/.test(symbol)) {
    throw new UsageError(
      `Option --symbol takes one symbol, not ${JSON.stringify(symbol)}: one call for each`,
    );
  }
  return symbol;
}

interface Act {
  readonly config: ProgramConfig;
  readonly files: OperatorFiles;
  readonly asked: Asked;
  readonly made: MadeSwitch;
  readonly say: (line: string) => void;
}

async function act(host: ProgramHost, options: Act): Promise<number> {
  const { config, files } = options;
  const { fs, stateDir } = files;
  const log = createErrorLog(host);
  const { clock } = host;
  const trail = createEventLog({ fs, stateDir, clock, log, secrets: config.secrets });
  const written: Promise<unknown>[] = [];
  const events: EventPort = {
    record(event) {
      const done = trail.record(event);
      written.push(done);
      return done;
    },
  };
  try {
    return await actRecorded(host, options, events);
  } finally {
    // The exchanges of the broker's client are not waited for one by one.
    await Promise.all(written);
  }
}

async function actRecorded(host: ProgramHost, options: Act, events: EventPort): Promise<number> {
  const { config, files, asked, made, say } = options;
  const { clock } = host;
  const startedAtMs = clock.nowMs();
  await events.record({ type: "kill_switch", is_active: true, source: "file", by: "flatten" });
  const { holders, unseen } = await waitForLoops(host, { ...files, made }, say);
  const broker = buildOperatorBroker(host, config, events);
  const scope = await buildScope(files, asked, broker);
  if (typeof scope === "string") {
    say(scope);
    return EXIT.notSo;
  }
  const around = await lookAround(host, files, broker);
  const before = await orError(showPlan(host, { config, files, scope, broker, ...around }));
  if (before instanceof BrokerError) {
    say(`NOT DONE: nothing was cancelled or closed. ${KILLED_AGAIN}`);
    throw before;
  }
  say("");
  const { book, market } = around;
  // Where nobody can say, it is taken for open.
  const isMarketOpen = market?.isOpen ?? true;
  const world = { broker, clock, events, scope, book, startedAtMs, isMarketOpen, say };
  const look = await orError(flattenAccount(world));
  if (look instanceof BrokerError) {
    const held = before.positions.filter(({ symbol }) => isInScope(scope, symbol));
    say(formatUnknownEnd(look.message, held));
    return EXIT.notSo;
  }
  await recordFlatten(host, { files, broker, isLoopRunning: holders.length > 0, say });
  const status = sayEnd(look, { scope, isNothingThere: isEmptyIn(before, scope) }, say);
  unseen.forEach((holder) =>
    say(
      `NOT DONE: ${formatHolder(holder)} may buy again. ${
        formatElsewhere(holder, KILL_SWITCH_FILE)
      }`,
    )
  );
  return unseen.length === 0 ? status : EXIT.notSo;
}
