import {
  BrokerError,
  type ChancePort,
  type ClockPort,
  type RequestClass,
} from "../engine/ports.ts";
import { decideAnswerBounds } from "./answer_bounds.ts";
import { buildKeptBody, type Redact } from "./redact.ts";
import {
  buildSpent,
  buildSpentWindow,
  decideWaitMs,
  parseRateWindow,
  type RateWindow,
  type TokenBucket,
} from "./request_budget.ts";
import { ATTEMPTS_MAX, buildBackoffMs, isRetryableStatus } from "./retry.ts";
import { HttpFailure, type HttpRequest, type HttpSend } from "./transport.ts";

/** A read, with all its attempts and pages, ends within this many times the request's own timeout. */
export const READ_DEADLINE_FACTOR = 2;
/** An attempt with less time left than this is not made. */
const ATTEMPT_MS_MIN = 100;
/** Looks at the budget before a call gives up; more than one only where a protective request took the token. */
const WAITS_MAX = 5;
/** An order and what it needs wait this long for the budget, not longer: the gate was asked just before. */
const SHORT_WAIT_MS_MAX = 2_000;

/** Answers whose time is remembered (pipeline 5, "Nothing is begun that the time left can't end"). */
const ANSWERS_MAX = 10;

/** What an order-changing request gets even past the end: what it protects is worth more than a late exit. */
const CHANGE_MS_MIN = 3_000;

/** One order-changing request and what came of it, for the event log; without credentials, the answer cut to 4 KB. */
export interface BrokerExchange {
  readonly method: "POST" | "PATCH" | "DELETE";
  /** Path and query, below the endpoint. */
  readonly path: string;
  readonly requestBody: string | null;
  /** `null` where no complete answer came; `failure` then says how. */
  readonly httpStatus: number | null;
  readonly failure: "timeout" | "network" | null;
  readonly answerBody: string;
  readonly tookMs: number;
}

/** A complete answer, whatever its status. */
export interface Answer {
  readonly kind: "answer";
  readonly status: number;
  readonly body: string;
}

/** What became of an order-changing request. `not_sent`: the budget kept it back and nothing left. */
export type ChangeAnswer =
  | Answer
  | { readonly kind: "failed"; readonly failure: "timeout" | "network" }
  | { readonly kind: "not_sent" };

/** A read: `what` names it in messages (`positions`), `endMs` (monotonic) is a deadline shared by several pages. */
export interface ReadCall {
  readonly what: string;
  readonly path: string;
  readonly requestClass: RequestClass;
  readonly endMs?: number;
}

/** An order-changing request. */
export interface ChangeCall {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body: string | null;
  readonly requestClass: "entry" | "protect";
}

/** What a sender needs. `bucket` is shared by the senders of one key. */
export interface SenderOptions {
  readonly baseUrl: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly send: HttpSend;
  readonly clock: ClockPort;
  readonly chance: ChancePort;
  readonly timeoutMs: number;
  /** Monotonic time by which every read has ended, its waits for the budget included. */
  readonly endMs: number;
  /** The same for reads that protect nothing, asked at each attempt: it may come nearer meanwhile. */
  readonly readEndMs: () => number;
  readonly bucket: { current: TokenBucket };
  readonly redact: Redact;
  readonly onExchange: (exchange: BrokerExchange) => void;
}

