import { z } from "zod";
import type { SlackAlerts, SlackOptions } from "../../src/alerts/slack.ts";
import { createSlackAlerts } from "../../src/alerts/slack.ts";
import type { SlackAnswer, SlackRequest } from "../../src/alerts/slack_transport.ts";
import type { EngineEvent } from "../../src/domain/day/events.ts";
import type { Alert, LogPort } from "../../src/engine/ports.ts";
import { ManualClock } from "./manual_clock.ts";

/** A webhook that has the shape of a real one and opens nothing. */
export const SECRET = "http://127.0.0.1:9/services/T0SECRET/B0SECRET/x9SECRETx9";

const Payload = z.strictObject({
  text: z.string(),
  channel: z.string().optional(),
  username: z.string().optional(),
});

export type Payload = z.infer<typeof Payload>;

export function parsePayload(body: string): Payload {
  return Payload.parse(JSON.parse(body));
}

/** A log that keeps its lines, the level in front. */
export function createMemoryLog(): LogPort & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    info: (line) => void lines.push(`info ${line}`),
    warn: (line) => void lines.push(`warn ${line}`),
    error: (line) => void lines.push(`error ${line}`),
  };
}

/** One scripted answer: a status, or what the transport throws. */
export type Script = {
  readonly status: number;
  readonly retryAfter?: string;
  readonly body?: string;
} | {
  readonly error: Error;
};

/** Slack as a script: answers in order, the last one for ever. Requests are kept. */
export function createScriptedSend(script: readonly Script[]) {
  const requests: SlackRequest[] = [];
  const state = { inFlight: 0, mostInFlight: 0, script };
  const send = async (request: SlackRequest): Promise<SlackAnswer> => {
    const step = state.script[Math.min(requests.length, state.script.length - 1)] ??
      { status: 200 };
    requests.push(request);
    state.inFlight++;
    state.mostInFlight = Math.max(state.mostInFlight, state.inFlight);
    await Promise.resolve();
    state.inFlight--;
    if ("error" in step) throw step.error;
    return {
      status: step.status,
      body: step.body ?? "ok",
      header: (name) => name.toLowerCase() === "retry-after" ? step.retryAfter ?? null : null,
    };
  };
  const texts = () => requests.map((request) => parsePayload(request.body).text);
  return { send, requests, texts, state };
}

/** The adapter with everything around it in the test's hands. */
export function createBench(script: readonly Script[], change: Partial<SlackOptions> = {}) {
  const clock = new ManualClock();
  const log = createMemoryLog();
  const slack = createScriptedSend(script);
  const events: EngineEvent[] = [];
  const alerts: SlackAlerts = createSlackAlerts({
    webhookUrl: SECRET,
    minLevel: "INFO",
    channel: null,
    username: null,
    send: slack.send,
    clock,
    log,
    events: {
      record: (event) => {
        events.push(event);
        return Promise.resolve();
      },
    },
    mark: () => "DRY_RUN paper",
    ...change,
  });
  return { alerts, clock, log, slack, events };
}

export type Bench = ReturnType<typeof createBench>;

/** Lets everything that waits for no clock run to its end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** Moves from one wake-up to the next, `steps` times at most, until nobody sleeps. */
export async function runClock(clock: ManualClock, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await settle();
    if (clock.sleeps().length === 0) return;
    clock.advanceToNext();
  }
  await settle();
}

export const INFO: Alert = { level: "INFO", title: "Execution heartbeat", text: "all well" };
export const ERROR: Alert = {
  level: "ERROR",
  title: "Execution error",
  text: "AAPL: order rejected",
};

/** A state alert, as the engine sends one in each cycle until it is delivered. */
export function stateAlert(value: string, change: Partial<Alert> = {}): Alert {
  return {
    level: "WARNING",
    title: "Kill switch active",
    text: `Kill switch active (${value})`,
    state: { key: "kill_switch", value },
    ...change,
  };
}
