import { findAccountBlock } from "../account/account_block.ts";
import type { ManagedPosition } from "../account/engine_state.ts";
import { isMissing, readShares } from "../account/position_shares.ts";
import {
  findHeld,
  findSellGroups,
  hasWorkingBuy,
  isEntryWorking,
  type Sight,
} from "../account/sight.ts";
import { ABSENT, isShort, type StandingReason } from "../account/standing.ts";
import { formatCounted } from "../counted.ts";
import { formatGateReason } from "../gate/gate.ts";
import { formatPriceUsd } from "../order/money.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import {
  isLowered,
  isObstacle,
  listMarketSells,
  listTelling,
  type SellGroup,
} from "../order/protection.ts";
import { describeSell, explainSell } from "../order/sell_words.ts";
import { formatUnreadable, listDistinct } from "../order/unreadable_row.ts";
import type { EndWorld } from "./cycle_end.ts";
import { isLeftToHand } from "./protect.ts";

/** What keeps the exit rules from being decided for a position in this look; `null` where nothing does. */
export function findBlind(
  { end: { market, clockProblem, look } }: EndWorld,
  sight: Sight,
  position: ManagedPosition,
): StandingReason | null {
  const { symbol, unexplainedQty } = position;
  if (market === null) {
    const why = clockProblem === null ? "" : `: ${clockProblem}`;
    return { code: "clock", text: `the broker's clock can't be read${why}` };
  }
  const rows = look === null ? [] : listDistinct(look.unreadable);
  const row = rows.find((each) => each.symbol === symbol);
  if (row !== undefined) {
    return { code: "row", text: `a row of this symbol can't be read (${formatUnreadable(row)})` };
  }
  if (look?.positions.kind === "failed") {
    return { code: "positions", text: `positions can't be read (${look.positions.failure})` };
  }
  if (unexplainedQty !== null) return describeUnexplained(position, unexplainedQty);
  if (look === null) return null;
  const count = readShares(sight, position);
  if (count === null) return { code: "past", text: "its earlier orders can't be read" };
  return isMissing(sight, position, count) ? ABSENT : null;
}

function describeUnexplained(position: ManagedPosition, qty: number): StandingReason {
  const shown = `the broker shows ${formatCounted(qty, "share")}`;
  return isShort(position)
    ? { code: "short", text: `it is SHORT: ${shown}` }
    : { code: "split", text: `${shown}, which no order explains (a split?)` };
}

/** Everything else that keeps a position's shares bare or its exits waiting, the most telling first. */
export function listReasons(
  world: EndWorld,
  sight: Sight,
  position: ManagedPosition,
): StandingReason[] {
  const { operator: { objection }, end: { market, look, hindrances } } = world;
  const { symbol } = position;
  const account = look?.account.kind === "ok" ? findAccountBlock(look.account.value) : null;
  const hindrance = hindrances.get(symbol);
  const groups = findSellGroups(sight, symbol) ?? [];
  const heldQty = findHeld(sight, symbol)?.qty ?? 0;
  const isOwnBuy = heldQty > 0 && isEntryWorking(sight, position);
  const reasons: (StandingReason | null)[] = [
    // First: it holds the shares, so that what would help otherwise does not.
    ...listLowered(position, groups),
    market !== null && !market.isOpen ? { code: "closed", text: "the market is closed" } : null,
    objection === null ? null : { code: "gate", text: formatGateReason(objection) },
    account === null ? null : { code: "account", text: `account blocked (${account})` },
    isOwnBuy && look?.openOrders.kind === "ok"
      ? {
        code: "entry",
        text: "its entry still works at the broker, which takes no sell beside it",
      }
      : null,
    !isOwnBuy && hasWorkingBuy(sight, symbol)
      ? {
        code: "buy",
        text: "a buy of somebody's rests in the symbol, beside which the broker takes no sell",
      }
      : null,
    ...listUnclear(world, position, groups),
    // A blocked account is what it was refused for, and said above.
    hindrance === undefined || (account !== null && hindrance.includes(account))
      ? null
      : { code: "refused", text: hindrance },
    listMarketSells(groups).length > 0
      ? { code: "selling", text: "its sell works at the broker and has not filled (a halt?)" }
      : null,
    groups.some((group) => group.isLeaving)
      ? { code: "leaving", text: "a cancel or replacement is under way at the broker" }
      : null,
  ];
  return reasons.filter((reason) => reason !== null);
}

/** Stops of ours that a hand has moved below the engine's: they are raised in LIVE hours alone. */
function listLowered(
  { stopUsd }: ManagedPosition,
  groups: readonly SellGroup[],
): StandingReason[] {
  return groups.filter((group) => isLowered(group, roundToIncrement(stopUsd))).map((group) => ({
    code: "lowered",
    text: `its stop rests at ${formatPriceUsd(group.stopUsd)}, below the engine's ` +
      `${formatPriceUsd(roundToIncrement(stopUsd))}; ` +
      "it is put back while the market is open and the gate is LIVE",
  }));
}

/** Sells that keep a position's shares from being stopped. */
function listUnclear(
  world: EndWorld,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): StandingReason[] {
  return groups.flatMap((group) => {
    const code = findCode(world, position, group);
    const [order] = listTelling(group);
    if (code === null || order === undefined) return [];
    const isLeft = code === "hand";
    const why = explainSell(position, { standing: group.standing, isLeft });
    return [{ code, text: `its ${describeSell(order)}: ${why}` }];
  });
}

function findCode(
  { records }: EndWorld,
  position: ManagedPosition,
  group: SellGroup,
): string | null {
  if (group.standing === "bound" || group.standing === "unknown") return group.standing;
  if (isLeftToHand(records, position, group)) return "hand";
  return isObstacle(group, roundToIncrement(position.stopUsd)) ? "obstacle" : null;
}
