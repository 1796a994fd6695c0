import { readNyTime } from "../../domain/time/ny_time.ts";

/** Maps a value to a coordinate. */
export type Scale = (value: number) => number;

/** A straight scale from a domain to a range, cut to the range's ends. */
export function buildScale(
  [fromValue, toValue]: readonly [number, number],
  [from, to]: readonly [number, number],
): Scale {
  const span = toValue - fromValue || 1;
  return (value) => {
    const part = Math.min(1, Math.max(0, (value - fromValue) / span));
    return round(from + part * (to - from));
  };
}

/** One decimal is finer than a pixel, and keeps the file small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const NICE = [1, 2, 2.5, 5, 10];

/** Round values within a range, about `count` of them. */
export function listTicks(min: number, max: number, count: number): number[] {
  const rough = (max - min) / Math.max(1, count);
  if (!(rough > 0)) return [min];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = (NICE.find((each) => each * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  const first = Math.ceil(min / step);
  for (let index = first; index * step <= max && ticks.length < TICKS_MAX; index++) {
    ticks.push(Number((index * step).toPrecision(12)));
  }
  return ticks;
}

const TICKS_MAX = 50;
const HOUR_MS = 3_600_000;

/** The full New York hours within a range, every `everyHours`th. */
export function listHours(
  fromMs: number,
  toMs: number,
  everyHours: number,
): { readonly atMs: number; readonly label: string }[] {
  const hours: { atMs: number; label: string }[] = [];
  for (
    let atMs = Math.ceil(fromMs / HOUR_MS) * HOUR_MS;
    atMs <= toMs && hours.length < TICKS_MAX;
    atMs += HOUR_MS
  ) {
    const label = readNyTime(atMs).timeNy.slice(0, 5);
    if (Number(label.slice(0, 2)) % everyHours === 0) hours.push({ atMs, label });
  }
  return hours;
}

/** Moves labels apart that would stand on each other, as little as it takes, within the range. */
export function spreadLabels(
  wanted: readonly number[],
  { gap, min, max }: { readonly gap: number; readonly min: number; readonly max: number },
): number[] {
  const order = wanted.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  const placed: { at: number; readonly index: number }[] = order.map((each) => ({ ...each }));
  let floor = min;
  for (const each of placed) {
    each.at = Math.max(each.at, floor);
    floor = each.at + gap;
  }
  let ceiling = max;
  for (const each of [...placed].reverse()) {
    each.at = Math.min(each.at, ceiling);
    ceiling = each.at - gap;
  }
  const spread = wanted.map(() => 0);
  for (const { at, index } of placed) spread[index] = round(at);
  return spread;
}

/** At most `max` points: of each stretch the first, the lowest, the highest and the last, so that no move is lost. */
export function thinOut<T extends { readonly atMs: number; readonly value: number }>(
  points: readonly T[],
  max: number,
): readonly T[] {
  if (points.length <= max) return points;
  const stretch = Math.ceil(points.length / Math.max(1, Math.floor(max / 4)));
  const kept: T[] = [];
  for (let from = 0; from < points.length; from += stretch) {
    const part = points.slice(from, from + stretch);
    const low = part.reduce((a, b) => b.value < a.value ? b : a);
    const high = part.reduce((a, b) => b.value > a.value ? b : a);
    const wanted = new Set([part[0], low, high, part.at(-1)]);
    kept.push(...part.filter((point) => wanted.has(point)));
  }
  return kept;
}
