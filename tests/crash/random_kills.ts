import { Prng } from "../simulation/prng.ts";
import type { CrashViolation } from "./audit.ts";
import { buildBusyMarket, type BusyDay } from "./busy_market.ts";
import { type CrashStage, withCrashStage } from "./crash_stage.ts";
import { drawPlan } from "./random_plan.ts";

/** What the kills of one seed came to. */
export interface KillsResult {
  readonly seed: number;
  /** Kills that were to be. */
  readonly asked: number;
  readonly kills: number;
  readonly violations: readonly CrashViolation[];
  readonly trace: readonly string[];
  /** By what happened: a run in which nothing was on its way proves nothing. */
  readonly counts: ReadonlyMap<string, number>;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** Before the open, so that a program is killed there too. */
const EARLY_MS = 2 * MINUTE_MS;
/** From so long before the close on the program lives, so that the night's stops are in their place. */
const CALM_MS = 14 * MINUTE_MS;
/** Kills that a day of 390 minutes has room for, and more. */
const KILLS_PER_DAY_MIN = 10;
/** The program looks twice a second what the operator wants; here every half minute, for a day in fewer steps. */
const STRIDE_MS = 30_000;
const PAUSES_MS = [0, 0, 2 * SECOND_MS, 30 * SECOND_MS, 4 * MINUTE_MS, 15 * MINUTE_MS];

/** Kills the program at random moments of LIVE days, until it was killed so often and a day ended in peace. */
export async function runKills(
  { seed, kills }: { readonly seed: number; readonly kills: number },
): Promise<KillsResult> {
  const chance = new Prng(seed);
  const dayCount = Math.ceil(kills / KILLS_PER_DAY_MIN) + 1;
  const { sessions, script, days } = buildBusyMarket(chance.fork("prices"), dayCount);
  const options = {
    sessions,
    script,
    startMs: (days[0]?.session.openMs ?? 0) - EARLY_MS,
    caps: { ordersPerDay: 5, positions: 4, grossUsd: 8000, perSymbolUsd: 2000 },
    strideMs: STRIDE_MS,
    environment: {
      EXECUTION_POLL_SECONDS: "300",
      ENTRY_DELAY_MIN_SECONDS: "60",
      ENTRY_DELAY_MAX_SECONDS: "600",
    },
  };
  return await withCrashStage(options, async (stage) => {
    const run = new KillRun(stage, { chance: chance.fork("kills"), kills });
    for (const day of days) {
      if (run.isOver) break;
      await run.playDay(day);
    }
    return run.result(seed);
  });
}

class KillRun {
  #kills = 0;
  readonly #counts = new Map<string, number>();
  readonly #options: { readonly chance: Prng; readonly kills: number };

  constructor(
    readonly stage: CrashStage,
    options: { readonly chance: Prng; readonly kills: number },
  ) {
    this.#options = options;
  }

  get isOver(): boolean {
    return this.#kills >= this.#options.kills || this.stage.audit.violations.length > 0;
  }

  /** One session: killed again and again, and left in peace before the close. */
  async playDay({ session, watchlistCsv }: BusyDay): Promise<void> {
    const { stage } = this;
    const calmMs = session.closeMs - CALM_MS;
    stage.keeper.jumpTo(session.openMs - EARLY_MS);
    stage.writeList(watchlistCsv);
    while (!this.isOver && stage.nowMs() < calmMs) await this.#killOnce(calmMs);
    if (stage.audit.violations.length > 0) return;
    stage.keeper.jumpTo(calmMs);
    stage.start();
    await stage.passTo(session.closeMs - SECOND_MS);
    this.#checkNight();
    await stage.kill();
    this.#count("quiet closes");
  }

  result(seed: number): KillsResult {
    const { audit, exchange } = this.stage;
    this.#count("LIVE cycles completed", audit.liveCycles);
    for (const { parent, clientOrderId, filledQty, status } of exchange.orders) {
      if (parent !== null) continue;
      const kind = /-(r1_trim|r2_trim|stop_exit|stop)-\d+$/.exec(clientOrderId)?.[1] ?? "entry";
      this.#count(`order ${kind} ${filledQty > 0 ? "filled" : status}`);
    }
    return {
      seed,
      asked: this.#options.kills,
      kills: this.#kills,
      violations: audit.violations,
      trace: audit.trace,
      counts: this.#counts,
    };
  }

  async #killOnce(untilMs: number): Promise<void> {
    const { stage } = this;
    const { chance } = this.#options;
    const plan = drawPlan(chance);
    const pauseMs = chance.pick(PAUSES_MS);
    stage.audit.note(`-- kill ${this.#kills + 1} by ${plan.kind}`);
    stage.start(plan.trigger);
    if (plan.strikeAfterMs !== null) stage.strikeAfter(plan.strikeAfterMs);
    await stage.passTo(Math.min(stage.nowMs() + plan.limitMs, untilMs));
    await stage.kill();
    this.#kills++;
    this.#count(`kill by ${stage.isHit ? plan.kind : "time"}`);
    const unsettled = stage.audit.listUnsettled().length;
    if (unsettled > 0) this.#count("kill with an order unsettled");
    if (stage.audit.listUnprotected().length > 0) this.#count("kill with shares unprotected");
    // The host comes back in time for a quiet close.
    stage.keeper.jumpTo(Math.min(stage.nowMs() + pauseMs, untilMs));
  }

  /** Minutes before the close without a kill: all is settled, and good till canceled. */
  #checkNight(): void {
    const { audit } = this.stage;
    for (const each of audit.listUnsettled()) audit.violate("every order is resolved", each);
    for (const each of audit.listUnprotected(true)) {
      audit.violate("a LIVE day ends on stops that outlive it", each);
    }
  }

  #count(what: string, more = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + more);
  }
}