/** Requests to one host: deadline, budget and, for reads, retries. It knows nothing of orders. */
export class RequestSender {
  readonly #options: SenderOptions;
  readonly #bodyHeaders: Readonly<Record<string, string>>;
  #window: RateWindow | null = null;
  /** What the last answers took, also those that never came. */
  readonly #tookMs: number[] = [];

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#bodyHeaders = { ...options.headers, "content-type": "application/json" };
  }

  /** The host that requests go to. */
  get host(): string {
    return this.#options.host;
  }

  /** The slowest of the last ten answers, one that never came included; 0 before the first. Ms. */
  get slowestAnswerMs(): number {
    return Math.max(0, ...this.#tookMs);
  }

  /** When a read that starts now must have ended, its pages included. Monotonic ms. */
  buildEndMs(): number {
    const { clock, timeoutMs, endMs } = this.#options;
    return Math.min(endMs, clock.monotonicMs() + READ_DEADLINE_FACTOR * timeoutMs);
  }

  /**
   * Reads with up to `ATTEMPTS_MAX` attempts: again after a timeout, a broken connection, 429 and 5xx,
   * not after an answer that is larger than it may be.
   * @returns The last complete answer, of any status.
   * @throws {BrokerError} Where none came in time, or the request budget has no room before the deadline (`http`).
   */
  async read(call: ReadCall): Promise<Answer> {
    const { clock, chance, readEndMs } = this.#options;
    const ownEndMs = call.endMs ?? this.buildEndMs();
    let answer: Answer | null = null;
    let failure: BrokerError | null = null;
    for (let failedAttempts = 0; failedAttempts < ATTEMPTS_MAX; failedAttempts++) {
      const endMs = call.requestClass === "protect" ? ownEndMs : Math.min(ownEndMs, readEndMs());
      if (failedAttempts > 0) {
        const pauseMs = buildBackoffMs(failedAttempts, chance.uniform());
        if (clock.monotonicMs() + pauseMs + ATTEMPT_MS_MIN > endMs) break;
        await clock.sleep(pauseMs);
      }
      const outcome = await this.#attempt(call, endMs);
      if (outcome instanceof BrokerError) {
        failure ??= outcome;
        if (outcome.failure === "http" || outcome.failure === "malformed") break;
      } else {
        answer = outcome;
        if (!isRetryableStatus(outcome.status)) break;
      }
    }
    if (answer !== null) return answer;
    throw failure ?? this.#buildTimeUp(call);
  }

  /** One attempt of a read, which its deadline or the budget may keep from leaving. */
  async #attempt(call: ReadCall, endMs: number): Promise<Answer | BrokerError> {
    const { clock, timeoutMs } = this.#options;
    const beforeMs = endMs - clock.monotonicMs() - ATTEMPT_MS_MIN;
    if (beforeMs < 0) return this.#buildTimeUp(call);
    const waitMsMax = call.requestClass === "protect"
      ? Math.min(SHORT_WAIT_MS_MAX, beforeMs)
      : beforeMs;
    if (!await this.#waitForBudget(call.requestClass, waitMsMax)) {
      return this.#buildReadError(
        call,
        "http",
        "the rate budget has no request left for it in time",
      );
    }
    const leftMs = Math.max(1, endMs - clock.monotonicMs());
    try {
      return await this.#exchange("GET", call.path, null, Math.min(timeoutMs, leftMs));
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      const failure = error.failure === "oversized" ? "malformed" : error.failure;
      return this.#buildReadError(call, failure, this.#options.redact(error.message));
    }
  }

  #buildTimeUp(call: ReadCall): BrokerError {
    return this.#buildReadError(call, "timeout", "its time was up");
  }

  #buildReadError(
    call: ReadCall,
    failure: "http" | "timeout" | "network" | "malformed",
    why: string,
  ): BrokerError {
    return new BrokerError(failure, `Cannot read ${call.what} from ${this.host}: ${why}`);
  }

  /**
   * Sends an order-changing request once, at once or not at all: the gate and the kill switch were asked immediately
   * before, and a wait would make their answer old. `entry` is not sent where the budget has no room; `protect` leaves
   * all the same: our count is an estimate, and a missing stop costs more than a 429.
   */
  async submit(call: ChangeCall): Promise<ChangeAnswer> {
    const { clock, timeoutMs, endMs, bucket } = this.#options;
    const { requestClass } = call;
    const sentMs = clock.monotonicMs();
    const allowedMs = Math.min(timeoutMs, Math.max(CHANGE_MS_MIN, endMs - sentMs));
    const isRoom =
      decideWaitMs(bucket.current, this.#window, { requestClass, nowMs: sentMs }) === 0;
    if (!isRoom && requestClass !== "protect") return { kind: "not_sent" };
    try {
      const answer = await this.#exchange(call.method, call.path, call.body, allowedMs);
      this.#report(call, sentMs, answer);
      return answer;
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error;
      // What became of the order is as unknown as after a broken connection.
      const failure = error.failure === "oversized" ? "network" : error.failure;
      const answer = { kind: "failed", failure } as const;
      this.#report(call, sentMs, answer);
      return answer;
    }
  }

  /** Waits until the budget has room, at most `waitMsMax`. @returns Whether the request may leave. */
  async #waitForBudget(requestClass: RequestClass, waitMsMax: number): Promise<boolean> {
    const { clock, bucket } = this.#options;
    const lastMs = clock.monotonicMs() + waitMsMax;
    for (let look = 0; look < WAITS_MAX; look++) {
      const nowMs = clock.monotonicMs();
      const waitMs = decideWaitMs(bucket.current, this.#window, { requestClass, nowMs });
      if (waitMs === 0) return true;
      if (nowMs + waitMs > lastMs) break;
      await clock.sleep(waitMs);
    }
    return requestClass === "protect";
  }

  async #exchange(
    method: HttpRequest["method"],
    path: string,
    body: string | null,
    timeoutMs: number,
  ): Promise<Answer> {
    const { clock, bucket, baseUrl, headers, send } = this.#options;
    bucket.current = buildSpent(bucket.current, clock.monotonicMs());
    this.#window = buildSpentWindow(this.#window);
    const sentMs = clock.monotonicMs();
    const asked = send({
      method,
      url: baseUrl + path,
      headers: body === null ? headers : this.#bodyHeaders,
      body,
      timeoutMs,
      bounds: decideAnswerBounds(path),
    });
    const response = await asked.finally(() => this.#noteTime(clock.monotonicMs() - sentMs));
    this.#window = parseRateWindow(response, this.#window, {
      wallMs: clock.nowMs(),
      monotonicMs: clock.monotonicMs(),
    });
    return { kind: "answer", status: response.status, body: response.body };
  }

  #noteTime(tookMs: number): void {
    this.#tookMs.push(Math.max(0, tookMs));
    if (this.#tookMs.length > ANSWERS_MAX) this.#tookMs.shift();
  }

  #report(call: ChangeCall, sentMs: number, answer: Exclude<ChangeAnswer, { kind: "not_sent" }>) {
    const { clock, redact, onExchange } = this.#options;
    const isAnswer = answer.kind === "answer";
    onExchange({
      method: call.method,
      path: call.path,
      requestBody: call.body,
      httpStatus: isAnswer ? answer.status : null,
      failure: isAnswer ? null : answer.failure,
      answerBody: isAnswer ? buildKeptBody(answer.body, redact) : "",
      tookMs: Math.max(0, clock.monotonicMs() - sentMs),
    });
  }
}
