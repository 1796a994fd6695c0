import { reportFailure } from "../../src/cli/program.ts";
import { UsageError } from "../../src/cli/options.ts";
import { dateNyOf } from "../../src/domain/time/ny_time.ts";
import { formatOneLine } from "../../src/domain/one_line.ts";
import { createTextWriter } from "../../src/runtime/standard_stream.ts";
import { sampleOpenMs } from "../simulator/scenario.ts";
import { LineError } from "../support/program_process.ts";
import { showPages } from "./day_pages.ts";
import { Moments } from "./moments.ts";
import { DEMO_HELP, type DemoOptions, parseDemoOptions } from "./options.ts";
import { Printer } from "./printer.ts";
import { reportDay, reportPlace } from "./report.ts";
import { buildScript, type Script, ScriptError } from "./script.ts";
import { Stage } from "./stage.ts";
import { playDay, type Story } from "./story.ts";

/** Exit statuses of the demo; those of the program where they mean the same. */
const EXIT = { done: 0, watchlist: 1, usage: 64, failed: 70 } as const;
/** The story begins so long before the open. */
const BEFORE_OPEN_MS = 120_000;

const writeOut = createTextWriter(Deno.stdout);
const writeError = createTextWriter(Deno.stderr);

function fail(status: number, message: string): number {
  writeError(`demo: ${formatOneLine(message)}\n`);
  return status;
}

function sayOpening(printer: Printer, dir: string): void {
  printer.heading("A market day with avwap-execution");
  printer.say(
    "What follows is the real program, as a process of its own, with real files and real HTTP. Only " +
      "two things are simulated: the broker, which is a server on this machine, and the clock, which " +
      "is turned forward when nothing happens. No credentials, no network, no money.",
  );
  printer.say(
    "Behind a bar │ is what the program prints, behind a $ what the operator types. What the program " +
      "says again and again is counted instead of shown; all of it is in program.log.",
  );
  printer.say(`STATE_DIR is ${dir}/state.`);
}

/** The state directory of the story and its watchlist, as fresh as the scan leaves it. */
async function prepare(script: Script, startMs: number): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-demo-" });
  await Deno.mkdir(`${dir}/state`, { mode: 0o700 });
  const watchlist = `${dir}/daily_candidates.csv`;
  await Deno.writeFile(watchlist, script.watchlist);
  await Deno.utime(watchlist, startMs / 1000, startMs / 1000);
  return dir;
}

async function play(script: Script, { speed }: DemoOptions): Promise<number> {
  const startMs = sampleOpenMs() - BEFORE_OPEN_MS;
  const dir = await prepare(script, startMs);
  const printer = new Printer(writeOut, Deno.stdout.isTerminal() && !Deno.noColor);
  const { day, cast, limits, session } = script;
  const { equityUsd } = limits;
  const stage = new Stage({ dir, day, equityUsd, startMs, speed, printer });
  const story: Story = {
    stage,
    printer,
    cast,
    limits,
    moments: new Moments(day.script, session),
    rowCount: script.rowCount,
    token: buildToken(),
  };
  try {
    sayOpening(printer, dir);
    await playDay(story);
    await reportDay(story);
    await showPages(dir, {
      stateDir: stage.stateDir,
      dateNy: dateNyOf(startMs),
      nowMs: stage.nowMs(),
      printer,
    });
    reportPlace(dir, story);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    printer.flush();
    return fail(EXIT.failed, `the story did not play out: ${error.message}; see ${dir}`);
  } finally {
    await stage.close();
  }
}

/** What `openssl rand -hex 16` prints. */
function buildToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseDemoOptions(args);
    if (options.isHelp) {
      writeOut(DEMO_HELP);
      return EXIT.done;
    }
    return await play(await buildScript(options.watchlistPath), options);
  } catch (error) {
    if (error instanceof UsageError) {
      const end = error.message.endsWith("?") ? "" : ".";
      return fail(EXIT.usage, `${error.message}${end} Try deno task demo --help`);
    }
    if (error instanceof ScriptError) return fail(EXIT.watchlist, error.message);
    return reportFailure({ environment: {}, writeError }, error);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
