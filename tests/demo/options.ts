import { parseOptions, UsageError } from "../../src/cli/options.ts";

/** What the reader asked for. */
export interface DemoOptions {
  readonly isHelp: boolean;
  /** A watchlist of the reader's own; `null`: the sample. */
  readonly watchlistPath: string | null;
  /** Simulated seconds that a real second of waiting is. */
  readonly speed: number;
}

const SPEED_DEFAULT = 260;
const SPEED_MIN = 1;
const SPEED_MAX = 100_000;

/** What `--help` prints. */
export const DEMO_HELP = `Usage: deno task demo [options]

Plays one simulated market day with the real program: DRY_RUN, the two keys,
LIVE with its gate, caps and exits, the kill switch, the close. No credentials,
no network, no money.

Options:
  --watchlist FILE  rehearse the same day with a copy of your watchlist
  --speed N         simulated seconds in a second of waiting, ${SPEED_MIN} to ${SPEED_MAX}
                    (default ${SPEED_DEFAULT})
  --help            print this help and exit

Exit status:
  0 done, 1 the watchlist can't be used, 64 usage, 70 the story did not play out
`;

/** @throws {UsageError} With one line that names the option. */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { flags, values } = parseOptions(args, [
    { name: "watchlist", valueName: "FILE", help: "" },
    { name: "speed", valueName: "N", help: "" },
    { name: "help", valueName: null, help: "" },
  ]);
  const watchlistPath = values.get("watchlist") ?? null;
  if (watchlistPath === "") throw new UsageError("Option --watchlist needs a file");
  return {
    isHelp: flags.has("help"),
    watchlistPath,
    speed: parseSpeed(values.get("speed")),
  };
}

function parseSpeed(text: string | undefined): number {
  if (text === undefined) return SPEED_DEFAULT;
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (speed >= SPEED_MIN && speed <= SPEED_MAX) return speed;
  throw new UsageError(
    `Option --speed is ${JSON.stringify(text)}: give a number from ${SPEED_MIN} to ${SPEED_MAX}`,
  );
}
