import { parseScenario, type Scenario, ScenarioError, startScenario } from "./scenario_file.ts";

async function readScenario(path: string | undefined): Promise<Scenario> {
  if (path === undefined) return parseScenario("{}");
  try {
    return parseScenario(await Deno.readTextFile(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ScenarioError(`Cannot use scenario "${path}": ${why}`);
  }
}

function writeLine(stream: { writeSync(bytes: Uint8Array): number }, line: string): void {
  stream.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function waitForSignal(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);
  await promise;
}

/**
 * Runs the simulated broker until SIGTERM or SIGINT:
 * `deno run --allow-net=127.0.0.1 --allow-read=FILE tests/simulator/main.ts [FILE]`.
 * @param path A scenario file; absent: the sample day.
 * @returns The exit status: 78 where the scenario can't be used.
 */
async function runMain(path: string | undefined): Promise<number> {
  try {
    const stopped = waitForSignal();
    const simulator = startScenario(await readScenario(path));
    writeLine(Deno.stdout, `simulator port=${simulator.port} url=${simulator.url}`);
    await stopped;
    await simulator.stop();
    return 0;
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    writeLine(Deno.stderr, error.message);
    return 78;
  }
}

if (import.meta.main) Deno.exit(await runMain(Deno.args[0]));
