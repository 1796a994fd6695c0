import { formatCloseCommand } from "../domain/alert/alert_facts.ts";
import type { ClosedAction } from "../domain/plan/closed_stop.ts";
import {
  ACTION_DUE,
  ACTIONS_ASKED,
  type CorporateAction,
  type DueAction,
  findLastDayNy,
  formatConsequence,
  listDueActions,
} from "../domain/account/corporate_action.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import type { Engine } from "./engine.ts";
import { type ListsRead, readByLists } from "./symbol_lists.ts";
import { formatSymbolNames } from "./symbol_notices.ts";

/** Most time for one look: an entry waits for it. */
const LOOK_MS = 3_000;
/** After a look that was not answered, none for this long. */
const PAUSE_MS = 10 * 60_000;
/** Most waiting intents whose symbols are asked for ahead in a cycle: far more than the caps let leave. */
const INTENTS_ASKED_MAX = 50;
const DAY_MS = 86_400_000;
/** The broker filters by process date, which can lie before and long after the ex-date. */
const DAYS_BEHIND = 7;
const DAYS_AHEAD = 60;

/** State key: the next session for which a symbol was asked. */
const ASKED_AHEAD = "corporate actions asked up to";
/** What was answered ahead, each with its last day up to the session that the value names. */
const AHEAD = "corporate action ahead";
const SAID = "corporate action said";

/**
 * Asks for actions by the next session in symbols of due intents that were not asked for today (pipeline 4): once a NY day,
 * over restarts; what is answered is on record.
 */
export async function askForEntries(engine: Engine, symbols: readonly string[]): Promise<void> {
  const { observation } = engine;
  if (observation === null) return;
  const value = engine.dateNy();
  const open = symbols.filter((symbol) => !isAsked(engine, ACTIONS_ASKED, symbol, value));
  await look(engine, open, { clock: observation.clock, key: ACTIONS_ASKED, value });
}

/**
 * Warns of what happens to managed positions by the next session: asked in the first cycle of a session, and after its
 * close for the next one. Symbols of waiting intents go into the same request, so that none of them waits for it when it
 * is due (pipeline 4).
 */
export async function noticeCorporateActions(engine: Engine, clock: MarketClock): Promise<void> {
  if (!engine.isStateLoaded || engine.isForeignState || engine.isOutOfTime(LOOK_MS)) return;
  const key = clock.isOpen ? ACTIONS_ASKED : ASKED_AHEAD;
  const value = clock.isOpen ? engine.dateNy() : dateNyOf(clock.nextOpenMs);
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  const entering = clock.isOpen && engine.gateMode === "LIVE" ? listSoonest(engine) : [];
  const symbols = [...new Set([...managed, ...entering])]
    .filter((symbol) => !isAsked(engine, key, symbol, value));
  for (const action of await look(engine, symbols.sort(), { clock, key, value })) {
    if (managed.has(action.symbol)) sayDue(engine, action);
  }
}

/** Symbols of the waiting intents, the soonest due first. */
function listSoonest({ state }: Engine): readonly string[] {
  return state.intents.toSorted((a, b) => a.scheduledAtMs - b.scheduledAtMs)
    .slice(0, INTENTS_ASKED_MAX).map((intent) => intent.symbol);
}

/**
 * What is known of a symbol's actions from the last close to the next open (pipeline 5, "While the market is closed"). The day
 * of the last session counts: what comes after its close has no other date. Where that day is not known, all that was
 * answered counts.
 */
export function findClosedAction(
  engine: Engine,
  symbol: string,
  { nextOpenMs }: Pick<MarketClock, "nextOpenMs">,
): ClosedAction {
  const nextSessionNy = dateNyOf(nextOpenMs);
  if (!isAsked(engine, ASKED_AHEAD, symbol, nextSessionNy)) return { kind: "unanswered" };
  const nowMs = engine.nowMs();
  const lastNy = engine.calendar?.sessions.findLast(({ closeMs }) => closeMs <= nowMs)?.dateNy ??
    "";
  const prefix = `${AHEAD} ${symbol} `;
  for (const [key, value] of Object.entries(engine.state.alerted)) {
    if (value !== nextSessionNy || !key.startsWith(prefix)) continue;
    const text = key.slice(prefix.length);
    if (text.slice(0, lastNy.length) >= lastNy) return { kind: "due", text };
  }
  return { kind: "none" };
}

function isAsked(engine: Engine, key: string, symbol: string, value: string): boolean {
  return engine.state.alerted[`${key} ${symbol}`] === value;
}

