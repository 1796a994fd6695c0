import type { Question } from "./broker_answers.ts";
import type { Change } from "./broker_state.ts";

/** What the network does to a request. */
export type Loss = "before" | "after" | "late";

/** A request, and its answer. */
export interface AskStep {
  readonly ask: Change | Question;
  readonly loss?: Loss;
  /** The answer in a line. */
  readonly is: string;
  /** Parts of answers that there must not be. */
  readonly never?: readonly string[];
}

/** One step of a case. */
export type CaseStep =
  | AskStep
  /** Some seconds go by. */
  | { readonly pass: true }
  | { readonly price: number }
  /** Shares that are there with no order behind them. */
  | { readonly held: number }
  | { readonly market: "closes" | "opens" };

/** Something that a case can be run through: the automaton, which has many answers, or the simulator, which has one. */
export interface Bench {
  /** Goes the step, with the answer that it says. @returns The answers that there could be; none where nothing is asked. */
  go(step: CaseStep): string[];
}
