import { HttpFailure, type HttpSend } from "../../src/broker/transport.ts";
import type { Fault } from "../simulator/faults.ts";
import { createSimulatedSend } from "../simulator/in_process.ts";
import { parseChange } from "./change_request.ts";
import type { Observer } from "./observer.ts";
import type { World } from "./world.ts";

type Request = Parameters<HttpSend>[0];

/** Far more than the busiest day of a healthy engine. */
const REQUESTS_A_DAY_MAX = 60_000;
/** The same; a stop that was raised is not counted: the price ends that. */
const CHANGES_A_DAY_MAX = 600;

/** What befalls the requests of a run: drawn by chance, or placed. */
export interface NetworkFate {
  /** Whether the process dies before the request leaves. */
  isCrashBefore(request: Request, path: string): boolean;
  /** What befalls it on its way; `null`: nothing. */
  findFault(request: Request, path: string): Fault | null;
  /** Whether the process dies when the broker has it, before its answer. */
  isCrashAfter(request: Request, path: string): boolean;
  /** How long it takes to leave, in milliseconds. */
  findDelayMs(): number;
  /** It is over, answered or not. */
  settled(): void;
}

/** A request that got no answer, as the client of today has it. */
const buildFailure: BuildFailure = (failure, message) => new HttpFailure(failure, message);

type BuildFailure = (failure: "timeout" | "network", message: string) => Error;

/**
 * The network between one incarnation of the engine and the exchange: time passes, faults strike, the process may die
 * before or after a request, and whoever looks on is told of each.
 * @param parts `fail` makes the error that the incarnation's client knows.
 */
export function createNetwork(
  world: World,
  { incarnation, observer, fate, fail = buildFailure }: {
    readonly incarnation: number;
    readonly observer: Observer;
    readonly fate: NetworkFate;
    readonly fail?: BuildFailure;
  },
): HttpSend {
  let fault: Fault | null = null;
  let isCrashAfter = false;
  const inner = createSimulatedSend({
    exchange: world.exchange,
    clock: {
      nowMs: () => world.trueMs,
      sleep: (ms) => {
        world.advance(ms);
        return Promise.resolve();
      },
    },
    latencyMs: 12,
    faults: () => {
      const now = fault;
      fault = null;
      return isCrashAfter ? { kind: "lost_after" } : now;
    },
    fail,
  });
  return async (request) => {
    world.enter(incarnation);
    const isChange = request.method !== "GET";
    const path = pathOf(request);
    const isRaise = isChange && isRaising(world, request, path);
    countRequest(world, isChange && !isRaise);
    world.enter(incarnation);
    if (fate.isCrashBefore(request, path)) world.crash(`before ${request.method} ${path}`);
    if (isChange) {
      observer.checkLeaving(request, path);
      world.enter(incarnation);
    } else {
      observer.readLeaving(path);
      world.onQuestion();
    }
    fault = fate.findFault(request, path);
    isCrashAfter = fate.isCrashAfter(request, path);
    if (fault !== null) {
      world.trouble(`net ${fault.kind} on ${request.method} ${path}`);
      world.count(
        `faults on ${request.method} ${/\/v\d[a-z0-9]*\/[a-z-]+/.exec(path)?.[0] ?? path}`,
      );
      if (isChange && isLosing(fault) && request.body?.includes('"sell"')) world.lostSellAnswers++;
      if (isChange && (fault.kind === "delay" || fault.kind === "repeat")) {
        world.plan(world.trueMs + fault.ms, () => world.trouble("net delayed request arrives"));
      }
    }
    if (isChange) world.note(`-> ${request.method} ${path} ${request.body ?? ""}`);
    world.advance(fate.findDelayMs());
    let status = 0;
    let body = "";
    try {
      const response = await inner(request);
      status = response.status;
      body = response.body;
      return response;
    } finally {
      fate.settled();
      if (isCrashAfter) {
        isCrashAfter = false;
        world.crash(`after ${request.method} ${path}`);
      }
      world.enter(incarnation);
      if (isChange || status !== 200) {
        world.note(`<- ${status} ${request.method} ${path} ${body.slice(0, 160)}`);
      }
      if (isRaise && status !== 200) countChange(world);
      if (isChange) observer.changeAnswered(request, path, { status, body });
      else observer.readAnswered(path, status, body);
    }
  };
}

/** Whether the exchange may have it and the answer is gone, with nothing else amiss. */
function isLosing(fault: Fault): boolean {
  return ["lost_before", "lost_after", "html", "malformed"].includes(fault.kind);
}

/** A replacement that raises its stop: a price that rises by a cent at every look is followed at every look. */
function isRaising(world: World, request: Request, path: string): boolean {
  const { op, stopUsd, target } = parseChange(world, request, path);
  return op === "replace" && stopUsd !== null && stopUsd > (target?.stopPriceUsd ?? Infinity);
}

/** An engine that asks the same thing over and over is as wrong as one that stands still. */
function countRequest(world: World, isChange: boolean): void {
  const { dayCount } = world.profile;
  world.requestCount++;
  if (isChange) countChange(world);
  const isTooMuch = world.requestCount > REQUESTS_A_DAY_MAX * dayCount ||
    world.changeCount > CHANGES_A_DAY_MAX * dayCount;
  if (!isTooMuch) return;
  const detail = `${world.changeCount} changes in ${world.requestCount} requests`;
  world.violate("the engine comes to rest", detail);
}

/** A stop that a blocked account is refused is sent again every few seconds, and not counted. */
function countChange(world: World): void {
  if (!world.isBlocked()) world.changeCount++;
}

function pathOf(request: Request): string {
  const at = request.url.indexOf("/v2/");
  return at < 0 ? request.url : request.url.slice(at);
}
