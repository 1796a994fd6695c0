import type { Candidate } from "../domain/entry/candidate.ts";
import type { ManagedPosition } from "../domain/account/engine_state.ts";
import type { LiveDecision } from "../domain/gate/gate.ts";
import type { Trade } from "../domain/time/market.ts";
import type { OperatorRequest } from "../domain/account/operator_request.ts";
import { adopt, type AdoptionLook, decideAdoption, listAdoptable } from "../domain/plan/adopt.ts";
import type { Settled } from "../domain/plan/step.ts";
import type { Engine } from "./engine.ts";
import { isOfThisSession } from "./observe.ts";
import { take } from "./plan_records.ts";
import { drop, tryRemove } from "./releasing.ts";
import { sightOf } from "./sight.ts";
import { tell } from "./teller.ts";

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

/** What of the market an adoption is decided from. */
export interface AdoptionMarket {
  readonly candidates: readonly Candidate[];
  readonly trades: ReadonlyMap<string, Trade>;
}

/**
 * Takes over what the operator asked for by `adopt`; this cycle only protects it.
 * @returns Ids of the positions that are managed now.
 */
export async function takeAdoptions(
  engine: Engine,
  requests: readonly AdoptRequest[],
  market: AdoptionMarket,
): Promise<ReadonlySet<string>> {
  const taken = new Set<string>();
  for (const { name, request } of requests) {
    const verdict = decideAdoption(lookAt(engine, market), request);
    switch (verdict.kind) {
      case "drop":
        await drop(engine, name, verdict.why);
        break;
      case "waits":
        engine.wakeAt(engine.nowMs() + AGAIN_MS);
        break;
      case "adopt":
        takeOver(engine, verdict);
        if (await engine.trySaveState()) await tryRemove(engine, name);
        await tell(engine, verdict.say);
        taken.add(verdict.positionId);
    }
  }
  return taken;
}

/** What of today's list may be taken over, and says what is too large for that. */
export async function findAdoptable(
  engine: Engine,
  market: AdoptionMarket,
): Promise<readonly ManagedPosition[]> {
  const { adoptable, say } = listAdoptable(lookAt(engine, market));
  await tell(engine, say);
  return adoptable;
}

/** Takes over what may be taken over; this cycle only protects it. LIVE only. @returns Ids of the positions. */
export async function adoptPositions(
  engine: Engine,
  _decision: LiveDecision,
  adoptable: readonly ManagedPosition[],
): Promise<ReadonlySet<string>> {
  for (const position of adoptable) {
    const adopted = adopt(position);
    takeOver(engine, adopted);
    await tell(engine, adopted.say);
  }
  return new Set(adoptable.map(({ positionId }) => positionId));
}

/** Its orders begin now: what works already is in the list of open orders. */
function takeOver(engine: Engine, { change }: Settled): void {
  take(engine, change);
  for (const part of change) {
    if (part.kind === "managed") engine.notePasts([part.position.positionId]);
  }
}

function lookAt(engine: Engine, { candidates, trades }: AdoptionMarket): AdoptionLook {
  const { config, clock } = engine.ports;
  const positions = engine.observation?.positions;
  const ageMs = positions?.kind === "ok" ? clock.monotonicMs() - positions.atMonotonicMs : 0;
  return {
    records: engine.state,
    sight: sightOf(engine),
    dateNy: engine.dateNy(),
    candidates,
    allowlist: config.allowlist,
    caps: config.caps,
    trades: new Map([...trades].filter(([, trade]) => isOfThisSession(engine, trade))),
    priceMemory: engine.foreignPrices,
    shownAtMs: Math.floor(engine.nowMs() - ageMs),
  };
}
