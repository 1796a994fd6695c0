import type { Environment } from "../../src/runtime/environment.ts";
import { Exchange, SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import { buildSampleDay, SAMPLE_DAY_NY, SAMPLE_EQUITY_USD } from "../simulator/scenario.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { ProgramProcess } from "../support/program_process.ts";
import { TimeKeeper } from "../support/time_keeper.ts";

/** A sample market day, a directory of the operator's, and the real program as processes in it. */
export interface ProgramDay {
  readonly dir: string;
  readonly stateDir: string;
  readonly watchlist: string;
  readonly simulator: Simulator;
  readonly exchange: Exchange;
  readonly keeper: TimeKeeper;
  /** Starts the program; its time is held until something is waited for. */
  start(args: readonly string[], environment?: Environment): ProgramProcess;
  /** Runs it to its own end. */
  runToEnd(
    args: readonly string[],
    environment?: Environment,
  ): Promise<{ status: number; lines: readonly string[]; errors: readonly string[] }>;
  /** Writes the sample watchlist as if the scan had done so at `ms`. */
  writeWatchlist(ms: number, text?: string): Promise<void>;
}

/** How to set the day up. */
export interface DaySetup {
  /** `HH:MM` of the sample day. */
  readonly startNy: string;
  readonly strideMs?: number;
  /** Simulated seconds in a real one of sleep; absent: sleeps cost nothing. */
  readonly speed?: number;
}

/** The second key of these tests. */
export const TOKEN = "0123456789abcdef0123456789abcdef";

/** Both keys, and entries that are due at once. */
export const LIVE: Environment = {
  LIVE_TRADING: "1",
  LIVE_CONFIRM_TOKEN: TOKEN,
  ENTRY_DELAY_MIN_SECONDS: "0",
  ENTRY_DELAY_MAX_SECONDS: "0",
};

/** Sets the sample day up with its watchlist in place, and takes everything down after `act`. */
export async function withProgramDay(
  { startNy, strideMs = 0, speed = Infinity }: DaySetup,
  act: (day: ProgramDay) => Promise<void>,
): Promise<void> {
  const startMs = nyMoment(SAMPLE_DAY_NY, startNy);
  const { script, sessions, watchlistCsv } = buildSampleDay();
  const exchange = new Exchange({
    script,
    sessions,
    startMs,
    cashUsd: SAMPLE_EQUITY_USD,
    requestLogMax: 100_000,
  });
  const simulator = startSimulator({ exchange, speed: 1 });
  const keeper = new TimeKeeper({ simulator, speed, strideMs });
  const dir = await Deno.makeTempDir({ prefix: "avwap-process-" });
  const programs: ProgramProcess[] = [];
  const day: ProgramDay = {
    dir,
    stateDir: `${dir}/state`,
    watchlist: `${dir}/daily_candidates.csv`,
    simulator,
    exchange,
    keeper,
    start(args, environment = {}) {
      const program = new ProgramProcess({
        args,
        environment: { ...buildEnvironment(simulator.url, dir), ...environment },
        keeper,
        dir,
      });
      programs.push(program);
      return program;
    },
    async runToEnd(args, environment) {
      const program = day.start(args, environment);
      await program.untilMs(Infinity);
      return { status: await program.ended, lines: program.lines, errors: program.errors };
    },
    async writeWatchlist(ms, text = watchlistCsv) {
      await Deno.writeTextFile(day.watchlist, text);
      await Deno.utime(day.watchlist, ms / 1000, ms / 1000);
    },
  };
  try {
    await Deno.mkdir(day.stateDir);
    await day.writeWatchlist(startMs);
    await act(day);
  } finally {
    for (const program of programs) if (!program.isEnded) await program.stop("SIGKILL");
    await keeper.stop();
    await simulator.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

function buildEnvironment(url: string, dir: string): Environment {
  return {
    APCA_API_KEY_ID: SIM_KEY_ID,
    APCA_API_SECRET_KEY: SIM_SECRET_KEY,
    APCA_API_BASE_URL: url,
    APCA_API_DATA_URL: url,
    AVWAP_BASE_DIR: dir,
    AVWAP_STATE_DIR: `${dir}/state`,
  };
}

/** What LIVE needs on disk: the token file, and an empty ledger of the day as the old pipeline writes it. */
export async function prepareLive({ stateDir }: Pick<ProgramDay, "stateDir">): Promise<void> {
  await Deno.writeTextFile(`${stateDir}/live_confirm_token.txt`, TOKEN);
  await writeLedger({ stateDir }, []);
}

/** Writes the live ledger with entries of the old pipeline's four fields. */
export async function writeLedger(
  { stateDir }: Pick<ProgramDay, "stateDir">,
  entries: readonly { order_id: string; symbol: string; notional: number; timestamp: string }[],
): Promise<void> {
  const ledger = { date_ny: SAMPLE_DAY_NY, entries };
  await Deno.writeTextFile(`${stateDir}/live_orders_today.json`, JSON.stringify(ledger));
}

/** Lines without their New York time; those of standard error as they are. */
export function cutTimes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^\[\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} E[SD]T\] /, ""));
}
