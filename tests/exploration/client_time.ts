import type { Seen } from "../../src/domain/plan/world.ts";
import { NOW_MS } from "./wire_map.ts";

/** What is older than this is as old as anything: no decision of the planner asks further back. Milliseconds. */
const AGE_MAX_MS = 400_000;
/** Ages at the beginning of a cycle, milliseconds: what lies between two of them is taken for the older. */
const AGES_MS = [0, 5_000, 10_000, 30_000, 60_000, 120_000, 300_000, AGE_MAX_MS];

/** The broker's own times: they tell the sequence of its answers, and stay. */
const BROKERS: ReadonlySet<string> = new Set(["submittedAtMs", "updatedAtMs", "filledAtMs"]);
/** Stretches of time, and the one that is told by the day. */
const STRETCHES: ReadonlySet<string> = new Set(["untilCloseMs"]);

function roundAge(ageMs: number): number {
  return AGES_MS.find((each) => each >= ageMs) ?? AGE_MAX_MS;
}

function makeOlder(atMs: number, byMs: number, isRounded: boolean): number {
  const ageMs = NOW_MS - atMs + byMs;
  if (ageMs < 0) return atMs - byMs;
  return NOW_MS - Math.min(AGE_MAX_MS, isRounded ? roundAge(ageMs) : ageMs);
}

/** A value in which all moments lie so much further back. Each field whose name ends in `Ms` is a moment, but the broker's own. */
export function age<T>(value: T, byMs: number, { isRounded = false } = {}): T {
  if (byMs === 0 && !isRounded) return value;
  return walk(value, "", byMs, isRounded) as T;
}

function walk(value: unknown, name: string, byMs: number, isRounded: boolean): unknown {
  if (typeof value === "number") {
    const isMoment = name.endsWith("Ms") && !BROKERS.has(name) && !STRETCHES.has(name);
    return isMoment ? makeOlder(value, byMs, isRounded) : value;
  }
  if (typeof value === "string") {
    if (name !== "timestamp") return value;
    return new Date(makeOlder(Date.parse(value), byMs, isRounded)).toISOString();
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => walk(each, name, byMs, isRounded));
  if (value instanceof Set) return value;
  if (value instanceof Map) {
    return new Map([...value].map(([key, each]) => [key, walk(each, name, byMs, isRounded)]));
  }
  return Object.fromEntries(
    // A moment by a reason has its name from the field that holds them.
    Object.entries(value).map(([key, each]) => [
      key,
      walk(each, name === "sellRefusedAtMs" ? name : key, byMs, isRounded),
    ]),
  );
}

/** What was seen, its changes counted anew from 1: only what came after the last one of its symbol matters. */
export function renumberChanges(seen: Seen): Seen {
  const number = Math.max(0, ...[...seen.changes.last.values()].map((each) => each.number));
  const renumber = (count: number) => count >= number ? 1 : 0;
  const renew = <T extends { readonly afterChange: number }>(fact: T): T => ({
    ...fact,
    afterChange: renumber(fact.afterChange),
  });
  const renewAll = <T extends { readonly afterChange: number }>(facts: ReadonlyMap<string, T>) =>
    new Map([...facts].map(([key, fact]) => [key, renew(fact)]));
  const last = new Map(
    [...seen.changes.last].map(([symbol, each]) => [symbol, { ...each, number: 1 }]),
  );
  return {
    ...seen,
    changes: { count: 1, last },
    positions: seen.positions === null ? null : renew(seen.positions),
    openOrders: seen.openOrders === null ? null : renew(seen.openOrders),
    dayOrders: seen.dayOrders === null ? null : renew(seen.dayOrders),
    account: seen.account === null ? null : renew(seen.account),
    trades: renewAll(seen.trades),
    orderLooks: renewAll(seen.orderLooks),
    lookUps: renewAll(seen.lookUps),
  };
}
