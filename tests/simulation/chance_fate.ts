import type { HttpSend } from "../../src/broker/transport.ts";
import type { Fault } from "../simulator/faults.ts";
import type { NetworkFate } from "./network.ts";
import { KEY_ID, SECRET_KEY, type World } from "./world.ts";

type Request = Parameters<HttpSend>[0];

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

/** What befalls requests by chance, as the run's families have it. */
export function createChanceFate(world: World, weather: Weather): NetworkFate {
  const { net, crash } = world.chances;
  const isCrashing = world.profile.families.has("crash");
  return {
    isCrashBefore: ({ method }) => isCrashing && method !== "GET" && crash.isHit(0.03),
    findFault: (request, path) => drawFault(world, weather, request, path),
    isCrashAfter: ({ method }) => isCrashing && crash.isHit(method === "GET" ? 0.0004 : 0.04),
    findDelayMs: () => net.whole(1, 30),
    settled: () => {},
  };
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
