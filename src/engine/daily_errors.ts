import type { Engine } from "./engine.ts";

/** Both exits of a bracket can fill in a fast market (broker.md); the engine never sells short, and never buys back. */
export function sayShort(engine: Engine, symbol: string, qty: number): void {
  sayOnceADay(
    engine,
    `short:${symbol}:${qty}`,
    `SHORT position ${symbol} qty=${qty} at the broker: buy it back by hand; the engine does not touch it`,
  );
}

/** An error that the log goes on counting and Slack has once a NY day. @returns Whether it is the day's first time. */
export function sayOnceADay(engine: Engine, key: string, message: string): boolean {
  const isFirst = engine.isNews(key, engine.dateNy());
  if (isFirst) engine.sayError(message);
  else engine.ports.log.error(message);
  return isFirst;
}
