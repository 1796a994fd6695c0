import type { ManagedPosition } from "../domain/engine_state.ts";
import type { Holding } from "../domain/position_account.ts";
import type { Engine } from "./engine.ts";

/** Says what a hand bought beside a managed position, and what it sold of it: each number once (pipeline 5). */
export function sayHand(
  engine: Engine,
  { symbol, positionId, besideQty }: ManagedPosition,
  holdings: readonly Holding[],
): void {
  // What was beside them from the beginning was said then.
  const handQty = Math.min(...holdings.map((each) => each.handQty)) - besideQty;
  const takenQty = Math.min(...holdings.map((each) => each.takenQty));
  const isBought = handQty > 0 && engine.isNews(`hand_bought:${positionId}`, String(handQty));
  const isTaken = takenQty > 0 && engine.isNews(`hand_sold:${positionId}`, String(takenQty));
  const texts = [
    ...(isBought
      ? [
        `${symbol}: ${handQty} shares bought by hand are yours: the engine neither sells nor stops them, and goes on ` +
        `with its own`,
      ]
      : []),
    ...(isTaken
      ? [
        `${symbol}: ${takenQty} shares of the engine's were sold by hand: it goes on with what is left of its own`,
      ]
      : []),
  ];
  for (const text of texts) {
    engine.ports.log.warn(text);
    engine.alert({ level: "WARNING", title: "Shares moved by hand", text });
  }
}
