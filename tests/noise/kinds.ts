import { sampleOpenMs } from "../simulator/scenario.ts";
import type { Fault } from "../simulator/faults.ts";
import type { SimRequest } from "../simulator/wire.ts";
import { KILL_PATH, LIST_PATH, STATE_DIR, type TradingDay } from "../engine/trading_day.ts";
import type { SlackSink } from "../engine/slack_sink.ts";
import { askAdopt, askRelease, startFlatten } from "./operator_acts.ts";

const MINUTE_MS = 60_000;
const PAUSE_PATH = `${STATE_DIR}/ENTRIES_PAUSED`;

/** A moment of a sample day, Unix ms. @param minutes After its open. */
export function afterOpen(minutes: number, dateNy?: string): number {
  return sampleOpenMs(dateNy) + minutes * MINUTE_MS;
}

/** How the processes of a day run. */
export interface Schedule {
  readonly environment?: Readonly<Record<string, string>>;
  /** Ends of processes, in minutes after the open; each starts when the one before it has ended. */
  readonly endMinutes?: readonly number[];
  /** A process of one cycle each minute between these, instead. */
  readonly onceMinutes?: readonly [number, number];
}

/** Sets up what a kind of day is like. */
export type DayKind = (day: TradingDay, slack: SlackSink) => Schedule | void;

/** Minutes after the open in which something lasts. */
type Span = readonly [from: number, to: number];

function isIn(day: TradingDay, [from, to]: Span): boolean {
  const nowMs = day.time.nowMs();
  return nowMs > afterOpen(from) && nowMs < afterOpen(to);
}

/** What befalls the requests of a kind while it lasts. */
function befall(
  span: Span,
  fault: Fault,
  isHit: (request: SimRequest) => boolean = () => true,
): DayKind {
  return (day) => {
    day.faults = (request) => isIn(day, span) && isHit(request) ? fault : null;
  };
}

/** Something that happens once. */
function happen(minutes: number, act: (day: TradingDay) => void | Promise<void>): DayKind {
  return (day) => day.time.plan(afterOpen(minutes), () => act(day));
}

const isClock = ({ path }: SimRequest) => path === "/v2/clock";
const HOUR: Span = [90, 150];
const LONG: Span = [60, 190];
const LOST: Fault = { kind: "lost_before" };
const REFUSED: Fault = {
  kind: "status",
  status: 403,
  body: '{"code":40310000,"message":"account not authorized to trade"}',
};
const UNAUTHORIZED: Fault = { kind: "status", status: 401, body: '{"message":"unauthorized."}' };
const FORBIDDEN: Fault = { kind: "status", status: 403, body: '{"message":"forbidden."}' };

function everyMinutes(step: number, [from, to]: Span): number[] {
  return Array.from({ length: Math.floor((to - from) / step) }, (_, at) => from + step * (at + 1));
}

function failDisk(cause: string): DayKind {
  const failing = new Set(["write", "open", "create", "sync", "rename"]);
  return (day) => {
    day.disk.fault = ({ op, path }) =>
      isIn(day, [90, 170]) && failing.has(op) && !path.includes("reserve") ? cause : null;
  };
}

