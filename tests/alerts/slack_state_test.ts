import fc from "fast-check";
import type { SlackAlerts } from "../../src/alerts/slack.ts";
import { buildStateMessage } from "../../src/domain/alert/alert_messages.ts";
import { assert, assertEquals } from "../assert.ts";
import { createBench, parsePayload, runClock, settle } from "./fake_slack.ts";

const DOWN = { status: 500 } as const;
const UP = { status: 200 } as const;

/** An engine as far as alerts go: each cycle says what is true, and what was delivered is kept in a file. */
function runAlertCycle(
  alerts: SlackAlerts,
  alerted: Map<string, string>,
  key: string,
  value: string,
) {
  for (const each of alerts.takeDelivered()) alerted.set(each.key, each.value);
  const message = value === "off"
    ? null
    : { level: "WARNING", title: "Kill switch active", text: key + value } as const;
  alerts.send(buildStateMessage({ key, value }, Object.fromEntries(alerted), message));
}

Deno.test("a state alert not delivered before a restart is sent after it, and a second restart is silent", async () => {
  const alerted = new Map<string, string>();
  const first = createBench([DOWN]);
  const cycle = async (bench: ReturnType<typeof createBench>, value: string) => {
    runAlertCycle(bench.alerts, alerted, "kill_switch", value);
    await settle();
  };
  await cycle(first, "file");
  await runClock(first.clock, 6);
  await cycle(first, "file");
  assertEquals(alerted.size, 0);
  first.alerts.close();

  const second = createBench([UP]);
  for (let count = 0; count < 3; count++) await cycle(second, "file");
  assertEquals(second.slack.requests.length, 1);
  assertEquals(alerted.get("kill_switch"), "file");

  const third = createBench([UP]);
  for (let count = 0; count < 3; count++) await cycle(third, "file");
  assertEquals(third.slack.requests.length, 0);
  await cycle(third, "off");
  await cycle(third, "file");
  assertEquals(third.slack.requests.length, 1, "newly set again, so alerted again");
});

type Step =
  | { readonly kind: "turn"; readonly key: string; readonly value: string }
  | { readonly kind: "answer"; readonly status: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "restart" };

const key = fc.constantFrom("a", "b");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("turn" as const), key, value: fc.constantFrom("1", "2", "off") }),
  fc.record({ kind: fc.constant("answer" as const), status: fc.constantFrom(200, 429, 404, 500) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1000, 60_000) }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

/** Slack that answers when the test says so, in front of an engine that restarts when the test says so. */
class StateWorld {
  readonly read: string[] = [];
  readonly truth = new Map<string, string>();
  readonly alerted = new Map<string, string>();
  #open: ((status: number) => void) | null = null;
  #isUp = false;
  #bench = this.#start();

  async take(each: Step): Promise<void> {
    if (each.kind === "wait") this.#bench.clock.advance(each.ms);
    else if (each.kind === "turn") this.truth.set(each.key, each.value);
    else if (each.kind === "answer") this.#answer(each.status);
    else this.#restart();
    await settle();
    this.#cycle();
  }

  /** Slack works again, and cycles go on until nothing waits. */
  async end(): Promise<void> {
    this.#isUp = true;
    this.#answer(200);
    for (let count = 0; count < 4; count++) {
      await runClock(this.#bench.clock, 50);
      assertEquals(this.#bench.clock.sleeps(), [], "somebody still waits");
      this.#cycle();
    }
  }

  #cycle(): void {
    for (const [key, value] of this.truth) {
      runAlertCycle(this.#bench.alerts, this.alerted, key, value);
    }
  }

  #start() {
    return createBench([], {
      send: ({ body }) =>
        new Promise((resolve) => {
          const { text } = parsePayload(body);
          assertEquals(this.#open, null, "two requests at once");
          this.#open = (status) => {
            if (status === 200) this.read.push(text);
            resolve({ status, body: "", header: () => "1" });
          };
          if (this.#isUp) this.#answer(200);
        }),
    });
  }

  #answer(status: number): void {
    const open = this.#open;
    this.#open = null;
    open?.(status);
  }

  #restart(): void {
    this.#bench.alerts.close();
    this.#open = null;
    this.#bench = this.#start();
  }
}

Deno.test("whatever fails, changes and restarts, the last thing read of each state is what is true", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new StateWorld();
      for (const each of steps) await world.take(each);
      await world.end();
      for (const [key, value] of world.truth) {
        assertEquals(world.alerted.get(key), value, `alerted of ${key}`);
        const last = world.read.filter((text) => text.includes(`: ${key}`)).at(-1);
        if (value !== "off") assert(last?.endsWith(`: ${key}${value}`), `read of ${key}: ${last}`);
      }
    }),
    { numRuns: 400 },
  );
});
