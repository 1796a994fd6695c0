import { z } from "zod";
import type { Simulator } from "../simulator/server.ts";

/** A process that sleeps: for how long (simulated ms), and how many lines it has printed before. */
export const SleepRequestWire = z.strictObject({
  pid: z.number(),
  ms: z.number(),
  lines: z.number(),
});
/** The simulated moment, Unix ms. */
export const SleepAnswerWire = z.strictObject({ nowMs: z.number() });

/** How time passes for a program that sleeps. */
export interface TimeKeeperOptions {
  readonly simulator: Simulator;
  /** Simulated seconds that one real second of a sleep is; `Infinity`: sleeps cost nothing. */
  readonly speed: number;
  /** Every sleep lasts at least so long, simulated ms: a day in fewer steps, for a program that only looks on. */
  readonly strideMs?: number;
  /** Sleeps shorter than this are left as they are, simulated ms; 0 (as without it): none. */
  readonly strideFromMs?: number;
}

/** Real sleeps are saved up until they are worth a timer. */
const TIMER_MS_MIN = 2;

/**
 * Time for a program in another process, and for its broker, from one source: the simulator's. While the program works
 * time passes at the real pace, so that no deadline of its own comes too soon on a slow machine; while it sleeps, the
 * keeper says how long that takes, and whether it ends at all yet. So a story can stop the program between two steps,
 * and a day passes in seconds. One program at a time.
 */
export class TimeKeeper {
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #simulator: Simulator;
  readonly #speed: number;
  readonly #strideMs: number;
  readonly #strideFromMs: number;
  readonly #stopped = new AbortController();
  readonly #untilRead = new Map<number, (lines: number) => Promise<void>>();
  #released: PromiseWithResolvers<void> | null = Promise.withResolvers();
  #holdAtMs = Infinity;
  readonly #sleeps = new Set<Promise<void>>();
  #isAsleep = false;
  #debtMs = 0;
  #onAsleep: (() => void)[] = [];

  /** Begins with time held. */
  constructor({ simulator, speed, strideMs = 0, strideFromMs = 0 }: TimeKeeperOptions) {
    this.#simulator = simulator;
    this.#speed = speed;
    this.#strideMs = strideMs;
    this.#strideFromMs = strideFromMs;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The simulated moment, Unix ms. */
  nowMs(): number {
    return this.#simulator.nowMs();
  }

  /** Before a sleep of this process ends, the lines that it printed before are waited for. */
  attach(pid: number, untilRead: (lines: number) => Promise<void>): void {
    this.#untilRead.set(pid, untilRead);
  }

  /** No sleep ends until `release`. */
  hold(): void {
    this.#released ??= Promise.withResolvers();
  }

  /** Sleeps end again when their time is over. @param holdAtMs Held again by the first sleep at or after this moment. */
  release(holdAtMs = Infinity): void {
    this.#holdAtMs = holdAtMs;
    this.#released?.resolve();
    this.#released = null;
  }

  /** Turns the clock forward under a program that sleeps: its sleep ends late, as after a suspended host. */
  jumpTo(ms: number): void {
    this.#simulator.advanceTo(ms);
  }

  /** Resolves when time is held and the program sleeps, or when `ended` does. */
  async untilHeld(ended: Promise<unknown>): Promise<void> {
    if (this.#isAsleep && this.#released !== null) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAsleep.push(resolve);
    await Promise.race([promise, ended]);
  }

  /** Lets the sleeps end that a program left behind which is over, and holds time for the next one. */
  async finish(): Promise<void> {
    this.release();
    await Promise.allSettled([...this.#sleeps]);
    this.hold();
  }

  /** Ends every sleep and the server. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.release();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/sleep") {
      const wanted = SleepRequestWire.parse(await request.json());
      const sleep = this.#pass(this.#stretch(wanted.ms), wanted);
      this.#sleeps.add(sleep);
      await sleep.finally(() => this.#sleeps.delete(sleep));
    }
    return Response.json({ nowMs: this.nowMs() });
  }

  #stretch(ms: number): number {
    return ms < this.#strideFromMs ? ms : Math.max(ms, this.#strideMs);
  }

  async #pass(ms: number, { pid, lines }: z.output<typeof SleepRequestWire>): Promise<void> {
    const endMs = this.nowMs() + Math.ceil(ms);
    await this.#untilRead.get(pid)?.(lines);
    if (this.nowMs() >= this.#holdAtMs) this.hold();
    this.#isAsleep = true;
    if (this.#released !== null) {
      for (const resolve of this.#onAsleep.splice(0)) resolve();
      await this.#released.promise;
    }
    await this.#waitReal(ms);
    this.#isAsleep = false;
    this.#simulator.advanceTo(endMs);
  }

  async #waitReal(ms: number): Promise<void> {
    this.#debtMs += ms / this.#speed;
    if (this.#debtMs < TIMER_MS_MIN || this.#stopped.signal.aborted) return;
    const beganMs = performance.now();
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#stopped.signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, this.#debtMs);
      this.#stopped.signal.addEventListener("abort", end);
    });
    this.#debtMs -= performance.now() - beganMs;
  }
}
