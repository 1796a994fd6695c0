import { Auditor } from "../simulation/auditor.ts";
import { listManaged } from "../simulation/cycle_checks.ts";
import { checkFiles } from "../simulation/file_checks.ts";
import { type Ending, runIncarnation } from "../simulation/incarnation.ts";
import { checkResults } from "../simulation/result_checks.ts";
import { isEngineOrder, readCoverage } from "../simulation/truth.ts";
import type { Violation, World } from "../simulation/world.ts";
import { buildAct, type Opening } from "./opening.ts";
import { type Choice, type Placement, Tape } from "./tape.ts";
import { TapeFate } from "./tape_fate.ts";

/** What one run of a scenario came to. */
export interface TapeResult {
  readonly violation: Violation | null;
  /** What could have happened at each of its points. */
  readonly points: readonly (readonly Choice[])[];
  /** The last steps. */
  readonly story: readonly string[];
  /** The same for every run of the tape over the same code. */
  readonly hash: string;
  /** The reasons of the engine's orders that were filled, as a scenario has them. */
  readonly fills: readonly string[];
}

const MINUTE_MS = 60_000;
/** The service manager's wait after a death, after an orderly end, and after a refusal to start. */
const RESTART_MS = { crashed: 5_000, done: 2_000, refused: 10 * MINUTE_MS } as const;
const INCARNATIONS_MAX = 12;
/** Within so long after the last trouble all is as it should be. */
const CALM_MS_MAX = 30 * MINUTE_MS;
const LOOK_MS = 20_000;

/**
 * Runs an act with what the tape places in it, and holds it against the simulation's invariants.
 * @throws {RangeError} Where the tape is of another run.
 */
export async function runTape(
  opening: Opening,
  placements: readonly Placement[],
): Promise<TapeResult> {
  const { scenario } = opening;
  const { world, auditor } = buildAct(opening, placements);
  const tape = new Tape(placements);
  const fate = new TapeFate(world, tape);
  const { faultsFromMs, toMs, endMs } = scenario;
  tape.isRunning = faultsFromMs === undefined;
  if (faultsFromMs !== undefined) world.plan(faultsFromMs, () => void (tape.isRunning = true));
  world.plan(toMs, () => void (tape.isRunning = false));
  planEnd(auditor, endMs);
  while (!world.isOver && world.incarnation < INCARNATIONS_MAX) {
    const ending = await runIncarnation({
      world,
      observer: auditor,
      fate,
      slackChance: world.chances.mood,
    });
    if (!world.isOver) endIncarnation(world, fate, ending);
  }
  tape.checkPlayed();
  if (!world.isOver) world.violate("the engine stays up", `${INCARNATIONS_MAX} deaths`);
  if (world.violations.length === 0) checkFiles(auditor);
  if (world.violations.length === 0) checkResults(auditor);
  return {
    violation: world.violations[0] ?? null,
    points: tape.points,
    story: world.trace.listLast(),
    hash: world.trace.hash,
    fills: listFills(world),
  };
}

function endIncarnation(world: World, fate: TapeFate, ending: Ending): void {
  switch (ending.kind) {
    case "bug":
      return world.violate("the engine never dies of itself", ending.message);
    case "crashed": {
      const { death } = fate;
      if (death !== "killed") {
        world.disk.lose({ isNameLost: () => death === "power", findKeptPart: () => 0 });
      }
      return world.advance(RESTART_MS.crashed);
    }
    case "exited":
      return world.advance(ending.status === 0 ? RESTART_MS.done : RESTART_MS.refused);
  }
}

/** The run ends when a cycle that nothing disturbed has left all as it should be; that none does is a broken promise. */
function planEnd(auditor: Auditor, endMs: number): void {
  const { world } = auditor;
  const look = () => {
    if (world.isOver) return;
    const wrong = findUnfinished(auditor);
    if (wrong !== null && world.trueMs - Math.max(endMs, world.lastTroubleMs) < CALM_MS_MAX) {
      return world.plan(world.trueMs + LOOK_MS, look);
    }
    if (wrong !== null) return world.violate("a calm world ends protected or closed", wrong);
    world.note("the run is at its end");
    world.isOver = true;
    world.stop.abort();
  };
  world.plan(endMs, look);
}

/** What is not as it should be in a world that has become calm, or `null`. */
function findUnfinished(auditor: Auditor): string | null {
  const { world } = auditor;
  const isOpen = world.exchange.sessions.at(world.trueMs) !== null;
  const isQuiet = auditor.quietCycles > 0 && auditor.lastLiveEndMs > world.lastTroubleMs;
  if (isOpen && !isQuiet) return "no LIVE cycle that nothing disturbed has ended";
  for (const symbol of listManaged(world)) {
    const { heldQty, coveredQty, gtcQty } = readCoverage(world, symbol);
    const qty = isOpen ? coveredQty : gtcQty;
    // At night a stop that the broker refused is sent once more before the open; until then the operator knows (pipeline 5).
    const isTold = !isOpen && auditor.silence.saidMs(symbol) > world.lastTroubleMs;
    if (qty < heldQty && !isTold) return `${symbol}: ${qty} of ${heldQty} covered`;
  }
  return null;
}

function listFills(world: World): string[] {
  return world.exchange.orders.filter((order) => order.filledQty > 0).map((order) => {
    if (!isEngineOrder(order)) return "leg";
    return /-(r1_trim|r2_trim|stop_exit|stop)-\d+$/.exec(order.clientOrderId)?.[1] ?? "entry";
  });
}
