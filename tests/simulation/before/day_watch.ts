import { isEngineOrder } from "../truth.ts";
import type { Answer, Leaving, Observer } from "../observer.ts";
import type { World } from "../world.ts";
import { isDone, leftQty, type SimOrder } from "../../simulator/order.ts";
import { nyDateAt, type SimSession } from "../../simulator/sessions.ts";
import { formatNy } from "../../../src/domain/time/ny_time.ts";
import { readReason } from "../../../src/domain/order/client_order_id.ts";
import { countBareSeconds } from "./bare_time.ts";

/** What one day of a run came to, by the exchange's own books. */
export interface DayFigures {
  readonly dateNy: string;
  /** Entries, exits, and stops and targets that filled, one line each: `AAA 5`, `AAA r1_trim 2`, `AAA stop 5`. */
  readonly entries: readonly string[];
  readonly exits: readonly string[];
  readonly fills: readonly string[];
  /** Sells at work when the market closed, day orders gone: `AAA 5@99.1 gtc`. */
  readonly stops: readonly string[];
  /** Shares held when the market closed: `AAA 5`. */
  readonly held: readonly string[];
  /** Requests while the market was open, and on the day's other hours. */
  readonly requests: number;
  readonly requestsClosed: number;
  readonly bareSeconds: number;
  /** Change of the account's equity since the close before, USD. */
  readonly resultUsd: number;
  /** What else befell it, with the minute: `10:15 net lost_before on`. */
  readonly troubles: readonly string[];
}

/** What the close found. */
interface Close {
  readonly stops: readonly string[];
  readonly held: readonly string[];
  readonly equityUsd: number;
}

const TEXT_MAX = 160;
/** The kind of a trouble, without the path, order or number that it met. */
const TROUBLE_WORDS = 3;

/** Counts what an engine does with a world; it judges nothing. */
export class DayWatch implements Observer {
  readonly #requests = new Map<string, number>();
  readonly #requestsClosed = new Map<string, number>();
  readonly #troubles = new Map<string, string[]>();
  readonly #closes: Close[] = [];
  readonly #startUsd: number;
  /** Troubles, lines of the log, and requests that change orders with their answers, one line each. */
  readonly story: string[] = [];

  constructor(readonly world: World) {
    this.#startUsd = world.exchange.equityUsd;
    world.onTrouble = (what) => {
      this.#tell(`!! ${what}`);
      const dateNy = nyDateAt(world.trueMs);
      const words = what.split(" ", TROUBLE_WORDS).join(" ");
      const trouble = `${formatNy(world.trueMs).slice(11, 16)} ${words}`;
      this.#troubles.set(dateNy, [...this.#troubles.get(dateNy) ?? [], trouble]);
    };
  }

  started(): void {
    this.#tell("== the engine starts");
  }

  logged(_level: string, line: string): void {
    this.#tell(line);
  }

  event(): void {}
  alerted(): void {}
  readAnswered(): void {}

  changeAnswered({ method }: Leaving, path: string, { status, body }: Answer): void {
    this.#tell(`<- ${status} ${method} ${path} ${body.slice(0, TEXT_MAX)}`);
  }

  readLeaving(): void {
    this.#countRequest();
  }

  checkLeaving({ method, body }: Leaving, path: string): void {
    this.#countRequest();
    this.#tell(`-> ${method} ${path} ${body ?? ""}`);
  }

  closed(): void {
    const { desk, portfolio, equityUsd } = this.world.exchange;
    const working = [...desk.active.values()].flatMap((book) => book.working)
      .filter((order) => order.side === "sell" && !isDone(order));
    this.#closes.push({
      stops: working.map(formatStop).sort(),
      held: [...portfolio.positions.values()].map(({ symbol, qty }) => `${symbol} ${qty}`).sort(),
      equityUsd,
    });
  }

  /** The days that came to their close. */
  list(): DayFigures[] {
    let beforeUsd = this.#startUsd;
    return this.#closes.map(({ stops, held, equityUsd }, at) => {
      const day = this.world.days[at];
      if (day === undefined) throw new RangeError("a close of no day");
      const resultUsd = Math.round((equityUsd - beforeUsd) * 100) / 100;
      beforeUsd = equityUsd;
      return { ...this.#readDay(day), stops, held, resultUsd };
    });
  }

  #readDay(day: SimSession): Omit<DayFigures, "stops" | "held" | "resultUsd"> {
    const { exchange, strange, market } = this.world;
    const { dateNy } = day;
    const ours = exchange.orders.filter((order) => isOurs(order));
    const sent = ours.filter(({ submitted }) => nyDateAt(submitted.ms) === dateNy);
    const filled = ours.filter((order) =>
      order.side === "sell" && order.type !== "market" &&
      order.fills.some(({ atMs }) => nyDateAt(atMs) === dateNy)
    );
    const symbols = new Set(market.symbols.filter((symbol) => !strange.has(symbol)));
    return {
      dateNy,
      entries: sent.filter(({ side }) => side === "buy").map(({ symbol, qty }) =>
        `${symbol} ${qty}`
      ).sort(),
      exits: sent.filter(({ side, type }) => side === "sell" && type === "market").map((order) =>
        `${order.symbol} ${readReason(order.clientOrderId)} ${order.qty}`
      ).sort(),
      fills: filled.map((order) =>
        `${order.symbol} ${order.stopPriceUsd === null ? "target" : "stop"} ${order.filledQty}`
      ).sort(),
      requests: this.#requests.get(dateNy) ?? 0,
      requestsClosed: this.#requestsClosed.get(dateNy) ?? 0,
      troubles: (this.#troubles.get(dateNy) ?? []).sort(),
      bareSeconds: countBareSeconds(exchange.orders, day, symbols),
    };
  }

  #tell(text: string): void {
    this.story.push(`${formatNy(this.world.trueMs)} ${text}`);
  }

  #countRequest(): void {
    const { trueMs, exchange } = this.world;
    const counts = exchange.sessions.at(trueMs) === null ? this.#requestsClosed : this.#requests;
    const dateNy = nyDateAt(trueMs);
    counts.set(dateNy, (counts.get(dateNy) ?? 0) + 1);
  }
}

/** The engine's own, a bracket's legs among them. */
function isOurs(order: SimOrder): boolean {
  return isEngineOrder(order) || (order.parent !== null && isEngineOrder(order.parent));
}

function formatStop(order: SimOrder): string {
  const { symbol, stopPriceUsd, limitPriceUsd, timeInForce } = order;
  return `${symbol} ${leftQty(order)}@${stopPriceUsd ?? limitPriceUsd ?? "market"} ${timeInForce}`;
}
