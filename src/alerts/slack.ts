import type {
  Alert,
  AlertLevel,
  AlertPort,
  ClockPort,
  EventPort,
  LogPort,
} from "../engine/ports.ts";
import { AlertQueue, type QueuedAlert } from "./alert_queue.ts";
import { decideRetry, type DeliveryOutcome, readOutcome } from "./slack_retry.ts";
import { SlackStreaks } from "./slack_streaks.ts";
import { buildSlackText } from "./slack_text.ts";
import { type SlackSend, SlackTransportError } from "./slack_transport.ts";

/** Deadline of one attempt, the answer's body included. */
export const REQUEST_TIMEOUT_MS = 5000;
/** State keys remembered between two calls of `takeDelivered`; a forgotten one is alerted again. */
export const DELIVERED_MAX = 500;

/** Reported as delivered where something was read under a key after it had stopped to be true; equals no value. */
export const OUTDATED_VALUE = "";

/** What the Slack adapter is made of (interface, Slack and Environment). */
export interface SlackOptions {
  /** The incoming webhook: a secret, never in a log line or an error. */
  readonly webhookUrl: string;
  readonly minLevel: AlertLevel;
  /** Overrides of the webhook's own, or `null`. */
  readonly channel: string | null;
  readonly username: string | null;
  readonly send: SlackSend;
  readonly clock: ClockPort;
  readonly log: LogPort;
  readonly events?: EventPort;
  /** Mode and whose money, as of now (`LIVE paper`): begins each message. */
  readonly mark: () => string;
}

/** The alert port with an end. */
export interface SlackAlerts extends AlertPort {
  /** Nothing is sent any more; a request in flight ends by its own deadline. */
  close(): void;
}

/**
 * Makes the Slack adapter. Trading never waits for it and never hears of its failures: they are log lines, one when a
 * streak of them begins and one when it ends (runbook 8).
 */
export function createSlackAlerts(options: SlackOptions): SlackAlerts {
  return new SlackSender(options);
}

const LEVEL_RANK: Readonly<Record<AlertLevel, number>> = {
  INFO: 0,
  TRADE: 1,
  WARNING: 2,
  ERROR: 3,
};

/** The attempt that is under way; `isStillTrue` falls when a newer value of its state comes meanwhile. */
interface Flight {
  readonly item: QueuedAlert;
  isStillTrue: boolean;
}

/** One sender at a time over a bounded queue; it runs while anything waits, and ends by itself. */
class SlackSender implements SlackAlerts {
  readonly #options: SlackOptions;
  readonly #queue = new AlertQueue();
  readonly #delivered = new Map<string, string>();
  readonly #streaks: SlackStreaks;
  readonly #idleWaiters = new Set<() => void>();
  #flight: Flight | null = null;
  #wake = new AbortController();
  #isPumping = false;
  #isClosed = false;
  #nextSeq = 0;
  #pausedUntilMs = 0;
  /** When the oldest ERROR was sent that nobody has read and that nothing took back; monotonic ms. */
  #errorSinceMs: number | null = null;
  /** Whether one was given up since Slack last took a message. */
  #isErrorLost = false;

  constructor(options: SlackOptions) {
    this.#options = options;
    this.#streaks = new SlackStreaks(options.log);
  }

