import type { LedgerEntry } from "../domain/order/ledger.ts";
import type { EntryQuestion, RecordChange } from "../domain/plan/step.ts";
import type { EntryDesk, EntryPrice, EntryTurn, Simulation } from "../domain/plan/world.ts";
import { askForEntries } from "./corporate_actions.ts";
import { readDayLoss } from "./day_loss.ts";
import type { Engine } from "./engine.ts";
import { readLeadMs, readPauseEndMs } from "./entry_moment.ts";
import { readLatestTrades } from "./latest_trades.ts";
import { StateError } from "./ports.ts";

/** What a run for entries is carried out for. */
export interface EntryMandate {
  /** Whether this cycle sends entries. */
  readonly isTaking: boolean;
  /** Buys proven absent at the broker. */
  readonly absent: readonly LedgerEntry[];
}

/** The count of a run for entries that begins now. */
export const NEW_ENTRY_TURN: EntryTurn = {
  prices: new Map(),
  actionsAsked: new Set(),
  simulations: new Map(),
  gateFor: null,
  momentFor: null,
  isDisturbed: false,
  sent: new Map(),
};

/** What entries are decided from, as the engine knows it now. */
export function buildDesk(
  engine: Engine,
  { isTaking, absent }: EntryMandate,
  { areEntriesPaused, turn }: Pick<EntryDesk, "areEntriesPaused" | "turn">,
): EntryDesk {
  const { ports: { config, disk }, observation } = engine;
  return {
    isTaking,
    isStopping: engine.stop.aborted,
    leadMs: readLeadMs(engine),
    pauseEndMs: readPauseEndMs(engine),
    diskFault: disk.fault?.kind ?? null,
    accountId: engine.accountId,
    areEntriesPaused,
    allowlist: config.allowlist,
    loss: engine.dayLoss,
    clockSkewSeconds: observation?.skewSeconds ?? null,
    absent: new Set(absent.flatMap(({ clientOrderId }) => clientOrderId ?? [])),
    turn,
  };
}

/** Asks what entries alone are decided from. @returns What of the run's count is another by the answer. */
export async function askForEntry(
  engine: Engine,
  question: Exclude<EntryQuestion, { readonly ask: "look_up" | "positions" | "open_orders" }>,
  turn: EntryTurn,
): Promise<Partial<EntryTurn>> {
  switch (question.ask) {
    case "prices": {
      const prices = await readEntryPrices(engine, question.symbols);
      return { prices: new Map([...turn.prices, ...prices]) };
    }
    case "account":
      await askAccount(engine);
      return {};
    case "corporate_actions": {
      const { symbols } = question;
      await askForEntries(engine, symbols);
      return { actionsAsked: new Set([...turn.actionsAsked, ...symbols]) };
    }
    case "day_loss":
      engine.dayLoss = await readDayLoss(engine);
      return {};
    case "gate":
      return { gateFor: question.clientOrderId };
    case "dry_run_ledger": {
      const { symbols } = question;
      const found = await Promise.all(
        symbols.map(async (symbol) => [symbol, await readSimulation(engine, symbol)] as const),
      );
      return { simulations: new Map([...turn.simulations, ...found]) };
    }
  }
}

async function askAccount(engine: Engine): Promise<void> {
  const { observation, ports: { broker } } = engine;
  if (observation === null) return;
  const asked = engine.markAsked();
  const account = await engine.read(() => broker.readAccount());
  engine.learn([{ to: "account", look: account }], asked);
  engine.observation = { ...observation, account };
}

/** Of each symbol: its latest trade, that it has none, or why it was not answered. */
async function readEntryPrices(
  engine: Engine,
  symbols: readonly string[],
): Promise<[symbol: string, price: EntryPrice][]> {
  const atMs = engine.ports.clock.monotonicMs();
  const { rows, unanswered, trouble } = await readLatestTrades(engine, symbols, {
    consequence: "",
    requestClass: "read",
  });
  const failed = { kind: "failed", failure: trouble?.failure ?? "http" } as const;
  return symbols.map((symbol) => [
    symbol,
    {
      atMs,
      look: unanswered.includes(symbol) ? failed : { kind: "ok", value: rows.get(symbol) ?? null },
    },
  ]);
}

async function readSimulation(engine: Engine, symbol: string): Promise<Simulation> {
  try {
    const has = await engine.ports.dryRunLedger.has({ dateNy: engine.dateNy(), symbol });
    return { kind: has ? "before" : "not_yet" };
  } catch (error) {
    return failSimulation(error);
  }
}

/** Takes what DRY_RUN would have sent into its ledger, durable when it returns. @returns The run's count with it. */
export async function recordSimulated(
  engine: Engine,
  change: RecordChange,
  turn: EntryTurn,
): Promise<EntryTurn> {
  const simulations = new Map(turn.simulations);
  for (const part of change) {
    if (part.kind !== "simulated") continue;
    for (const order of part.orders) {
      try {
        await engine.ports.dryRunLedger.record(order);
        simulations.set(order.symbol, { kind: "now" });
      } catch (error) {
        simulations.set(order.symbol, failSimulation(error));
      }
    }
  }
  return { ...turn, simulations };
}

function failSimulation(error: unknown): Simulation {
  if (!(error instanceof StateError)) throw error;
  return { kind: "failed", message: error.message };
}
