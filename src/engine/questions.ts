import type { MarketClock } from "../domain/time/market.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import type { BrokerAccount, BrokerOrder, BrokerPosition } from "../domain/order/orders.ts";
import type { Read } from "../domain/plan/shown.ts";
import type { Engine } from "./engine.ts";
import type { Listing } from "./ports.ts";

/** The broker's clock, and when it was asked for, by monotonic time. */
interface ClockAnswer {
  readonly askedMs: number;
  readonly read: Read<MarketClock>;
}

/** What a cycle asks the broker at its beginning. None of these rejects for what the broker or the network does. */
export interface Questions {
  clock(): Promise<ClockAnswer>;
  account(): Promise<Read<BrokerAccount>>;
  positions(): Promise<Read<Listing<BrokerPosition>>>;
  openOrders(): Promise<Read<Listing<BrokerOrder>>>;
  /** All orders submitted since the NY day began. */
  dayOrders(dateNy: string): Promise<Read<Listing<BrokerOrder>>>;
}

/** Each asked for when it is wanted, one after the other. */
export function buildQuestions(engine: Engine): Questions {
  const { broker, clock } = engine.ports;
  return {
    clock: async () => {
      const askedMs = clock.monotonicMs();
      return { askedMs, read: await engine.read(() => broker.readClock()) };
    },
    account: () => engine.read(() => broker.readAccount()),
    positions: () => engine.read(() => broker.listPositions()),
    openOrders: () => engine.read(() => broker.listOrders({ status: "open" })),
    dayOrders: (dateNy) => {
      const afterMs = nyToMs(dateNy, "00:00");
      return engine.read(() => broker.listOrders({ status: "all", afterMs }));
    },
  };
}

/**
 * All of them asked now, in the time of the slowest (pipeline 5, "From ten minutes before the close"). The day is the
 * host's: where the broker's is another, its orders are asked for again.
 */
export function askTogether(engine: Engine): Questions {
  const questions = buildQuestions(engine);
  const todayNy = dateNyOf(engine.nowMs());
  const clock = questions.clock();
  const account = questions.account();
  const positions = questions.positions();
  const openOrders = questions.openOrders();
  const dayOrders = questions.dayOrders(todayNy);
  const all = Promise.all([clock, account, positions, openOrders, dayOrders]);
  return {
    clock: async () => {
      // Whatever the clock says: nothing of it is left under way.
      await all;
      return await clock;
    },
    account: () => account,
    positions: () => positions,
    openOrders: () => openOrders,
    dayOrders: (dateNy) => dateNy === todayNy ? dayOrders : questions.dayOrders(dateNy),
  };
}
