import type { DayTrail } from "../../src/domain/day/day_trail.ts";
import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { nyToMs } from "../../src/domain/time/ny_time.ts";
import { Prng } from "../simulation/prng.ts";

const SYMBOLS = ["NVDA", "AAPL", "BRK.B", "TSLA", "AMD", "MSFT"];
const DAY_MS = 86_400_000;

/** Trails, and what they are about by an account that knows nothing of them. USD. */
export interface SamplePeriod {
  readonly days: readonly DayTrail[];
  /** What the account gained from one day's close to the next, by the days' order. */
  readonly dayGainsUsd: readonly number[];
  /** What each closed trade gained, in the order in which they ended. */
  readonly tradeGainsUsd: readonly number[];
}

/**
 * Days of trading with trades within a day and over nights, trims, stops, sales by hand and refusals: a trail of what the
 * engine would have written, for looking at and for counting. The same for every call with the same seed.
 */
export function buildSamplePeriod(firstNy: string, dayCount: number, seed: number): SamplePeriod {
  const chance = new Prng(seed);
  const desk = new Desk(chance);
  const trails: DayTrail[] = [];
  for (let ms = Date.parse(`${firstNy}T12:00:00Z`); trails.length < dayCount; ms += DAY_MS) {
    const date = new Date(ms);
    if (date.getUTCDay() === 0 || date.getUTCDay() === 6) continue;
    trails.push(desk.trade(date.toISOString().slice(0, 10)));
  }
  return { days: trails, dayGainsUsd: desk.dayGainsUsd, tradeGainsUsd: desk.tradeGainsUsd };
}

interface Held {
  readonly symbol: string;
  readonly entryId: string;
  readonly entryUsd: number;
  readonly stopUsd: number;
  qty: number;
  priceUsd: number;
  lastCloseUsd: number;
  gainUsd: number;
}

/** The account day by day. */
class Desk {
  readonly #chance: Prng;
  readonly #held = new Map<string, Held>();
  readonly dayGainsUsd: number[] = [];
  readonly tradeGainsUsd: number[] = [];
  #equityUsd = 100_000;
  #events: RecordedEvent[] = [];
  #dateNy = "";
  #orders = 0;

  constructor(chance: Prng) {
    this.#chance = chance;
  }

