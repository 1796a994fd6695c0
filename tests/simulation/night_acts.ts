import { isDone } from "../simulator/order.ts";
import { buildRefusal } from "../simulator/wire.ts";
import { FOREIGN_SYMBOL } from "./market.ts";
import { restart } from "./file_acts.ts";
import type { Prng } from "./prng.ts";
import { KILL_PATH, type World } from "./world.ts";

const MINUTE_MS = 60_000;
const UNPROCESSABLE = 42210000;

/** What makes shares bare around the close and in the night, and what else happens in it. */
export class NightActs {
  constructor(readonly world: World, readonly chance: Prng) {}

  /** Plans the nights: after each session that another one follows. */
  plan(): void {
    const { world, chance } = this;
    world.days.forEach(({ openMs, closeMs }, at) => {
      const next = world.days[at + 1];
      const nightMs = (next?.openMs ?? closeMs + 20 * MINUTE_MS) - closeMs;
      const someTime = () => closeMs + chance.uniform() * nightMs;
      if (chance.isHit(0.5)) {
        world.plan(closeMs - chance.pick([1, 3, 9, 200]) * 1000, () => this.#cancel());
      }
      if (chance.isHit(0.4)) world.plan(someTime(), () => this.#cancel());
      if (chance.isHit(0.3)) {
        world.plan(closeMs - 12 * MINUTE_MS, () => this.#kill(chance.whole(5, 600) * MINUTE_MS));
      }
      if (chance.isHit(0.3)) world.plan(someTime(), () => restart(world));
      if (chance.isHit(0.3)) this.#refuse(closeMs + 200, closeMs + nightMs - MINUTE_MS);
      if (next === undefined || !chance.isHit(0.4)) return;
      const dayNy = next.dateNy;
      // After the day's entries were asked for: what is held over the night may have one.
      world.plan((openMs + closeMs) / 2, () => this.#announce(dayNy));
    });
  }

  /** A hand cancels the stops of a symbol that is held. */
  #cancel(): void {
    const { world, chance } = this;
    const held = [...world.exchange.portfolio.positions.keys()].filter((symbol) =>
      symbol !== FOREIGN_SYMBOL && !world.strange.has(symbol)
    );
    if (held.length === 0) return;
    const symbol = chance.pick(held);
    world.trouble(`night cancel in ${symbol}`);
    for (const order of [...world.exchange.desk.active.get(symbol)?.working ?? []]) {
      if (order.side === "sell" && order.isActive && !isDone(order)) {
        world.exchange.desk.cancel(order);
      }
    }
  }

  #kill(ms: number): void {
    const { world } = this;
    if (world.disk.has(KILL_PATH)) return;
    world.disk.put(KILL_PATH, "");
    world.trouble("night kill switch");
    world.plan(world.trueMs + ms, () => {
      if (!world.disk.has(KILL_PATH)) return;
      world.disk.take(KILL_PATH);
      world.trouble("night kill switch is off");
    });
  }

  /** The broker takes no stop as long as the market is closed. */
  #refuse(fromMs: number, untilMs: number): void {
    const { world } = this;
    const { behaviour } = world.exchange;
    const before = behaviour.refuseOrder;
    world.plan(fromMs, () => {
      world.note("the broker takes no stop at night");
      behaviour.refuseOrder = (terms) =>
        terms.stopPriceUsd === null
          ? null
          : buildRefusal(422, UNPROCESSABLE, "asset is not tradable");
    });
    world.plan(untilMs, () => {
      behaviour.refuseOrder = before;
    });
  }

  #announce(dayNy: string): void {
    const { world, chance } = this;
    const symbol = chance.pick(world.market.symbols);
    const row = { id: "n1", symbol, cusip: "1", new_rate: 4, old_rate: 1 };
    world.note(`a split of ${symbol} is announced for ${dayNy}`);
    world.exchange.corporateActions.push({
      group: "forward_splits",
      row: { ...row, process_date: dayNy, ex_date: dayNy },
    });
  }
}
