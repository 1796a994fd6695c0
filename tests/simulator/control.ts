import { z } from "zod";
import { buildFaultPlan, type Fault, type FaultRule } from "./faults.ts";
import { buildOrderJson } from "./order.ts";
import { LAG_MS_MAX } from "./past.ts";
import type { Simulator } from "./server.ts";
import { buildJsonText, parseMoment, type SimRequest, type SimResponse } from "./wire.ts";

const FaultWire: z.ZodType<Fault> = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("status"),
    status: z.int().min(100).max(599),
    body: z.string().exactOptional(),
  }),
  z.strictObject({ kind: z.literal("html"), isAccepted: z.boolean().exactOptional() }),
  z.strictObject({ kind: z.literal("delay"), ms: z.number().positive() }),
  z.strictObject({ kind: z.literal("late"), ms: z.number().positive() }),
  z.strictObject({ kind: z.literal("hang"), isAccepted: z.boolean().exactOptional() }),
  z.strictObject({ kind: z.literal("lost_before") }),
  z.strictObject({ kind: z.literal("lost_after") }),
  z.strictObject({ kind: z.literal("malformed"), body: z.string().exactOptional() }),
  z.strictObject({
    kind: z.literal("duplicate"),
    answer: z.enum(["first", "second"]).exactOptional(),
  }),
]);

/** Fault rules as JSON has them, in `/sim/faults` and in scenario files. */
export const FaultRulesWire: z.ZodType<FaultRule[]> = z.array(z.strictObject({
  method: z.string().exactOptional(),
  path: z.string().exactOptional(),
  contains: z.string().exactOptional(),
  skip: z.int().min(0).exactOptional(),
  times: z.int().min(1).exactOptional(),
  fault: FaultWire,
}));

/** The plain settings of the broker's behaviour, as `/sim/behaviour` and scenario files have them. */
export const BehaviourWire = z.strictObject({
  acknowledgeMs: z.number().min(0),
  fillLatencyMs: z.number().min(0),
  cancelDelayMs: z.number().min(0),
  replaceDelayMs: z.number().min(0),
  visibilityDelayMs: z.number().min(0),
  positionsLagMs: z.number().min(0).max(LAG_MS_MAX),
  listsLagMs: z.number().min(0).max(LAG_MS_MAX),
  openListsLagMs: z.number().min(0).max(LAG_MS_MAX).nullable(),
  slippageUsd: z.number().min(0),
  clockSkewMs: z.number(),
  isDoubleFillRace: z.boolean(),
  isShortingAllowed: z.boolean(),
  isWashTradeChecked: z.boolean(),
  openNestedShows: z.enum(["parent", "legs"]),
  isLookupNested: z.boolean(),
  stopAboveMarket: z.enum(["triggers", "refuses"]),
  isFillCarriedOver: z.boolean(),
  hasRealTimeSip: z.boolean(),
  isRateLimitEnforced: z.boolean(),
  isTradingBlocked: z.boolean(),
  isSuspended: z.boolean(),
}).partial();

const Moment = z.union([z.number(), z.string()]).transform((value, context) => {
  const ms = typeof value === "number" ? value : parseMoment(value)?.ms;
  if (ms !== undefined) return ms;
  context.addIssue({ code: "custom", message: `not a time: ${value}` });
  return z.NEVER;
});
const TimeWire = z.union([
  z.strictObject({ now: Moment }),
  z.strictObject({ advance_ms: z.number().positive() }),
]);
const SpeedWire = z.strictObject({ speed: z.number().min(0) });
const PriceWire = z.strictObject({ symbol: z.string(), price: z.number().positive().nullable() });
const HaltWire = z.strictObject({ symbol: z.string(), is_halted: z.boolean() });
const SplitWire = z.strictObject({ symbol: z.string(), ratio: z.number().positive() });
const PositionWire = z.strictObject({
  symbol: z.string(),
  qty: z.number(),
  avg_entry_price: z.number().positive(),
});