/** Days as an operator meets them, by what is told of each. */
export const DAY_KINDS: Readonly<Record<string, DayKind>> = {
  "a trend": () => {},
  "DRY_RUN": () => ({ environment: { LIVE_TRADING: "0" } }),
  "a broker away for an hour": befall(HOUR, LOST),
  "a broker away for an hour but for its clock": befall(HOUR, LOST, (each) => !isClock(each)),
  "market data away": befall(
    LONG,
    { kind: "status", status: 500 },
    ({ path }) => path.startsWith("/v2/stocks"),
  ),
  "stops refused": befall(
    LONG,
    REFUSED,
    ({ method, body }) => method === "POST" && /"type":"stop"/.test(body ?? ""),
  ),
  "entries refused": befall([0, 190], REFUSED, ({ method }) => method === "POST"),
  "a halted symbol": happen(60, (day) => day.exchange.halt("NVDA")),
  "foreign positions, one of them short": (day) => {
    day.exchange.setPosition("XYZ", 10, 50);
    day.exchange.setPosition("SHRT", -5, 20);
  },
  "a listed position that is too large": (day) => day.exchange.setPosition("NVDA", 1000, 100),
  "a split": happen(60, (day) => day.exchange.split("NVDA", 10)),
  "a position that is not shown": happen(60, (day) => day.exchange.hidePosition("NVDA", 100_000)),
  "a full disk": failDisk("ENOSPC"),
  "a read-only disk": failDisk("EROFS"),
  "a watchlist taken away": happen(60, (day) => day.disk.remove(LIST_PATH)),
  "no watchlist": (day) => {
    void day.disk.remove(LIST_PATH);
    return { endMinutes: everyMinutes(10, [-10, 400]) };
  },
  "processes that end each minute": () => ({ endMinutes: everyMinutes(1, [60, 140]) }),
  "processes that end each minute, the broker away": (day, slack) => {
    befall(LONG, UNAUTHORIZED)(day, slack);
    return { endMinutes: everyMinutes(1, [60, 140]) };
  },
  "refused keys": befall(LONG, UNAUTHORIZED),
  "forbidden keys": befall(LONG, FORBIDDEN, (each) => !isClock(each)),
  "the kill switch": happen(60, (day) => day.disk.put(KILL_PATH, "")),
  "a flatten of everything": happen(95, (day) => startFlatten(day, { isClosing: false })),
  "a flatten that closes": happen(95, (day) => startFlatten(day, { isClosing: true })),
  "a flatten of one symbol": happen(
    95,
    (day) => startFlatten(day, { symbol: "NVDA", isClosing: false }),
  ),
  "a flatten that closes one symbol": happen(
    95,
    (day) => startFlatten(day, { symbol: "NVDA", isClosing: true }),
  ),
  "a position that is released, adopted and let go": (day) => {
    day.time.plan(afterOpen(60), () => askRelease(day, "NVDA"));
    day.time.plan(afterOpen(80), () => askAdopt(day, "NVDA"));
    day.time.plan(afterOpen(120), () => askRelease(day, "NVDA"));
  },
  "a position that is released, and adopted with a plan": (day) => {
    day.time.plan(afterOpen(60), () => askRelease(day, "NVDA"));
    day.time.plan(
      afterOpen(80),
      () => askAdopt(day, "NVDA", { stopUsd: 120, r1Usd: 130, r2Usd: 140 }),
    );
  },
  "a loss that reaches the day's limit, and a restart": (day) => {
    day.time.plan(afterOpen(65), () => day.exchange.setPrice("NVDA", 119));
    day.time.plan(afterOpen(200), () => day.exchange.setPrice("NVDA", null));
    return { environment: { MAX_LIVE_LOSS_PER_DAY: "40" }, endMinutes: [140] };
  },
  "a stock that stands still": happen(40, (day) => day.exchange.setPrice("NVDA", 127.5)),
  "entries that are paused for an hour": (day) => {
    day.time.plan(afterOpen(20), () => day.disk.put(PAUSE_PATH, "lunch"));
    day.time.plan(afterOpen(130), () => day.disk.remove(PAUSE_PATH));
  },
  "paused entries": (day) => day.disk.put(PAUSE_PATH, ""),
  "a cap that is used up": () => ({ environment: { MAX_LIVE_ORDERS_PER_DAY: "1" } }),
  "a cap that is no number": () => ({ environment: { MAX_LIVE_POSITIONS: "x" } }),
  "a process each minute": () => ({ onceMinutes: [0, 130] }),
  "Slack away": (_, slack) => void (slack.answer = 500),
  "a row of somebody's that can't be read": (day) => {
    day.exchange.behaviour.extraPositions = [{ symbol: "BAD", qty: "abc" }];
  },
  "a row of ours that can't be read": happen(60, (day) => {
    day.exchange.behaviour.extraPositions = [{ symbol: "NVDA", qty: "abc" }];
  }),
  "a blocked account": happen(60, (day) => {
    day.exchange.behaviour.isTradingBlocked = true;
  }),
  "a clock that can't be read": befall(LONG, { kind: "status", status: 500 }, isClock),
  "a host ten seconds off": (day) => {
    day.exchange.behaviour.clockSkewMs = 10_000;
  },
  "a host forty seconds off": (day) => {
    day.exchange.behaviour.clockSkewMs = -40_000;
  },
  "cancels that hang": (day) => {
    day.exchange.behaviour.cancelOutcome = () => "stuck";
  },
  "a hand that buys": happen(60, (day) =>
    void day.exchange.placeByHand({
      symbol: "NVDA",
      qty: "3",
      side: "buy",
      type: "market",
      time_in_force: "day",
    })),
};