  send(alert: Alert): void {
    if (this.#isClosed) return;
    const isQuiet = alert.title === "" ||
      LEVEL_RANK[alert.level] < LEVEL_RANK[this.#options.minLevel];
    if (alert.state !== undefined && !this.#isNews(alert.state, isQuiet)) return;
    if (isQuiet) return;
    const text = buildSlackText(alert, this.#readMark());
    this.#push({ seq: this.#nextSeq++, alert, text, attempts: 0, dueAtMs: 0 });
    if (alert.level === "ERROR") this.#errorSinceMs ??= this.#options.clock.monotonicMs();
    this.#wake.abort();
    if (!this.#isPumping) this.#start();
  }

  errorWaitMs(): number {
    const isInFlight = this.#flight?.item.alert.level === "ERROR";
    const isWaiting = this.#isErrorLost || isInFlight || this.#queue.hasError();
    // What stopped to be true was taken back, and waits no more.
    if (!isWaiting) this.#errorSinceMs = null;
    if (this.#errorSinceMs === null) return 0;
    return this.#options.clock.monotonicMs() - this.#errorSinceMs;
  }

  takeDelivered(): { readonly key: string; readonly value: string }[] {
    const taken = [...this.#delivered].map(([key, value]) => ({ key, value }));
    this.#delivered.clear();
    return taken;
  }

  async drain(maxMs: number): Promise<void> {
    if (!this.#isPumping) return;
    const timer = new AbortController();
    const idle = Promise.withResolvers<void>();
    this.#idleWaiters.add(idle.resolve);
    const expiry = this.#options.clock.sleep(maxMs, timer.signal);
    await Promise.race([idle.promise, expiry]);
    this.#idleWaiters.delete(idle.resolve);
    timer.abort(); // so that no timer outlives the program
    await expiry;
  }

  close(): void {
    this.#isClosed = true;
    this.#wake.abort();
  }

  /**
   * Whether a state has to be sent. Takes back what a newer value makes untrue, waiting or under way; a state that is
   * quiet (below the level, or a withdrawal) is handled with that.
   */
  #isNews(state: { readonly key: string; readonly value: string }, isQuiet: boolean): boolean {
    if (!isQuiet && this.#queue.hasState(state)) return false;
    this.#queue.withdraw(state.key);
    const flight = this.#flight;
    if (flight !== null && flight.item.alert.state?.key === state.key) {
      flight.isStillTrue = !isQuiet && flight.item.alert.state?.value === state.value;
      if (flight.isStillTrue) return false;
    }
    if (isQuiet) this.#remember(state);
    return this.#delivered.get(state.key) !== state.value;
  }

  /** An alert leaves even where its mark can't be made: `send` never throws. */
  #readMark(): string {
    try {
      return this.#options.mark();
    } catch {
      return "MODE UNKNOWN";
    }
  }

  #push(item: QueuedAlert): void {
    if (this.#queue.push(item) !== null) this.#streaks.recordDrop();
  }

  #start(): void {
    this.#isPumping = true;
    // Cannot reject for what Slack does; the rest is a bug, said once and without the error's own words (the webhook).
    this.#pump().catch((error: unknown) => {
      const name = error instanceof Error ? error.name : "unknown";
      this.#options.log.error(`Slack sender stopped (${name}); the next alert starts it again`);
    });
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0 && !this.#isClosed) {
        const nowMs = this.#options.clock.monotonicMs();
        const item = nowMs < this.#pausedUntilMs ? null : this.#queue.takeDue(nowMs);
        if (item !== null) await this.#attempt(item);
        else await this.#sleepUntil(Math.max(this.#pausedUntilMs, this.#queue.nextDueMs()), nowMs);
      }
      this.#streaks.recordEmptyQueue();
    } finally {
      // In the same turn as the last look at the queue: an alert sent after it starts a new sender.
      this.#isPumping = false;
      for (const resolve of this.#idleWaiters) resolve();
      this.#idleWaiters.clear();
    }
  }

  /** A new alert or `close` ends the wait early. */
  async #sleepUntil(dueMs: number, nowMs: number): Promise<void> {
    this.#wake = new AbortController();
    await this.#options.clock.sleep(dueMs - nowMs, this.#wake.signal);
  }

  async #attempt(queued: QueuedAlert): Promise<void> {
    const item = { ...queued, attempts: queued.attempts + 1 };
    const flight: Flight = { item, isStillTrue: true };
    this.#flight = flight;
    const outcome = await this.#deliver(item);
    this.#flight = null;
    if (outcome.kind === "delivered") {
      this.#streaks.recordSuccess();
      // Slack is there again: what still waits leaves now, and has not waited for it.
      this.#isErrorLost = false;
      this.#errorSinceMs = this.#queue.hasError() ? this.#options.clock.monotonicMs() : null;
      if (item.alert.state !== undefined) this.#rememberRead(item.alert.state, flight.isStillTrue);
      await this.#record(item, "delivered");
      return;
    }
    this.#streaks.recordFailure(outcome.why);
    const nowMs = this.#options.clock.monotonicMs();
    if (outcome.kind === "rate_limited") this.#pausedUntilMs = nowMs + outcome.pauseMs;
    if (!flight.isStillTrue) return; // nobody is to read it any more
    const retry = decideRetry(outcome, {
      attempts: item.attempts,
      isState: item.alert.state !== undefined,
    });
    if (retry.kind === "retry") {
      this.#push({ ...item, dueAtMs: nowMs + retry.waitMs });
      return;
    }
    this.#streaks.recordLoss();
    if (item.alert.level === "ERROR") this.#isErrorLost = true;
    await this.#record(item, "lost");
  }

  async #deliver(item: QueuedAlert): Promise<DeliveryOutcome> {
    const { webhookUrl, channel, username, send } = this.#options;
    const body = JSON.stringify({
      text: item.text,
      ...(channel === null ? {} : { channel }),
      ...(username === null ? {} : { username }),
    });
    try {
      return readOutcome(await send({ url: webhookUrl, body, timeoutMs: REQUEST_TIMEOUT_MS }));
    } catch (error) {
      // Only our own class is safe to quote: a foreign error's message may name the webhook.
      const why = error instanceof SlackTransportError ? error.failure : "network";
      return { kind: "failed", why };
    }
  }

  /** Somebody has read the state. Where it was no longer true, no value counts as read, so that the true one is said. */
  #rememberRead(
    state: { readonly key: string; readonly value: string },
    isStillTrue: boolean,
  ): void {
    this.#remember(isStillTrue ? state : { key: state.key, value: OUTDATED_VALUE });
  }

  #remember(state: { readonly key: string; readonly value: string }): void {
    this.#delivered.delete(state.key);
    this.#delivered.set(state.key, state.value);
    const [oldest] = this.#delivered.keys();
    if (this.#delivered.size > DELIVERED_MAX && oldest !== undefined) {
      this.#delivered.delete(oldest);
    }
  }

  async #record({ alert, attempts }: QueuedAlert, outcome: "delivered" | "lost"): Promise<void> {
    await this.#options.events?.record({
      type: "alert",
      level: alert.level,
      title: alert.title,
      text: alert.text,
      outcome,
      attempts,
      ...(alert.state === undefined
        ? {}
        : { state_key: alert.state.key, state_value: alert.state.value }),
    });
  }
}
