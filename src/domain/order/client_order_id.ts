import { EXIT_REASONS, type ExitReason, isExitReason } from "../exit/exit_rules.ts";

declare const brand: unique symbol;

/** The name that we give an order before it leaves; unique for the account, at most 128 characters (broker.md). */
export type ClientOrderId = string & { readonly [brand]: "ClientOrderId" };

/** Every order of ours begins with it. */
export const OUR_PREFIX = "avwap-";
/** Orders of the operator's `flatten`: recorded by reconciliation without calling it a mismatch. */
export const FLATTEN_PREFIX = "avwap-flatten-";

/** Why a sell or a stop of ours exists. */
export type SellReason = ExitReason | "stop";

/**
 * The id of an entry: a function of account, NY date, symbol and attempt, so that a restart, and a second engine on the
 * account, make the same one, of which the broker takes one (pipeline 6). Release 0.1.0 ended it with the time of
 * confirmation in base 36: such ids stay valid on record.
 * @param entry `attempt` is 1 or more and rises only where the broker itself rejected the one before.
 */
export function buildEntryId(
  entry: {
    readonly accountId: string;
    readonly dateNy: string;
    readonly symbol: string;
    readonly attempt: number;
  },
): ClientOrderId {
  const { accountId, dateNy, symbol, attempt } = entry;
  return `${OUR_PREFIX}${dateNy}-${symbol}-${hashText(accountId)}-${attempt}` as ClientOrderId;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * FNV-1a over the text's code units, as 8 hexadecimal digits: short enough to read, and never a word of the other ids
 * (`adopted`, `stop`). Texts that differ in one place always differ in it; it hides nothing, and need not.
 */
function hashText(text: string): string {
  let hash = FNV_OFFSET;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME) >>> 0;
  }
  return hash.toString(16).padStart(8, "0");
}

/**
 * The id of a position that this engine adopted instead of bought; takes the entry id's place in its sells' ids. The
 * moment is part of it: a symbol adopted twice in a day must not find the first round's sells done.
 */
export function buildAdoptionId(
  position: {
    readonly dateNy: string;
    readonly symbol: string;
    readonly adoptedAtMs: number;
  },
): ClientOrderId {
  const { dateNy, symbol, adoptedAtMs } = position;
  return `${OUR_PREFIX}${dateNy}-${symbol}-adopted-${adoptedAtMs.toString(36)}` as ClientOrderId;
}

/** When a position was adopted, read back from its adoption id, Unix ms; `null` for an id of another form. */
export function readAdoptedAtMs(positionId: string): number | null {
  const text = /-adopted-([0-9a-z]{1,10})$/.exec(positionId)?.[1];
  return text === undefined ? null : parseInt(text, 36);
}

/**
 * The id of a sell or stop: a function of the position's entry order, the reason and the attempt (pipeline 6).
 * @param sell `attempt` is 1 or more and rises only when the one before ended unfilled; a stop's counts its placements.
 */
export function buildSellId(
  sell: { readonly positionId: string; readonly reason: SellReason; readonly attempt: number },
): ClientOrderId {
  return `${sell.positionId}-${sell.reason}-${sell.attempt}` as ClientOrderId;
}

const SELL_REASONS: readonly SellReason[] = [...EXIT_REASONS, "stop"];

/** Whether a text is the reason of a sell or stop of ours. */
export function isSellReason(reason: string | null): reason is SellReason {
  return reason === "stop" || isExitReason(reason);
}

const SELL_ID = new RegExp(`^(.*)-(${SELL_REASONS.join("|")})-(\\d{1,6})$`);

/** A sell's reason, read back from its id; `null` for an id of another form. */
export function readReason(clientOrderId: string): SellReason | null {
  const reason = SELL_ID.exec(clientOrderId)?.[2] ?? null;
  return isSellReason(reason) ? reason : null;
}

/** The position that a sell of ours belongs to, read back from its id; `null` for an id of another form. */
export function readPositionId(clientOrderId: string): string | null {
  return SELL_ID.exec(clientOrderId)?.[1] ?? null;
}

/** The attempt of a sell of ours, read back from its id; `null` for an id of another form. */
export function readAttempt(clientOrderId: string): number | null {
  const text = SELL_ID.exec(clientOrderId)?.[3];
  return text === undefined ? null : Number(text);
}

/** Whether the id is of an order that this engine (or its `flatten`) named. */
export function isOurs(clientOrderId: string): boolean {
  return clientOrderId.startsWith(OUR_PREFIX);
}

/** Whether the id is of the operator's `flatten`. */
export function isFlatten(clientOrderId: string): boolean {
  return clientOrderId.startsWith(FLATTEN_PREFIX);
}

/**
 * An id read back from a file or the broker.
 * @returns `null` where it is not one of ours.
 */
export function parseOurId(text: string): ClientOrderId | null {
  return isOurs(text) && text.length <= 128 ? text as ClientOrderId : null;
}
