import type { EngineQuestion } from "../domain/plan/plan_engine.ts";
import { askByRoot } from "./asker.ts";
import { askForEntry } from "./entry_desk.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { readGate } from "./gate_reader.ts";
import { isOfThisSession, refresh } from "./observe.ts";
import type { Run, StepOf } from "./plan_run.ts";
import { trackPositions } from "./positions.ts";
import { readPrices } from "./prices.ts";
import { askForRecords } from "./records_desk.ts";
import { askBars } from "./signals_desk.ts";

/** Asks what a step wants to know, and notes the answers. */
export async function ask(run: Run, { questions, notBeforeMs }: StepOf<"read">): Promise<void> {
  const { clock } = run.engine.ports;
  const pauseMs = (notBeforeMs ?? 0) - clock.monotonicMs();
  if (pauseMs > 0) await clock.sleep(pauseMs);
  const last = questions.filter(({ ask }) => LAST.has(ask));
  // A sell's fill is in the answer by its id before any list has it: what is asked by name comes first, all of it together.
  await Promise.all(
    questions.filter((each) => !last.includes(each)).map((each) => askOne(run, each)),
  );
  for (const question of last) await askOne(run, question);
}

/** What is looked at after all that is asked by name, in this order: nothing slow lies between the gate and what it is for. */
const LAST: ReadonlySet<EngineQuestion["ask"]> = new Set([
  "positions",
  "day_loss",
  "gate",
]);

async function askOne(run: Run, question: EngineQuestion): Promise<void> {
  const { engine } = run;
  const asked = engine.markAsked();
  switch (question.ask) {
    case "positions":
      run.turn = { ...run.turn, looks: run.turn.looks + 1 };
      await refresh(engine);
      // What changed meanwhile must be explained first: no stop for a split, or for what was sold.
      if (run.mandate.entries === undefined) await trackPositions(engine);
      return;
    case "open_orders":
      // Read with the positions.
      return;
    case "order": {
      const { orderId } = question;
      const outcome = await askByRoot(engine, orderId);
      return engine.learn([{ to: "order", orderId, outcome }], asked);
    }
    case "look_up": {
      const { clientOrderId } = question;
      const outcome = await engine.ports.broker.lookUp(clientOrderId, "protect");
      return engine.learn([{ to: "look_up", clientOrderId, outcome }], asked);
    }
    case "trade": {
      const { symbol } = question;
      const { rows } = await readPrices(engine, [symbol], "; its stop is looked at again soon");
      const trade = rows.get(symbol);
      const isNow = trade !== undefined && isOfThisSession(engine, trade);
      return engine.learn([{ to: "trade", symbol, trade: isNow ? trade : null }], asked);
    }
    case "past_records":
    case "ancestor":
    case "record_look_up":
    case "objection": {
      const note = await askForRecords(engine, question);
      run.recordsTurn = note(run.recordsTurn);
      return;
    }
    case "bars": {
      const bars = await askBars(engine, question.symbols);
      run.signalsTurn = { ...run.signalsTurn, bars };
      return;
    }
    case "gate":
      await askGate(run);
  }
  const answered = await askForEntry(engine, question, run.entryTurn);
  run.entryTurn = { ...run.entryTurn, ...answered };
}

/** The gate and the operator's pause, as they are now. */
async function askGate(run: Run): Promise<void> {
  const { engine } = run;
  const { decision } = await readGate(engine);
  await printGateIfChanged(engine, decision);
  run.operator = { ...run.operator, gate: decision };
  run.areEntriesPaused = await engine.ports.operatorFiles.areEntriesPaused();
}
