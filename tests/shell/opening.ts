import { PathScript } from "../simulator/price_path.ts";
import { buildSession, nyDateAt } from "../simulator/sessions.ts";
import type { SimRequest } from "../simulator/wire.ts";
import { Auditor } from "../simulation/auditor.ts";
import type { Family } from "../simulation/families.ts";
import { runIncarnation } from "../simulation/incarnation.ts";
import { buildListCsv, type ListRow, type Market } from "../simulation/market.ts";
import { KEY_ID, LIST_PATH, SECRET_KEY, TOKEN_PATH, World } from "../simulation/world.ts";
import { DATES_NY, type Scenario } from "./scenario.ts";
import { type Placement, Tape } from "./tape.ts";
import { TapeFate } from "./tape_fate.ts";

/** How a scenario's world is when its act begins: the same for each of its runs, and told once. */
export interface Opening {
  readonly scenario: Scenario;
  /** What lies on the disk, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What the processes before asked the broker to do: told to another one, it is as this one is. */
  readonly changes: readonly { readonly atMs: number; readonly request: SimRequest }[];
  /** What was seen of them. */
  readonly auditor: Auditor;
}

const SYMBOL = "AAA";
/** Each day has a list of its own: tomorrow's breakout is out of reach. */
const LEVELS_USD = [
  { pivotUsd: 100, stopUsd: 97, r1Usd: 103, r2Usd: 106 },
  { pivotUsd: 150, stopUsd: 145, r1Usd: 155, r2Usd: 160 },
] as const;
/** Yesterday's price, before the breakout. */
const BEFORE_USD = 99.5;
const TOKEN = "a-token-of-the-tape";
const SETTINGS = {
  LIVE_TRADING: "1",
  LIVE_CONFIRM_TOKEN: TOKEN,
  APCA_API_KEY_ID: KEY_ID,
  APCA_API_SECRET_KEY: SECRET_KEY,
  AVWAP_STATE_DIR: "/state",
  WATCHLIST_FILE: LIST_PATH,
  EXECUTION_POLL_SECONDS: "300",
  ENTRY_DELAY_MIN_SECONDS: "60",
  ENTRY_DELAY_MAX_SECONDS: "60",
  ALPACA_DATA_FEED: "sip",
  MAX_LIVE_GROSS_NOTIONAL: "20000",
  MAX_LIVE_NOTIONAL_PER_SYMBOL: "6000",
};

/** Runs the processes that come before a scenario's act, undisturbed. */
export async function recordOpening(scenario: Scenario): Promise<Opening> {
  const startMs = scenario.opening[0]?.fromMs ?? scenario.fromMs;
  const world = buildWorld(scenario, startMs, []);
  const auditor = new Auditor(world);
  const fate = new TapeFate(world, new Tape([]));
  const changes: { readonly atMs: number; readonly request: SimRequest }[] = [];
  const { exchange } = world;
  const answer = exchange.handle.bind(exchange);
  exchange.handle = (request) => {
    if (request.method !== "GET") changes.push({ atMs: exchange.nowMs, request });
    return answer(request);
  };
  for (const { closeMs } of world.days) world.plan(closeMs, () => auditor.closed());
  for (const { fromMs, toMs } of scenario.opening) {
    world.advance(fromMs - world.trueMs);
    putList(world);
    world.plan(toMs, () => world.stop.abort());
    await runIncarnation({ world, observer: auditor, fate, slackChance: world.chances.mood });
    const [violation] = world.violations;
    if (violation !== undefined) {
      throw new RangeError(`the opening of "${scenario.name}": ${violation.invariant}`);
    }
  }
  const files = new Map<string, Uint8Array>();
  for (const path of world.disk.listPaths()) {
    const bytes = world.disk.bytesOf(path);
    if (bytes !== null) files.set(path, bytes.slice());
  }
  return { scenario, files, changes, auditor };
}

/** The world of one run of the act, as its opening left it. */
export function buildAct(
  { scenario, files, changes, auditor: before }: Opening,
  placements: readonly Placement[],
): { readonly world: World; readonly auditor: Auditor } {
  const startMs = scenario.opening[0]?.fromMs ?? scenario.fromMs;
  const world = buildWorld(scenario, startMs, listFamilies(placements));
  for (const { atMs, request } of changes) {
    world.exchange.advanceTo(atMs);
    world.exchange.handle(request);
  }
  world.advance(scenario.fromMs - world.trueMs);
  world.exchange.advanceTo(world.trueMs);
  for (const [path, bytes] of files) world.disk.put(path, bytes.slice());
  putList(world);
  world.incarnation = before.world.incarnation;
  const auditor = new Auditor(world);
  auditor.carryOver(before);
  for (const { closeMs } of world.days) {
    if (closeMs >= scenario.fromMs) world.plan(closeMs, () => auditor.closed());
  }
  return { world, auditor };
}

/** The scan has written the day's list. */
function putList(world: World): void {
  const day = world.days.findIndex(({ dateNy }) => dateNy === nyDateAt(world.trueMs));
  const levels = LEVELS_USD[day];
  if (levels === undefined) throw new RangeError("a day without a list");
  const row: ListRow = { symbol: SYMBOL, priceUsd: 100, distancePct: 0.5, ...levels };
  world.disk.put(LIST_PATH, buildListCsv([row]));
}

function buildWorld(scenario: Scenario, startMs: number, families: readonly Family[]): World {
  const profile = {
    dayCount: DATES_NY.length - 1,
    families: new Set(families),
    intensity: 1,
  };
  const world = new World(1, { profile, market: buildMarket(scenario), hasTrail: true, startMs });
  Object.assign(world.exchange.behaviour, scenario.behaviour);
  world.settings = { ...SETTINGS };
  world.disk.put(TOKEN_PATH, `${TOKEN}\n`);
  return world;
}

/** What the invariants excuse, by what the tape holds. */
function listFamilies(placements: readonly Placement[]): Family[] {
  return placements.flatMap(({ choice }): Family[] => {
    if (choice === "fails") return ["disk"];
    return choice.startsWith("crash") || choice.startsWith("power") ? ["crash"] : [];
  });
}

/** A price stands until the next one: it jumps there within a second. */
function buildMarket({ prices }: Scenario): Market {
  const sessions = DATES_NY.map((dateNy) => buildSession(dateNy, "16:00"));
  const knots = [{ atMs: sessions[0]?.openMs ?? 0, priceUsd: BEFORE_USD }];
  for (const { atMs, priceUsd } of prices) {
    const beforeUsd = knots.at(-1)?.priceUsd ?? priceUsd;
    knots.push({ atMs: atMs - 1_000, priceUsd: beforeUsd }, { atMs, priceUsd });
  }
  const script = new PathScript({ [SYMBOL]: knots }, sessions);
  return { sessions, script, lists: new Map(), symbols: [SYMBOL] };
}
