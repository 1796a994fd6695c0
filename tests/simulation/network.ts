import { HttpFailure, type HttpSend } from "../../src/broker/transport.ts";
import type { Fault } from "../simulator/faults.ts";
import { createSimulatedSend } from "../simulator/in_process.ts";
import { parseChange } from "./change_request.ts";
import type { Observer } from "./observer.ts";
import { KEY_ID, SECRET_KEY, type World } from "./world.ts";

type Request = Parameters<HttpSend>[0];

/** Far more than the busiest day of a healthy engine. */
const REQUESTS_A_DAY_MAX = 60_000;
/** The same; a stop that was raised is not counted: the price ends that. */
const CHANGES_A_DAY_MAX = 600;

/** What the network does to one run: faults by chance, and outages that last. */
export interface Weather {
  /** While true time is before this, every request fails in this way. */
  outageUntilMs: number;
  outageFault: Fault;
  /** Only paths with this in them are out; empty: all. */
  outagePath: string;
}

/** No outage. */
export function buildWeather(): Weather {
  return { outageUntilMs: 0, outageFault: { kind: "lost_before" }, outagePath: "" };
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
  { incarnation, observer, weather, fail = buildFailure }: {
    readonly incarnation: number;
    readonly observer: Observer;
    readonly weather: Weather;
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
    const { crash } = world.chances;
    const isCrashing = world.profile.families.has("crash");
    if (isChange) {
      if (isCrashing && crash.isHit(0.03)) world.crash(`before ${request.method} ${path}`);
      observer.checkLeaving(request, path);
      world.enter(incarnation);
    } else {
      observer.readLeaving(path);
      world.onQuestion();
    }
    fault = drawFault(world, weather, request, path);
    isCrashAfter = isCrashing && crash.isHit(isChange ? 0.04 : 0.0004);
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
    world.advance(world.chances.net.whole(1, 30));
    let status = 0;
    let body = "";
    try {
      const response = await inner(request);
      status = response.status;
      body = response.body;
      return response;
    } finally {
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

/** Somebody in between sends a request again, at once or after seconds: the client sees the answer to that. */
function drawRepeat({ profile: { families, intensity }, chances }: World): Fault | null {
  if (families.has("wording") && chances.field.isHit(0.1 * intensity)) {
    return { kind: "duplicate", answer: "second" };
  }
  if (!families.has("repeats") || !chances.field.isHit(0.05 * intensity)) return null;
  return { kind: "repeat", ms: chances.field.pick([50, 2_000, 3_000, 12_000]) };
}

/** What is asked once a week or once a cycle would hardly ever be hit. */
function findReadRate(path: string): number {
  if (path.startsWith("/v2/calendar")) return 0.15;
  return path === "/v2/account" || path.startsWith("/v2/stocks/") ? 0.02 : 0.006;
}

function drawFault(
  world: World,
  weather: Weather,
  request: Request,
  path: string,
): Fault | null {
  const { net } = world.chances;
  const { families, intensity } = world.profile;
  if (world.trueMs < weather.outageUntilMs && path.includes(weather.outagePath)) {
    return weather.outageFault;
  }
  const isChange = request.method !== "GET";
  if (families.has("account") && path.startsWith("/v2/positions") && net.isHit(0.01 * intensity)) {
    world.exchange.emptyAnswers = 1;
    world.trouble("net positions answered empty");
  }
  const repeat = isChange ? drawRepeat(world) : null;
  if (repeat !== null) return repeat;
  if (!families.has("net")) return null;
  // Entries are few, and what befalls one of them is what the ledger is for.
  const isEntry = request.body?.includes('"bracket"') === true;
  const rate = isEntry ? 0.35 : (isChange ? 0.08 : findReadRate(path)) * intensity;
  if (!net.isHit(rate)) return null;
  return net.pick<() => Fault>([
    () => ({ kind: "lost_before" }),
    () => ({ kind: "lost_after" }),
    () => ({ kind: "lost_after" }),
    () => ({ kind: "hang", isAccepted: net.isHit(0.5) }),
    () => ({ kind: "delay", ms: net.pick([500, 3_000, 9_000, 12_000, 45_000]) }),
    () => ({ kind: "late", ms: net.pick([500, 3_000, 9_000, 12_000]) }),
    () => ({ kind: "html", isAccepted: net.isHit(0.5) }),
    () => ({ kind: "status", status: net.pick([500, 502, 503, 504, 429, 408, 403]) }),
    () => ({
      kind: "status",
      status: net.pick([429, 429, 503]),
      // Seconds, too many of them, a date, and nonsense.
      retryAfter: net.pick([
        "0",
        "2",
        "7",
        "30",
        "86400",
        "Wed, 21 Oct 2026 07:28:00 GMT",
        "-1",
        "x",
      ]),
    }),
    () => ({ kind: "malformed" }),
    () => ({ kind: "malformed", body: net.pick(["", "null", "[]", "{}", "<html>", '{"id":7}']) }),
    // A proxy that shows the whole request, credentials and all, to whoever asks.
    () => ({ kind: "status", status: 500, body: `echo ${KEY_ID}:${SECRET_KEY}` }),
    () => ({ kind: "duplicate", answer: net.pick(["first", "second"]) }),
    () => ({ kind: "duplicate", answer: "second" }),
  ])();
}
