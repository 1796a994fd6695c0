import { answerControl } from "./control.ts";
import type { Exchange } from "./exchange.ts";
import { deliver, type FaultPlan } from "./faults.ts";
import { type HttpReply, serveHttp } from "./http_server.ts";
import { VirtualTime } from "./virtual_time.ts";
import type { SimRequest } from "./wire.ts";

/** What to serve and how fast. */
export interface SimulatorOptions {
  readonly exchange: Exchange;
  /** Virtual per real time; 0 (as without it): time stands still until it is set. */
  readonly speed?: number;
  /** Real milliseconds that every answer takes. */
  readonly latencyMs?: number;
  readonly faults?: FaultPlan | null;
  /** 0 (as without it): any free one. */
  readonly port?: number;
  /** Real time; `performance.now` unless a test brings its own. */
  readonly realNowMs?: () => number;
}

/** A running simulated broker, trading and data on one origin, with `/sim/*` to drive it from another process. */
export interface Simulator {
  readonly exchange: Exchange;
  readonly port: number;
  /** `http://127.0.0.1:<port>`, for both `APCA_API_BASE_URL` and `APCA_API_DATA_URL`. */
  readonly url: string;
  readonly speed: number;
  /** Virtual time; brings the exchange up to it. */
  nowMs(): number;
  /** Jumps virtual time forward, and answers what waited for it. */
  advanceTo(ms: number): void;
  setSpeed(speed: number): void;
  setFaults(faults: FaultPlan | null): void;
  /** Closes everything; nothing is left open. */
  stop(): Promise<void>;
}

/** Waits of real time that all end at once when the server stops. */
class Latency {
  #isStopped = false;
  readonly #waits = new Map<ReturnType<typeof setTimeout>, () => void>();

  wait(ms: number): Promise<void> {
    if (ms <= 0 || this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waits.delete(timer);
        resolve();
      }, ms);
      this.#waits.set(timer, resolve);
    });
  }

  stop(): void {
    this.#isStopped = true;
    for (const [timer, resolve] of this.#waits) {
      clearTimeout(timer);
      resolve();
    }
    this.#waits.clear();
  }
}

/** Serves an exchange over HTTP on 127.0.0.1. */
export function startSimulator(options: SimulatorOptions): Simulator {
  const { exchange, latencyMs = 0 } = options;
  const realNowMs = options.realNowMs ?? (() => performance.now());
  const time = new VirtualTime(exchange.nowMs, options.speed ?? 0, realNowMs);
  const latency = new Latency();
  let faults = options.faults ?? null;
  let count = 0;

  const passTime = (): number => {
    const nowMs = time.nowMs();
    exchange.advanceTo(nowMs);
    return nowMs;
  };
  const answerBroker = async (request: SimRequest): Promise<HttpReply> => {
    passTime();
    const outcome = deliver(exchange, request, faults === null ? null : faults(request, ++count));
    await latency.wait(latencyMs);
    if (outcome.kind !== "answer") return outcome;
    if (outcome.afterMs > 0) {
      await time.waitUntil(exchange.nowMs + outcome.afterMs);
      // At a stop the wait ends early, and there is nothing to read yet.
      if (isStopped) return { kind: "broken" };
      passTime();
    }
    return { kind: "answer", response: outcome.read() };
  };
  let isStopped = false;
  const http = serveHttp((request) => {
    if (!request.path.startsWith("/sim/")) return answerBroker(request);
    passTime();
    return Promise.resolve({ kind: "answer", response: answerControl(simulator, request) });
  }, options.port);

  const simulator: Simulator = {
    exchange,
    port: http.port,
    url: `http://127.0.0.1:${http.port}`,
    get speed() {
      return time.speed;
    },
    nowMs: passTime,
    advanceTo(ms) {
      time.advanceTo(ms);
      passTime();
    },
    setSpeed(speed) {
      passTime();
      time.setSpeed(speed);
    },
    setFaults(plan) {
      faults = plan;
    },
    async stop() {
      isStopped = true;
      time.stop();
      latency.stop();
      await http.stop();
    },
  };
  return simulator;
}
