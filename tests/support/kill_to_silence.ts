import type { Environment } from "../../src/runtime/environment.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { withSimulatedProgram } from "./simulated_program.ts";

const TOKEN = "token-of-the-kill-switch";
const LIVE: Environment = {
  ...SAMPLE_SETTINGS,
  LIVE_TRADING: "1",
  LIVE_CONFIRM_TOKEN: TOKEN,
};
/** 40 minutes after the open NVDA is confirmed, and bought in the first cycle that is LIVE. */
const START_MS = sampleOpenMs() + 40 * 60_000;
const ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const LOOP = ["--poll-seconds=1", "--entry-delay-min=0", "--entry-delay-max=0"];
/** How long the loop goes on after the line, to see that it is silent. */
const AFTER_MS = 300;

/** What one kill came to. Milliseconds of real time. */
export interface Silence {
  /** From the file's creation to the log line. */
  readonly lineMs: number;
  /** Order-changing requests that reached the broker after the file was there, and after the line was. */
  readonly afterFile: number;
  readonly afterLine: number;
}

/** Runs a LIVE loop that is about to buy, and makes the kill switch `delayMs` after its start. */
export async function measureKill(delayMs: number): Promise<Silence> {
  let silence: Silence | null = null;
  await withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const { simulator, stateDir } = program;
    await Deno.mkdir(stateDir);
    await Deno.writeTextFile(`${stateDir}/live_confirm_token.txt`, TOKEN);
    // The first cycle only makes the ledger; from the second on the loop may buy.
    await program.run(ONCE, { ...LIVE, ALLOWLIST_SYMBOLS: "TSLA" });
    const said = Promise.withResolvers<number>();
    const started = Promise.withResolvers<void>();
    program.onLine("Broker endpoint=", started.resolve);
    program.onLine("Kill switch active (file)", () => said.resolve(performance.now()));
    const loop = program.run(LOOP, LIVE);
    await started.promise;
    await pause(delayMs);
    const changes = () =>
      simulator.exchange.requests.filter(({ method }) => method !== "GET").length;
    const atFile = changes();
    const madeMs = performance.now();
    Deno.writeTextFileSync(`${stateDir}/KILL_SWITCH`, "");
    const saidMs = await said.promise;
    const atLine = changes();
    await pause(AFTER_MS);
    silence = {
      lineMs: saidMs - madeMs,
      afterFile: changes() - atFile,
      afterLine: changes() - atLine,
    };
    program.raise("SIGTERM");
    await loop;
  });
  if (silence === null) throw new Error("the loop never ran");
  return silence;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
