import {
  type FlattenScope,
  isInScope,
  isToClose,
  listBarePositions,
  listUnreadableLeft,
  listWorking,
} from "../domain/plan/flatten_plan.ts";
import { EXIT } from "./exit_status.ts";
import { listDoubts, listVanished, type Look } from "./flatten_look.ts";
import { formatDoubts, formatEnd, formatNothingThere, formatUnread } from "./flatten_text.ts";
import { PROGRAM } from "./version.ts";

/** Whether the broker shows nothing at all in the one symbol that was named: perhaps it was mistyped. */
export function isEmptyIn({ orders, positions, unreadable }: Look, scope: FlattenScope): boolean {
  return scope.symbol !== null && unreadable.length === 0 &&
    listWorking(orders, scope).length === 0 &&
    !positions.some(({ symbol, qty }) => qty !== 0 && isInScope(scope, symbol));
}

/** Says what is left, and whether that is all that was asked for. @returns The exit status. */
export function sayEnd(
  look: Look,
  { scope, isNothingThere }: { readonly scope: FlattenScope; readonly isNothingThere: boolean },
  say: (line: string) => void,
): number {
  const orders = listWorking(look.orders, scope)
    .map((order) => `${order.symbol} ${order.side} ${order.qty ?? "?"} (${order.status})`);
  const isLeft = (symbol: string) =>
    scope.isClosing ? isToClose(scope, symbol) : isInScope(scope, symbol);
  const listHeld = (isWanted: boolean) =>
    look.positions.filter(({ symbol }) => isInScope(scope, symbol) && isLeft(symbol) === isWanted)
      .map(({ symbol, qty }) => `${symbol} ${qty}`);
  const positions = [
    ...listHeld(true),
    ...listVanished({ scope }, look).map(({ symbol, qty }) =>
      `${symbol} ${qty} (not shown any more, and no sell explains that: look there)`
    ),
  ];
  const kept = listHeld(false);
  const unreadable = listUnreadableLeft(look.unreadable, scope);
  const left = { symbol: scope.symbol, orders, positions, kept };
  formatEnd(left, listBarePositions(look.positions, look.orders)).forEach(say);
  formatUnread(unreadable).forEach(say);
  const doubts = listDoubts({ scope }, look);
  formatDoubts(doubts).forEach(say);
  const isDone = orders.length === 0 && (!scope.isClosing || positions.length === 0) &&
    unreadable.length === 0 && doubts.length === 0;
  const nothing = isNothingThere ? `${formatNothingThere(scope, look.positions)} ` : "";
  say(
    isDone
      ? `Done. ${nothing}The kill switch stays on; ${PROGRAM} resume takes it away.`
      : `NOT DONE: look at what is left. The kill switch stays on.`,
  );
  return isDone ? EXIT.done : EXIT.notSo;
}
