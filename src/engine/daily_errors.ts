import type { Engine } from "./engine.ts";

/** Both exits of a bracket can fill in a fast market (broker.md); the engine never sells short, and never buys back. */
export function sayShort(engine: Engine, symbol: string, qty: number): void {
  sayOnceADay(
    engine,
    `short:${symbol}:${qty}`,
    {
      problem: `SHORT position ${symbol} qty=${qty} at the broker: the engine does not touch it`,
      remedy: "buy it back by hand",
    },
  );
}

/** What is wrong, and what the operator can do about it. */
export interface ProblemAndRemedy {
  readonly problem: string;
  readonly remedy: string;
}

/** An error that the log goes on counting and Slack has once a NY day. @returns Whether it is the day's first time. */
export function sayOnceADay(engine: Engine, key: string, said: ProblemAndRemedy): boolean {
  const { problem, remedy } = said;
  const isFirst = engine.isNews(key, engine.dateNy());
  if (isFirst) engine.sayError(problem, remedy, { isDistinct: true });
  else engine.ports.log.error(`${problem}. Do: ${remedy}`);
  return isFirst;
}