function buildAnswer(status: number, value: unknown): SimResponse {
  return buildJsonText(status, JSON.stringify(value));
}

/** The position of the whole market in a few numbers. */
function buildState(simulator: Simulator): SimResponse {
  const { exchange, speed } = simulator;
  return buildAnswer(200, {
    now: new Date(exchange.nowMs).toISOString(),
    now_ms: exchange.nowMs,
    is_open: exchange.sessions.at(exchange.nowMs) !== null,
    speed,
    cash: exchange.portfolio.cashUsd,
    equity: exchange.equityUsd,
    positions: [...exchange.portfolio.positions.values()],
    order_count: exchange.orders.length,
    request_count: exchange.requestCount,
  });
}

function buildOrders({ exchange }: Simulator): SimResponse {
  const roots = exchange.orders.filter((order) => order.parent === null);
  const texts = roots.map((order) => buildOrderJson(order, order.legs, exchange.behaviour));
  return buildJsonText(200, `[${texts.join(",")}]`);
}

function buildRequests({ exchange }: Simulator): SimResponse {
  const shown = exchange.requests.map((each) => ({ ...each, query: each.query.toString() }));
  return buildAnswer(200, shown);
}

function setTime(simulator: Simulator, wanted: z.output<typeof TimeWire>): void {
  const isJump = "now" in wanted;
  simulator.advanceTo(isJump ? wanted.now : simulator.nowMs() + wanted.advance_ms);
}

function answerPost(simulator: Simulator, path: string, body: unknown): SimResponse | null {
  const { exchange } = simulator;
  switch (path) {
    case "/sim/time":
      setTime(simulator, TimeWire.parse(body));
      break;
    case "/sim/speed":
      simulator.setSpeed(SpeedWire.parse(body).speed);
      break;
    case "/sim/price": {
      const { symbol, price } = PriceWire.parse(body);
      exchange.setPrice(symbol, price);
      break;
    }
    case "/sim/halt": {
      const { symbol, is_halted: isHalted } = HaltWire.parse(body);
      if (isHalted) exchange.halt(symbol);
      else exchange.resume(symbol);
      break;
    }
    case "/sim/split": {
      const { symbol, ratio } = SplitWire.parse(body);
      exchange.split(symbol, ratio);
      break;
    }
    case "/sim/position": {
      const wanted = PositionWire.parse(body);
      exchange.setPosition(wanted.symbol, wanted.qty, wanted.avg_entry_price);
      break;
    }
    case "/sim/order":
      return exchange.placeByHand(z.record(z.string(), z.unknown()).parse(body));
    case "/sim/behaviour":
      Object.assign(exchange.behaviour, BehaviourWire.parse(body));
      break;
    case "/sim/faults":
      simulator.setFaults(buildFaultPlan(FaultRulesWire.parse(body)));
      break;
    default:
      return null;
  }
  return buildState(simulator);
}

/**
 * Answers `/sim/*`, which no broker has: GET state, orders, requests; POST time `{now}` or `{advance_ms}`, speed, price,
 * halt, split, position, order (placed by hand), behaviour, faults (a list of rules). What is wrong is a 400 that says so.
 */
export function answerControl(simulator: Simulator, request: SimRequest): SimResponse {
  const { method, path } = request;
  if (method === "GET" && path === "/sim/state") return buildState(simulator);
  if (method === "GET" && path === "/sim/orders") return buildOrders(simulator);
  if (method === "GET" && path === "/sim/requests") return buildRequests(simulator);
  const missing = buildAnswer(404, { message: `no control ${method} ${path}` });
  if (method !== "POST") return missing;
  try {
    return answerPost(simulator, path, JSON.parse(request.body ?? "")) ?? missing;
  } catch (error) {
    if (error instanceof z.ZodError) return buildAnswer(400, { message: z.prettifyError(error) });
    if (error instanceof SyntaxError) return buildAnswer(400, { message: "the body is not JSON" });
    throw error;
  }
}
