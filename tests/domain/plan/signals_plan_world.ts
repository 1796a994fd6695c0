import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import type { Candidate } from "../../../src/domain/entry/candidate.ts";
import type { Note, SignalsNote } from "../../../src/domain/plan/note.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { learn } from "../../../src/domain/plan/seen.ts";
import { planSignals } from "../../../src/domain/plan/signals.ts";
import type { SignalsPlanned } from "../../../src/domain/plan/step.ts";
import type {
  BarsRead,
  Look,
  Now,
  SignalsDesk,
  SignalsWorld,
} from "../../../src/domain/plan/world.ts";
import type { BrokerAccount } from "../../../src/domain/order/orders.ts";
import { BAR_MS } from "../../../src/domain/time/market.ts";
import { liveLedger, TODAY } from "../fixtures.ts";
import { RecordsPlanWorld } from "./records_plan_world.ts";

/** The moment of every look for breakouts here, Unix ms; the last bar closed just before. */
export const NOW_MS = Date.parse(`${TODAY}T15:00:35Z`);
const LAST_CLOSE_MS = Date.parse(`${TODAY}T15:00:00Z`);

/** A row of the list whose pivot is at 101. */
export function candidateOf(symbol: string): Candidate {
  return {
    symbol,
    priceUsd: 100,
    pivotUsd: 101,
    distancePct: -3,
    stopUsd: 95,
    r1Usd: 105,
    r2Usd: 110,
    anchor: "earnings",
  };
}

/** What a run looks for breakouts in, with changes. */
export function signalsDesk(facts: Partial<SignalsDesk>): SignalsDesk {
  return {
    candidates: [candidateOf("SPY")],
    waiting: new Set(),
    session: null,
    delayMinSeconds: 60,
    delayMaxSeconds: 240,
    turn: { bars: null, isDecided: false },
    ...facts,
  };
}

/** Bars in which these symbols have broken out; what else is answered has none. */
export function barsOf(broken: readonly string[], facts: Partial<BarsRead> = {}): BarsRead {
  const bars = [2, 1].map((ago) => ({ startMs: LAST_CLOSE_MS - ago * BAR_MS, closeUsd: 102 }));
  return {
    rows: new Map(broken.map((symbol) => [symbol, bars])),
    answered: new Set(broken),
    unanswered: [],
    trouble: null,
    ...facts,
  };
}

/** A run that looks for breakouts: it answers what the plan asks for, and decides nothing. */
export class SignalsPlanWorld {
  records: EngineState;
  readonly said: Note[] = [];
  #desk: SignalsDesk;

  constructor(
    private readonly facts: {
      readonly desk?: Partial<SignalsDesk>;
      readonly bars: BarsRead;
      readonly records?: Partial<EngineState>;
      readonly account?: Look<BrokerAccount>;
      readonly now?: Partial<Now>;
    },
  ) {
    this.records = { ...EMPTY_STATE, ledger: liveLedger([]), ...facts.records };
    this.#desk = signalsDesk(facts.desk ?? {});
  }

  get world(): SignalsWorld {
    const { account, now } = this.facts;
    const { world } = new RecordsPlanWorld({ clockMs: NOW_MS, now: { ...now } });
    const look = { kind: "ok", value: { rows: [], unreadable: [] } } as const;
    const seen = learn(world.seen, [
      { to: "positions", look },
      { to: "open_orders", look },
      ...account === undefined ? [] : [{ to: "account", look: account } as const],
    ], world.now);
    return { ...world, seen, records: this.records, signals: this.#desk };
  }

  /** Carries out until it rests. @returns What was done. */
  run(): string[] {
    const done: string[] = [];
    for (let left = 10; left > 0; left--) {
      const { step, say } = planSignals(this.world);
      this.said.push(...say);
      done.push(describe(step));
      if (step.do === "rest") return done;
      const { turn } = this.#desk;
      if (step.do === "read") {
        this.#desk = { ...this.#desk, turn: { ...turn, bars: this.facts.bars } };
      }
      if (step.do === "record") {
        this.records = apply(this.records, step.change);
        this.said.push(...step.done ?? []);
        this.#desk = { ...this.#desk, turn: { ...turn, isDecided: true } };
      }
    }
    throw new Error(`no rest: ${done.join(", ")}`);
  }

  /** What was said of what was found. @throws Where nothing was. */
  get found(): Extract<SignalsNote, { readonly kind: "signals" }>["found"] {
    for (const { value } of this.said) if (value.kind === "signals") return value.found;
    throw new Error("nothing was found");
  }
}

function describe(step: SignalsPlanned["step"]): string {
  if (step.do === "read") return step.questions.map(({ symbols }) => symbols.join("+")).join(" ");
  return step.do === "record" ? `record ${step.change.map(({ kind }) => kind).join(" ")}` : step.do;
}
