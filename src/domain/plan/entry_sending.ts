import { isActionAsked, isActionDue } from "../account/corporate_action.ts";
import { buildEntryRecord } from "../entry/entry_record.ts";
import { SKIP } from "../entry/skip_reason.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import { hasNeverLeft } from "../order/ledger.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import { type Candidacy, isEarly, type Judged } from "./entry_judging.ts";
import { read } from "./entry_step.ts";
import { buildDeadlineMs, RECORD_AGE_MAX_MS } from "./sell_record.ts";
import { noteEntry } from "./settle_entry.ts";
import type { EntryPlanned, EntryQuestion, RecordPart } from "./step.ts";
import { CONVERT_BEFORE_CLOSE_MS } from "./time_left.ts";
import { FACT_AGE_MAX_MS } from "./view.ts";
import type { EntryWorld } from "./world.ts";

/** So long what an entry is judged by has to answer yet when its record is begun: a record takes its time. Milliseconds. */
const RECORD_ROOM_MS = 1_000;

/**
 * Whether a split, merger, name change or removal of the symbol is due by the next session: asked once a NY day, before the
 * broker is looked at for it; not answered blocks nothing (pipeline 4).
 * @returns `null` where nothing of it keeps the entry.
 */
export function askAboutActions(
  { records: { alerted }, now: { dateNy }, desk }: EntryWorld,
  { listed }: Candidacy,
  { intent }: Extract<Judged, { readonly kind: "allowed" }>,
  candidates: readonly Candidacy[],
): EntryPlanned | Extract<Judged, { readonly kind: "over" }> | null {
  const { symbol } = listed;
  const isOpen = !isActionAsked(alerted, symbol, dateNy) && !desk.turn.actionsAsked.has(symbol);
  if (isOpen) {
    // Those that are due with it go into the same request.
    const symbols = [...new Set(candidates.map(({ listed }) => listed.symbol))].sort();
    return read([{ ask: "corporate_actions", symbols }]);
  }
  if (!isActionDue(alerted, symbol, dateNy)) return null;
  const value = { kind: "skipped", reason: SKIP.corporateAction, isOnce: true } as const;
  return { kind: "over", say: [noteEntry(intent, value)] };
}

/** Asks for what is not of now, and sends. */
export function planSending(
  world: EntryWorld,
  { listed, isRepeat }: Candidacy,
  { intent, decision, notionalMicros, say }: Extract<Judged, { readonly kind: "allowed" }>,
): EntryPlanned {
  const { desk, now, records } = world;
  const notBeforeMs = isEarly(world, listed) ? listed.scheduledAtMs : null;
  // Made ready before its moment, as of that moment: between it and the request lie record and gate alone.
  const nowMs = notBeforeMs ?? now.brokerMs;
  const leftMs = readFactsLeftMs(world, listed.symbol) - (nowMs - now.brokerMs);
  const isOfNow = notBeforeMs !== null || leftMs >= RECORD_ROOM_MS || world.turn.isLookNew;
  if (desk.turn.gateFor !== listed.clientOrderId || !isOfNow) {
    const gate = { ask: "gate", clientOrderId: listed.clientOrderId } as const;
    return read([...listOld(world, listed), gate]);
  }
  const { clientOrderId, symbol, qty } = intent;
  const deadlineAtMs = buildDeadlineMs(nowMs);
  const entry = buildEntryRecord(intent, { notionalMicros, nowMs, deadlineAtMs });
  const past = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  const mayHaveLeft = past !== undefined && !hasNeverLeft(past);
  // In one change of the document with its record: it stands on the list for as long as it is neither decided nor on record.
  const offList: RecordPart[] = isRepeat ? [] : [{ kind: "off_list", intents: [listed] }];
  return {
    step: {
      do: "send",
      change: [{ kind: "orders", entries: [entry] }, ...offList],
      request: {
        op: "bracket",
        request: {
          clientOrderId,
          symbol,
          qty,
          takeProfitUsd: roundToIncrement(intent.r2Usd),
          stopUsd: roundToIncrement(intent.stopUsd),
        },
        notBeforeMs,
        notAfterMs: Math.min(
          intent.expiresAtMs,
          // What it was judged by answers for so long, and no longer (interface, Gate).
          nowMs + Math.min(Math.max(leftMs, RECORD_ROOM_MS), RECORD_AGE_MAX_MS),
          now.brokerMs + now.untilCloseMs - CONVERT_BEFORE_CLOSE_MS,
        ),
        earlier: mayHaveLeft ? { notFoundSinceMs: past.notFoundSinceMs } : null,
      },
      permit: { kind: "gate", decision },
      positionId: clientOrderId,
      done: [],
    },
    // Said before its moment, and once, though the moment was missed.
    say: desk.turn.momentFor === listed.clientOrderId ? [] : say,
  };
}

/**
 * Whether the entry is left to the next cycle: this one may not wait for its moment, or something has ended the wait, be it at
 * the moment itself.
 */
export function isPutOff(world: EntryWorld, { listed }: Candidacy): boolean {
  const { pauseEndMs, turn: { isDisturbed, momentFor } } = world.desk;
  if (!isEarly(world, listed)) return isDisturbed && momentFor === listed.clientOrderId;
  return isDisturbed || !(listed.scheduledAtMs < pauseEndMs);
}

/** For how long yet all that an entry is judged by is young enough for it to leave, ms; below 0 where something is too old. */
function readFactsLeftMs({ desk, seen, now }: EntryWorld, symbol: string): number {
  const facts = [desk.turn.prices.get(symbol), seen.account, seen.positions, seen.openOrders];
  const oldestMs = Math.min(...facts.map((fact) => fact?.atMs ?? -Infinity));
  return oldestMs + FACT_AGE_MAX_MS - now.monotonicMs;
}

/**
 * What has to be asked again, because it would be too old at the moment that the entry leaves at. Positions and orders come last, since an order that somebody else sent
 * while the others were read must be seen; one look at them is good for all that leave within the age of a fact.
 */
function listOld(
  { desk, seen, now, turn }: EntryWorld,
  { symbol, scheduledAtMs }: EntryIntent,
): EntryQuestion[] {
  const leavesMs = now.monotonicMs + Math.max(0, scheduledAtMs - now.brokerMs);
  const isOld = (fact: { readonly atMs: number } | null | undefined) =>
    leavesMs - (fact?.atMs ?? -Infinity) > FACT_AGE_MAX_MS - RECORD_ROOM_MS;
  const price = isOld(desk.turn.prices.get(symbol));
  const account = isOld(seen.account);
  const lists = turn.looks === 0 || price || account || isOld(seen.positions) ||
    isOld(seen.openOrders);
  if (!lists) return [];
  return [
    ...(price ? [{ ask: "prices", symbols: [symbol] } as const] : []),
    ...(account ? [{ ask: "account" } as const] : []),
    { ask: "positions" },
    { ask: "open_orders" },
    // What was sold, or fell, since the cycle looked is lost too.
    { ask: "day_loss" },
  ];
}
