import {
  type Artefact,
  type ArtefactProcess,
  buildArtefact,
  readPeakMb,
  startArtefact,
} from "../binary/artefact.ts";
import {
  buildWatchlistOfNow,
  EMPTY_LEDGER_OF_NOW,
  startMarketOfNow,
  WATCHLIST_OF_NOW,
} from "../binary/market_of_now.ts";
import { BOMBS, type Read, type WireAnswer } from "../broker/bombs.ts";
import { SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import { sayFigure } from "./bench_world.ts";

// What only the compiled binary can be asked: its peak of memory with a thousand candidates that all break out, from the
// kill switch's file to its log line, and the peak of an answer that is a bomb. `deno task bench:binary [candidates] [kill]
// [bombs]`; without a word all three. The market is open at whatever hour it runs.

const TOKEN = "token-of-the-bench";
const CANDIDATES = 1_000;
const RUNS = 5;
/** Cycles by the end of which a peak has been reached. */
const CYCLES = 12;
const KILLS = 50;
const BOMB_CYCLES = 3;
const GATE = "Gate mode=";
const LIVE = { LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
const LOOP = ["run", "--poll-seconds=1"];

function buildEnv({ baseDir, stateDir, port }: Artefact): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  return {
    APCA_API_KEY_ID: SIM_KEY_ID,
    APCA_API_SECRET_KEY: SIM_SECRET_KEY,
    APCA_API_BASE_URL: url,
    APCA_API_DATA_URL: url,
    AVWAP_BASE_DIR: baseDir,
    AVWAP_STATE_DIR: stateDir,
  };
}

/** Empty directories, but for token, ledger and list. */
async function prepare({ baseDir, stateDir }: Artefact, watchlistCsv: string): Promise<void> {
  await Deno.remove(baseDir, { recursive: true });
  await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(`${baseDir}/daily_candidates.csv`, watchlistCsv);
  await Deno.writeTextFile(`${stateDir}/live_confirm_token.txt`, TOKEN);
  await Deno.writeTextFile(`${stateDir}/live_orders_today.json`, EMPTY_LEDGER_OF_NOW);
}

async function end(loop: ArtefactProcess): Promise<void> {
  loop.kill("SIGTERM");
  const { status, lines } = await loop.end();
  if (status !== 0) throw new Error(`it ended with ${status}:\n${lines.slice(-20).join("\n")}`);
}

function formatSorted(values: readonly number[], unit: string): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]?.toFixed(1);
  return `p50 ${at(0.5)} ${unit}, p99 ${at(0.99)} ${unit}, worst ${
    sorted.at(-1)?.toFixed(1)
  } ${unit}`;
}

/** Peaks of fresh processes after some cycles, MB. */
async function measurePeaks(artefact: Artefact, watchlistCsv: string): Promise<number[]> {
  const peaksMb: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await prepare(artefact, watchlistCsv);
    const market = startMarketOfNow(artefact.port);
    const loop = startArtefact(artefact, LOOP, { ...buildEnv(artefact), ...LIVE });
    await loop.waitFor(GATE, CYCLES);
    peaksMb.push(await readPeakMb(loop.pid));
    await end(loop);
    await market.stop();
  }
  return peaksMb;
}

async function benchCandidates(artefact: Artefact): Promise<void> {
  const few = await measurePeaks(artefact, WATCHLIST_OF_NOW);
  sayFigure(`peak, one candidate: ${formatSorted(few, "MB")}`);
  const many = await measurePeaks(artefact, buildWatchlistOfNow(CANDIDATES));
  sayFigure(
    `peak, ${CANDIDATES} candidates that all break out (aim: 110 MB): ${formatSorted(many, "MB")}`,
  );
}

/** One loop, killed and released at moments spread over its cycles. */
async function benchKill(artefact: Artefact): Promise<void> {
  await prepare(artefact, WATCHLIST_OF_NOW);
  const market = startMarketOfNow(artefact.port);
  const loop = startArtefact(artefact, LOOP, { ...buildEnv(artefact), ...LIVE });
  await loop.waitFor(GATE, 2);
  const path = `${artefact.stateDir}/KILL_SWITCH`;
  const tookMs: number[] = [];
  for (let turn = 1; turn <= KILLS; turn++) {
    await pause(turn / KILLS * 1_500);
    const madeMs = performance.now();
    Deno.writeTextFileSync(path, "");
    await loop.waitFor("Kill switch active (file)", turn);
    tookMs.push(performance.now() - madeMs);
    await Deno.remove(path);
    await loop.waitFor("Kill switch cleared", turn);
  }
  await end(loop);
  await market.stop();
  sayFigure(`kill switch file to log line, ${KILLS} times: ${formatSorted(tookMs, "ms")}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const PATHS: Readonly<Record<Read, string>> = {
  bars: "/v2/stocks/bars",
  orders: "/v2/orders",
  positions: "/v2/positions",
};

/** The market behind a front that answers one kind of read by a bomb, once there is one. */
function startFront(port: number, marketUrl: string) {
  let bomb: WireAnswer | null = null;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      if (bomb !== null && request.method === "GET" && pathname === PATHS[bomb.read]) {
        const { encoding } = bomb;
        const headers = encoding === null ? {} : { "content-encoding": encoding };
        return new Response(bomb.build(), { headers });
      }
      const { method, headers } = request;
      const body = method === "GET" ? null : await request.text();
      return await fetch(`${marketUrl}${pathname}${search}`, { method, headers, body });
    },
  );
  return { arm: (answer: WireAnswer) => void (bomb = answer), stop: () => server.shutdown() };
}

async function benchBombs(artefact: Artefact): Promise<void> {
  for (const bomb of BOMBS) {
    await prepare(artefact, buildWatchlistOfNow(CANDIDATES));
    const market = startMarketOfNow(0);
    const front = startFront(artefact.port, market.url);
    const loop = startArtefact(artefact, LOOP, buildEnv(artefact));
    await loop.waitFor(GATE, CYCLES);
    const usualMb = await readPeakMb(loop.pid);
    front.arm(bomb);
    await loop.waitFor(GATE, loop.count(GATE) + BOMB_CYCLES);
    const peakMb = await readPeakMb(loop.pid);
    await end(loop);
    await front.stop();
    await market.stop();
    sayFigure(
      `bomb, ${bomb.name}: ${(peakMb - usualMb).toFixed(1)} MB above the usual peak ` +
        `(${usualMb.toFixed(1)} MB with ${CANDIDATES} candidates)`,
    );
  }
}

const wanted = Deno.args.length === 0 ? ["candidates", "kill", "bombs"] : Deno.args;
const artefact = await buildArtefact();
try {
  const { runtime, deno_version, size_bytes } = artefact.manifest;
  sayFigure(`Deno ${deno_version} (${runtime}), ${(size_bytes / 1e6).toFixed(0)} MB`);
  if (wanted.includes("candidates")) await benchCandidates(artefact);
  if (wanted.includes("kill")) await benchKill(artefact);
  if (wanted.includes("bombs")) await benchBombs(artefact);
} finally {
  await artefact.remove();
}
