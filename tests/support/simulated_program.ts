import type { ProgramHost } from "../../src/cli/command.ts";
import { runProgram } from "../../src/cli/program.ts";
import { createClock } from "../../src/runtime/clock.ts";
import type { Environment } from "../../src/runtime/environment.ts";
import type { StopSignal } from "../../src/runtime/signals.ts";
import { Exchange, SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import { buildSampleDay, SAMPLE_EQUITY_USD } from "../simulator/scenario.ts";
import { type Simulator, startSimulator } from "../simulator/server.ts";
import { createAcceleratedClock } from "./accelerated_clock.ts";

/** The real program against the simulated broker on the sample day, both on one virtual clock. */
export interface SimulatedProgram {
  readonly dir: string;
  readonly stateDir: string;
  readonly simulator: Simulator;
  /** What points a process of its own at the simulated broker. */
  readonly environment: Environment;
  /** Runs the program in this process. @returns Its exit status and what it printed. */
  run(
    args: readonly string[],
    environment?: Environment,
    change?: Partial<ProgramHost>,
  ): Promise<{
    readonly status: number;
    readonly lines: readonly string[];
    readonly error: string;
  }>;
  /** What is done as soon as a line of the log holds `text`. */
  onLine(text: string, act: () => void): void;
  raise(signal: StopSignal): void;
}

/** Environment that points the program at `simulator`. */
function buildEnvironment(simulator: Simulator, dir: string): Environment {
  return {
    APCA_API_KEY_ID: SIM_KEY_ID,
    APCA_API_SECRET_KEY: SIM_SECRET_KEY,
    APCA_API_BASE_URL: simulator.url,
    APCA_API_DATA_URL: simulator.url,
    AVWAP_BASE_DIR: dir,
    AVWAP_STATE_DIR: `${dir}/state`,
  };
}

/** Sets the sample day up at `startMs` and takes everything down after `act`. */
export async function withSimulatedProgram(
  { startMs, speed }: { readonly startMs: number; readonly speed: number },
  act: (program: SimulatedProgram) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-simulated-" });
  const { script, sessions, watchlistCsv } = buildSampleDay();
  const exchange = new Exchange({ script, sessions, startMs, cashUsd: SAMPLE_EQUITY_USD });
  const simulator = startSimulator({ exchange, speed });
  try {
    const watchlist = `${dir}/daily_candidates.csv`;
    await Deno.writeTextFile(watchlist, watchlistCsv);
    await Deno.utime(watchlist, startMs / 1000, startMs / 1000);
    await act(createSimulatedProgram({ dir, simulator, startMs, speed }));
  } finally {
    await simulator.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

function createSimulatedProgram(
  { dir, simulator, startMs, speed }: {
    readonly dir: string;
    readonly simulator: Simulator;
    readonly startMs: number;
    readonly speed: number;
  },
): SimulatedProgram {
  const clock = createAcceleratedClock(createClock(), { startMs, speed });
  // Several to a signal, as the runtime has it: a command and a loop that runs in the same process hear both.
  const listeners: { readonly signal: string; readonly listener: () => void }[] = [];
  const watched: { readonly text: string; readonly act: () => void }[] = [];
  return {
    dir,
    stateDir: `${dir}/state`,
    simulator,
    environment: buildEnvironment(simulator, dir),
    onLine: (text, act) => void watched.push({ text, act }),
    raise: (signal) => {
      for (const each of listeners.filter((one) => one.signal === signal)) each.listener();
    },
    async run(args, environment = {}, change = {}) {
      const lines: string[] = [];
      let error = "";
      const host: ProgramHost = {
        args,
        environment: { ...buildEnvironment(simulator, dir), ...environment },
        pid: Deno.pid,
        clock,
        chance: { uniform: () => 0.5 },
        fetch,
        signals: {
          addSignalListener: (signal, listener) => void listeners.push({ signal, listener }),
          removeSignalListener(signal, listener) {
            const at = listeners.findIndex((each) =>
              each.signal === signal && each.listener === listener
            );
            if (at >= 0) listeners.splice(at, 1);
          },
        },
        isPermitted: () => true,
        writeOut(text) {
          lines.push(text.trimEnd());
          for (const each of watched) if (text.includes(each.text)) each.act();
        },
        writeError: (text) => void (error += text),
        exitNow: () => {},
        ...change,
      };
      return { status: await runProgram(host), lines, error };
    },
  };
}
