import { buildOwnLevels, findAdoptionFault } from "../domain/adoption.ts";
import type { Candidate } from "../domain/candidate.ts";
import type { Trade } from "../domain/market.ts";
import type { OperatorRequest } from "../domain/operator_request.ts";
import { buildAdopted, isChanging, sayAdopted } from "./adopting.ts";
import { listDoubtfulBuys } from "./ledger_store.ts";
import type { Engine } from "./engine.ts";
import { findShown, hasWorkingBuy, isOfThisSession } from "./observe.ts";
import { drop, forgetRelease, isReleased, tryRemove } from "./releasing.ts";

/** How soon a request is looked at again that can't be taken up yet. */
const AGAIN_MS = 15_000;

/** A request to take a position over. */
export interface AdoptRequest {
  readonly name: string;
  readonly request: Extract<OperatorRequest, { kind: "adopt" }>;
}

/** What the operator wants to have managed. */
export async function listAdoptRequests(engine: Engine): Promise<AdoptRequest[]> {
  const reads = await engine.ports.operatorFiles.listRequests();
  return reads.flatMap((read) =>
    read.kind === "ok" && read.request.kind === "adopt"
      ? [{ name: read.name, request: read.request }]
      : []
  );
}

/**
 * Takes over what the operator asked for by `adopt`, whatever its value and whatever was released (pipeline 5); this cycle
 * only protects it.
 * @returns Ids of the positions that are managed now.
 */
export async function takeAdoptions(
  engine: Engine,
  requests: readonly AdoptRequest[],
  { candidates, trades }: {
    readonly candidates: readonly Candidate[];
    readonly trades: ReadonlyMap<string, Trade>;
  },
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const { name, request } of requests) {
    const positionId = await takeOne(engine, { name, request }, {
      listed: candidates.find((each) => each.symbol === request.symbol),
      trade: trades.get(request.symbol),
    });
    if (positionId !== null) taken.add(positionId);
  }
  return taken;
}

async function takeOne(
  engine: Engine,
  { name, request }: AdoptRequest,
  { listed, trade }: {
    readonly listed: Candidate | undefined;
    readonly trade: Trade | undefined;
  },
): Promise<string | null> {
  const { symbol, plan } = request;
  if (engine.state.positions.some((each) => each.symbol === symbol)) {
    await drop(engine, name, `${symbol} is managed already`);
    return null;
  }
  const held = findShown(engine, symbol);
  if (held === undefined || (held !== null && held.qty < 1)) {
    await drop(engine, name, `the broker shows no long position of a share or more in ${symbol}`);
    return null;
  }
  if (held === null || trade === undefined || !isStill(engine, symbol, trade)) {
    engine.wakeAt(engine.nowMs() + AGAIN_MS);
    return null;
  }
  const levels = plan === null ? listed : buildOwnLevels(plan, trade.priceUsd);
  if (levels === undefined) {
    await drop(engine, name, `${symbol} is not on today's list: say --stop`);
    return null;
  }
  const fault = findAdoptionFault(levels, trade.priceUsd);
  if (fault !== null) {
    await drop(engine, name, `${symbol}: ${fault}`);
    return null;
  }
  await forgetRelease(engine, symbol);
  if (isReleased(engine, symbol)) return null;
  const position = buildAdopted(engine, levels, held);
  engine.putPosition(position);
  // Its orders begin now: what works already is in the list of open orders.
  engine.notePasts([position.positionId]);
  if (await engine.trySaveState()) await tryRemove(engine, name);
  await sayAdopted(engine, position);
  return position.positionId;
}

/** Whether its price is of this session, and nothing is bought or sold in the symbol at this moment. */
function isStill(engine: Engine, symbol: string, trade: Trade): boolean {
  if (engine.observation?.openOrders.kind !== "ok" || !isOfThisSession(engine, trade)) return false;
  if (isChanging(engine, symbol) || hasWorkingBuy(engine, symbol)) return false;
  return !listDoubtfulBuys(engine).has(symbol);
}