/** Asks for symbols that were not asked yet, and remembers the answer. @returns What is due in them. */
async function look(
  engine: Engine,
  symbols: readonly string[],
  { clock, key, value }: {
    readonly clock: MarketClock;
    readonly key: string;
    readonly value: string;
  },
): Promise<DueAction[]> {
  const { marketData, clock: host } = engine.ports;
  if (symbols.length === 0 || host.monotonicMs() < engine.actionsPausedUntilMs) return [];
  const days = buildDays(engine, clock);
  const range = {
    fromNy: addDays(days.todayNy, -DAYS_BEHIND),
    toNy: addDays(days.nextSessionNy, DAYS_AHEAD),
  };
  const read = await readByLists(engine, {
    what: "corporate actions",
    symbols,
    timeMs: LOOK_MS,
    ask: (query) => marketData.listCorporateActions({ ...query, range }),
  });
  const due = symbols.flatMap((symbol) => listDueActions(read.rows.get(symbol) ?? [], days));
  remember(engine, [
    ...(key === ASKED_AHEAD ? listAhead(read, symbols, days.nextSessionNy) : []),
    ...[...read.answered].map((symbol) => [`${key} ${symbol}`, value] as const),
    ...due.map((each) => [`${ACTION_DUE} ${formatDue(each)}`, engine.dateNy()] as const),
  ]);
  if (read.unanswered.length > 0) {
    engine.actionsPausedUntilMs = host.monotonicMs() + PAUSE_MS;
    sayUnanswered(
      engine,
      read.unanswered,
      read.trouble?.message ?? "refused together with another",
    );
  }
  return due;
}

/** Today's own session counts until it has closed. */
function buildDays(
  engine: Engine,
  clock: MarketClock,
): { readonly todayNy: string; readonly nextSessionNy: string } {
  const dateNy = engine.dateNy();
  const nextSessionNy = dateNyOf(clock.nextOpenMs);
  const isOver = !clock.isOpen && nextSessionNy > dateNy;
  return { todayNy: isOver ? addDays(dateNy, 1) : dateNy, nextSessionNy };
}

function addDays(dateNy: string, days: number): string {
  return dateNyOf(nyToMs(dateNy, "12:00") + days * DAY_MS);
}

function remember(engine: Engine, facts: readonly (readonly [key: string, value: string])[]): void {
  if (facts.length === 0) return;
  engine.updateState({ alerted: { ...engine.state.alerted, ...Object.fromEntries(facts) } });
}

/** The day comes first: it is compared with that of the last session. A row that can't be read may mean any. */
function listAhead(
  { rows, malformed }: ListsRead<readonly CorporateAction[]>,
  symbols: readonly string[],
  nextSessionNy: string,
): (readonly [key: string, value: string])[] {
  const texts = symbols.flatMap((symbol) => [
    ...(malformed.has(symbol) ? [`${symbol} ${nextSessionNy} one that can't be read`] : []),
    ...(rows.get(symbol) ?? []).flatMap((action) => {
      const dayNy = findLastDayNy(action, nextSessionNy);
      return dayNy === null ? [] : [`${symbol} ${dayNy} ${action.text}`];
    }),
  ]);
  return texts.map((text) => [`${AHEAD} ${text}`, nextSessionNy] as const);
}

/** Starts with the symbol: the key of what is due is looked for by it. */
function formatDue({ symbol, text, dueNy }: DueAction): string {
  return `${symbol} ${text}, due ${dueNy}`;
}

function sayDue(engine: Engine, action: DueAction): void {
  const { symbol, kind } = action;
  if (!engine.isNews(`${SAID} ${formatDue(action)}`, engine.dateNy())) return;
  const text = `${formatDue(action)}: ${formatConsequence(kind)}; close it before that session, ` +
    `or deal with its shares and stops by hand at the broker; to close it: ${
      formatCloseCommand(symbol)
    }`;
  engine.ports.log.warn(`Corporate action ${text}`);
  engine.alert({ level: "WARNING", title: "Corporate action", text });
}

/** Once a NY day: nothing is blocked by it. */
function sayUnanswered(engine: Engine, symbols: readonly string[], why: string): void {
  if (!engine.isNews("corporate actions not answered", engine.dateNy())) return;
  engine.ports.log.warn(
    `Corporate actions of ${
      formatSymbolNames(symbols)
    } not answered (${why}): nothing is blocked by that; ` +
      "asked again after 10 minutes; look for splits and mergers yourself",
  );
}
