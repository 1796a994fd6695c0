import { isDone } from "../simulator/order.ts";
import { buildRefusal } from "../simulator/wire.ts";
import type { Weather } from "./chance_fate.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;

/** Sets the broker's manners for a run, and plans what the market does to it. */
export function setMoods(world: World, weather: Weather): void {
  const { families, intensity } = world.profile;
  const { behaviour } = world.exchange;
  const { mood } = world.chances;
  behaviour.isShortingAllowed = mood.isHit(0.5);
  behaviour.cancelDelayMs = mood.pick([0, 80, 80, 400, 1_500]);
  behaviour.replaceDelayMs = mood.pick([0, 0, 150, 900]);
  behaviour.isFillCarriedOver = mood.isHit(0.5);
  behaviour.openNestedShows = mood.pick(["parent", "legs"]);
  behaviour.stopAboveMarket = mood.pick(["triggers", "refuses"]);
  behaviour.isLookupNested = mood.isHit(0.3);
  if (families.has("mood")) setBadMood(world);
  if (families.has("refusals")) setRefusals(world);
  if (families.has("fills")) setPartialFills(world);
  if (families.has("cancels")) setCancels(world);
  for (const { openMs, closeMs } of world.days) {
    const at = () => openMs + mood.uniform() * (closeMs - openMs);
    if (families.has("outage")) {
      for (let number = 0; number < Math.ceil(intensity); number++) {
        world.plan(at(), () => beginOutage(world, weather));
      }
    }
    if (families.has("market")) world.plan(at(), () => halt(world));
    if (families.has("cancels")) {
      // What hung is let go in the end, or the evening would find it hanging.
      for (let ms = openMs; ms < closeMs; ms += 6 * MINUTE_MS) {
        world.plan(ms, () => {
          const { desk } = world.exchange;
          if (desk.hasStuck()) world.trouble("cancels that hung are let go");
          desk.releaseCancels();
        });
      }
    }
  }
}

function setBadMood(world: World): void {
  const { behaviour } = world.exchange;
  const { mood } = world.chances;
  const { intensity } = world.profile;
  behaviour.visibilityDelayMs = mood.pick([0, 0, 800, 5_000, 30_000]);
  behaviour.slippageUsd = mood.pick([0, 0.01, 0.05]);
  behaviour.isRateLimitEnforced = mood.isHit(0.5);
  behaviour.clockSkewMs = mood.pick([0, 0, 400, -1_500]);
  behaviour.hasRealTimeSip = mood.isHit(0.5);
  behaviour.isBarMissing = (symbol, startMs) => hash(symbol, startMs) % 100 < 5;
  behaviour.rejectsLater = () => roll(world, 0.05 * intensity, "rejected later");
  behaviour.refusesReplace = () => roll(world, 0.1 * intensity, "replace refused");
  behaviour.refuseOrder = () => {
    if (!roll(world, 0.06 * intensity, "order refused")) return null;
    return mood.pick([
      () => buildRefusal(403, 40310000, "insufficient buying power"),
      () => buildRefusal(422, 42210000, "asset is not tradable"),
      () => buildRefusal(403, 40310000, "account is not authorized"),
      () => buildRefusal(429, null, "too many requests."),
    ])();
  };
}

/** Most entries are refused, so that twice and five in a row are reached; and the account is blocked for a while. */
function setRefusals(world: World): void {
  const { behaviour } = world.exchange;
  const { mood } = world.chances;
  const rate = mood.pick([0.5, 0.8, 1]);
  const before = behaviour.refuseOrder;
  behaviour.refuseOrder = (terms) => {
    if (terms.side !== "buy" || !mood.isHit(rate)) return before?.(terms) ?? null;
    world.note(`refuses the entry in ${terms.symbol}`);
    return buildRefusal(403, 40310000, "insufficient buying power");
  };
  for (const { openMs, closeMs } of world.days) {
    if (!mood.isHit(0.4)) continue;
    const name = mood.pick(["isTradingBlocked", "isSuspended"] as const);
    const fromMs = openMs + mood.uniform() * (closeMs - openMs);
    world.plan(fromMs, () => {
      world.trouble(`account is blocked: ${name}`);
      behaviour[name] = true;
    });
    world.plan(fromMs + mood.pick([2, 15, 60, 400]) * MINUTE_MS, () => {
      world.trouble(`account is free again: ${name}`);
      behaviour[name] = false;
    });
  }
}

function roll(world: World, probability: number, what: string): boolean {
  const isHit = world.chances.mood.isHit(probability);
  if (isHit) world.trouble(`mood ${what}`);
  return isHit;
}

function hash(symbol: string, ms: number): number {
  return (symbol.charCodeAt(0) * 7919 + Math.floor(ms / 1000) * 104_729) % 10_007;
}

function setPartialFills(world: World): void {
  const { behaviour } = world.exchange;
  const { mood } = world.chances;
  behaviour.partialFills = (order) => {
    if (!mood.isHit(0.35)) return null;
    const part = Math.max(1, Math.floor(order.qty * mood.between(0.1, 0.9)));
    world.note(`fills ${order.symbol} ${order.side} in parts, ${part} of ${order.qty} first`);
    world.count("partial fills");
    const rest = { afterMs: mood.pick([500, 20_000, 50_000, 90_000]), qty: Infinity };
    const first = { afterMs: 0, qty: part };
    // Only an entry may stay half filled: the engine ends it; a sell of ours would be one for ever.
    return mood.isHit(order.side === "buy" ? 0.5 : 0.95) ? [first, rest] : [first];
  };
}

function setCancels(world: World): void {
  const { mood } = world.chances;
  world.exchange.behaviour.cancelOutcome = (order) => {
    const outcome = mood.pick(["canceled", "canceled", "canceled", "filled", "stuck"] as const);
    if (outcome !== "canceled") world.note(`cancel of ${order.symbol} ${order.type}: ${outcome}`);
    if (outcome !== "canceled") world.count(`cancels ${outcome}`);
    return outcome;
  };
}

function beginOutage(world: World, weather: Weather): void {
  const { mood } = world.chances;
  weather.outageUntilMs = world.trueMs + mood.pick([1, 3, 10, 40]) * MINUTE_MS;
  weather.outagePath = mood.pick([
    "",
    "",
    "/v2/orders",
    // One kind of list alone: what else is readable must not stand in for it.
    "/v2/orders?status=open",
    "/v2/orders?status=all",
    "/v2/positions",
    "/v2/account",
    "/v2/calendar",
    "/v2/clock",
    "/v2/stocks",
  ]);
  weather.outageFault = mood.pick([
    { kind: "lost_before" },
    { kind: "status", status: 503 },
    { kind: "html" },
    { kind: "hang" },
    // The keys are revoked, and given back.
    { kind: "status", status: 401, body: '{"message": "unauthorized."}' },
  ]);
  const { outageFault: fault } = weather;
  const how = fault.kind === "status" ? `${fault.status}` : fault.kind;
  world.trouble(`outage ${how} of "${weather.outagePath}"`);
}

function halt(world: World): void {
  const { mood } = world.chances;
  const symbol = mood.pick(world.market.symbols);
  world.trouble(`market halt of ${symbol}`);
  world.exchange.halt(symbol);
  world.plan(world.trueMs + mood.whole(5, 90) * MINUTE_MS, () => {
    world.exchange.resume(symbol);
    world.trouble(`market resume of ${symbol}`);
  });
}

/** Orders that still work in a symbol, for a message. */
export function countWorking(world: World, symbol: string): number {
  const working = world.exchange.desk.active.get(symbol)?.working ?? [];
  return working.filter((order) => !isDone(order)).length;
}