  trade(dateNy: string): DayTrail {
    const beforeUsd = this.#worthUsd();
    this.#events = [];
    this.#dateNy = dateNy;
    this.#say("09:00", "engine_started", { endpoint: "paper", host: "h", version: "1" });
    this.#look("09:31");
    for (const hour of [10, 11, 12, 13, 14, 15]) {
      for (const held of [...this.#held.values()]) this.#move(held, `${hour}:10`);
      const symbol = SYMBOLS[Math.floor(this.#chance.uniform() * SYMBOLS.length)] ?? "NVDA";
      if (!this.#held.has(symbol) && this.#chance.uniform() < 0.3) {
        this.#enter(symbol, `${hour}:20`);
      } else if (!this.#held.has(symbol) && this.#chance.uniform() < 0.1) {
        this.#refuse(symbol, hour);
      }
      this.#look(`${hour}:40`);
    }
    this.#look("15:59");
    for (const held of this.#held.values()) held.lastCloseUsd = held.priceUsd;
    this.dayGainsUsd.push(this.#worthUsd() - beforeUsd);
    return { dateNy, events: this.#events };
  }

  #worthUsd(): number {
    return [...this.#held.values()].reduce(
      (sumUsd, { qty, priceUsd, entryUsd }) => sumUsd + qty * (priceUsd - entryUsd),
      this.#equityUsd,
    );
  }

  #say(timeNy: string, type: string, fields: Record<string, unknown>): void {
    const at = new Date(nyToMs(this.#dateNy, timeNy)).toISOString();
    this.#events.push({ at, type, ...fields });
  }

  #look(timeNy: string): void {
    const positions = [...this.#held.values()].map(({ symbol, qty, priceUsd, lastCloseUsd }) => ({
      symbol,
      qty,
      price_usd: priceUsd,
      last_close_usd: lastCloseUsd,
      is_managed: true,
      managed_qty: qty,
    }));
    this.#say(timeNy, "equity", { equity_usd: cents(this.#worthUsd()), positions });
  }

  #enter(symbol: string, timeNy: string): void {
    const entryUsd = cents(50 + this.#chance.uniform() * 200);
    const qty = 2 + Math.floor(this.#chance.uniform() * 9);
    const stopUsd = cents(entryUsd * 0.96);
    const entryId = `avwap-${this.#dateNy}-${symbol}-${++this.#orders}`;
    this.#say(timeNy, "intent", {
      symbol,
      client_order_id: entryId,
      qty,
      ref_price_usd: cents(entryUsd - 0.05 + this.#chance.uniform() * 0.08),
      stop_usd: stopUsd,
      r2_usd: cents(entryUsd * 1.08),
    });
    this.#held.set(symbol, {
      symbol,
      entryId,
      entryUsd,
      stopUsd,
      qty,
      priceUsd: entryUsd,
      lastCloseUsd: entryUsd,
      gainUsd: 0,
    });
    this.#fill(timeNy, { symbol, side: "buy", reason: "entry", id: entryId, qty, usd: entryUsd });
  }

  #move(held: Held, timeNy: string): void {
    held.priceUsd = cents(held.priceUsd * (1 + (this.#chance.uniform() - 0.46) * 0.03));
    const { symbol, priceUsd, entryUsd, stopUsd } = held;
    this.#say(timeNy, "price", { symbol, price_usd: priceUsd, stop_usd: stopUsd });
    if (priceUsd <= stopUsd) this.#sell(held, timeNy, "stop", held.qty);
    else if (priceUsd > entryUsd * 1.07) this.#sell(held, timeNy, "take_profit", held.qty);
    else if (this.#chance.uniform() < 0.02) this.#sell(held, timeNy, "other", held.qty);
    else if (priceUsd > entryUsd * 1.03 && held.qty > 1) {
      this.#sell(held, timeNy, "r1_trim", Math.floor(held.qty / 2));
    }
  }

  #sell(held: Held, timeNy: string, reason: string, qty: number): void {
    const { symbol, priceUsd, entryUsd, entryId } = held;
    if (reason === "r1_trim") {
      this.#say(timeNy, "exit", { symbol, reason, price_usd: priceUsd, stop_usd: held.stopUsd });
    }
    const usd = cents(priceUsd - this.#chance.uniform() * 0.04);
    const id = `${entryId}-${reason}-${++this.#orders}`;
    this.#fill(timeNy, { symbol, side: "sell", reason, id, qty, usd });
    this.#equityUsd += qty * (usd - entryUsd);
    held.gainUsd += qty * (usd - entryUsd);
    held.qty -= qty;
    if (held.qty > 0) return;
    this.#held.delete(symbol);
    this.tradeGainsUsd.push(held.gainUsd);
  }

  #fill(
    timeNy: string,
    order: {
      readonly symbol: string;
      readonly side: string;
      readonly reason: string;
      readonly id: string;
      readonly qty: number;
      readonly usd: number;
    },
  ): void {
    const { symbol, side, reason, id, qty, usd } = order;
    this.#say(timeNy, "fill", {
      symbol,
      side,
      order_id: `broker-${id}`,
      client_order_id: id,
      reason,
      filled_qty: qty,
      qty,
      filled_avg_price_usd: usd,
      filled_at: new Date(nyToMs(this.#dateNy, timeNy)).toISOString(),
    });
  }

  #refuse(symbol: string, hour: number): void {
    const usd = cents(50 + this.#chance.uniform() * 200);
    const id = `avwap-${this.#dateNy}-${symbol}-r${hour}`;
    this.#say(`${hour}:21`, "intent", {
      symbol,
      client_order_id: id,
      qty: 3,
      ref_price_usd: usd,
      stop_usd: cents(usd * 0.97),
      r2_usd: cents(usd * 1.06),
    });
    for (const minutes of [22, 27, 32]) {
      this.#say(`${hour}:${minutes}`, "verdict", {
        symbol,
        client_order_id: id,
        is_allowed: false,
        reason: "max positions reached",
        b2_start: `${this.#dateNy} ${hour}:${minutes}`,
        last_price_usd: cents(usd * (1 + (this.#chance.uniform() - 0.5) * 0.02)),
      });
    }
  }
}

function cents(usd: number): number {
  return Math.round(usd * 100) / 100;
}
