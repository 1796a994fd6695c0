/** What a corporate action does to the shares of its symbol, as far as entries and managed positions mind (pipeline 4). */
export type CorporateActionKind = "split" | "merger" | "name change" | "removal";

/** One announced action, by the symbol whose shares it changes. */
export interface CorporateAction {
  readonly symbol: string;
  readonly kind: CorporateActionKind;
  /** In the operator's words: `reverse split, 1 for 10`. */
  readonly text: string;
  /** Ex-date, effective date and process date, as far as it has them, `YYYY-MM-DD`; at least one. */
  readonly datesNy: readonly string[];
}

/** An action that comes true by the next session. */
export interface DueAction extends CorporateAction {
  /** The first of its days from today on. */
  readonly dueNy: string;
}

/**
 * Actions of which a day lies between today and the next session, both included (pipeline 4). Today counts: the levels of
 * the list are older than what happened at the open.
 */
export function listDueActions(
  actions: readonly CorporateAction[],
  { todayNy, nextSessionNy }: { readonly todayNy: string; readonly nextSessionNy: string },
): DueAction[] {
  return actions.flatMap((action) => {
    const [dueNy] = action.datesNy.filter((day) => day >= todayNy && day <= nextSessionNy).sort();
    return dueNy === undefined ? [] : [{ ...action, dueNy }];
  });
}

/**
 * The last of an action's days up to the next session: whatever it does by then, it has done or does on that day. `null` where
 * all of it lies behind that session.
 */
export function findLastDayNy(
  { datesNy }: Pick<CorporateAction, "datesNy">,
  nextSessionNy: string,
): string | null {
  return datesNy.filter((day) => day <= nextSessionNy).sort().at(-1) ?? null;
}

/** What will happen to a managed position of the symbol, for the operator. */
export function formatConsequence(kind: CorporateActionKind): string {
  switch (kind) {
    case "split":
      return "the broker changes quantity and price with no order behind it, and what it does to resting stops is not " +
        "documented; the engine then neither sells nor stops what it can't explain";
    case "merger":
      return "the broker takes the shares for cash or other shares, with no order behind it, and the stops end";
    case "name change":
      return "the broker shows the shares under another symbol, where the engine does not manage them, and what it does " +
        "to resting stops is not documented";
    case "removal":
      return "the broker takes shares away with no order behind it, and the stops end";
  }
}

/** State keys by symbol: the NY date on which it was asked for, and what is due in it. */
export const ACTIONS_ASKED = "corporate actions asked";
export const ACTION_DUE = "corporate action due";

/** Whether a symbol's actions up to the next session were answered today. @param kept `EngineState.alerted`. */
export function isActionAsked(
  kept: Readonly<Record<string, string>>,
  symbol: string,
  dateNy: string,
): boolean {
  return kept[`${ACTIONS_ASKED} ${symbol}`] === dateNy;
}

/** Whether that answer had a split, merger, name change or removal that is due by the next session (pipeline 4). */
export function isActionDue(
  kept: Readonly<Record<string, string>>,
  symbol: string,
  dateNy: string,
): boolean {
  const prefix = `${ACTION_DUE} ${symbol} `;
  return Object.entries(kept).some(([key, value]) => value === dateNy && key.startsWith(prefix));
}
