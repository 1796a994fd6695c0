import { QUEUE_MAX } from "../../src/alerts/alert_queue.ts";
import { createNoAlerts } from "../../src/alerts/no_alerts.ts";
import {
  createSlackAlerts,
  DELIVERED_MAX,
  OUTDATED_VALUE,
  REQUEST_TIMEOUT_MS,
} from "../../src/alerts/slack.ts";
import { type SlackAnswer, SlackTransportError } from "../../src/alerts/slack_transport.ts";
import { buildWithdrawal } from "../../src/domain/alert/alert_messages.ts";
import type { AlertLevel } from "../../src/engine/ports.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import {
  createBench,
  createMemoryLog,
  ERROR,
  INFO,
  parsePayload,
  runClock,
  SECRET,
  settle,
  stateAlert,
} from "./fake_slack.ts";
import { ManualClock } from "./manual_clock.ts";

const DOWN = { status: 500 } as const;
const UP = { status: 200 } as const;
const KILLED = { key: "kill_switch", value: "file" } as const;
const WITHDRAWN = buildWithdrawal({ key: "kill_switch", value: "off" });

Deno.test("send() posts title, mark and message, with the overrides that are set", async () => {
  const bench = createBench([UP], { channel: "#ops", username: "avwap" });
  bench.alerts.send(INFO);
  await settle();
  const [request] = bench.slack.requests;
  assertEquals(request?.url, SECRET);
  assertEquals(request?.timeoutMs, REQUEST_TIMEOUT_MS);
  assertEquals(parsePayload(request?.body ?? ""), {
    text: "[AVWAP][EXECUTION][INFO] Execution heartbeat\nDRY_RUN paper: all well",
    channel: "#ops",
    username: "avwap",
  });
});

Deno.test("send() posts the text alone where no override is set", async () => {
  const bench = createBench([UP]);
  bench.alerts.send(INFO);
  await settle();
  assertEquals(Object.keys(parsePayload(bench.slack.requests[0]?.body ?? "")), ["text"]);
});

Deno.test("send() marks an alert with the mode at the time of the alert, not of the delivery", async () => {
  let mark = "LIVE live-money";
  const bench = createBench([DOWN, UP], { mark: () => mark });
  bench.alerts.send(INFO);
  mark = "DRY_RUN live-money";
  await runClock(bench.clock, 5);
  assertEquals(bench.slack.requests.length, 2);
  assertStringIncludes(bench.slack.texts()[1] ?? "", "\nLIVE live-money: ");
});

Deno.test("send() sends what it must even where the mark can't be made", async () => {
  const bench = createBench([UP], {
    mark: () => {
      throw new Error("no mode");
    },
  });
  bench.alerts.send(ERROR);
  await settle();
  assertStringIncludes(bench.slack.texts()[0] ?? "", "\nMODE UNKNOWN: AAPL");
});

const LEVELS: readonly AlertLevel[] = ["INFO", "TRADE", "WARNING", "ERROR"];
for (const minLevel of LEVELS) {
  for (const level of LEVELS) {
    const isSent = LEVELS.indexOf(level) >= LEVELS.indexOf(minLevel);
    Deno.test(`send() ${isSent ? "sends" : "keeps"} ${level} where the least level is ${minLevel}`, async () => {
      const bench = createBench([UP], { minLevel });
      bench.alerts.send({ ...INFO, level });
      await settle();
      assertEquals(bench.slack.requests.length, isSent ? 1 : 0);
    });
  }
}

Deno.test("send() counts a state below the least level as handled, without a message", async () => {
  const bench = createBench([UP], { minLevel: "ERROR" });
  bench.alerts.send(stateAlert("file"));
  await settle();
  assertEquals(bench.slack.requests.length, 0);
  assertEquals(bench.alerts.takeDelivered(), [KILLED]);
  assertEquals(bench.alerts.takeDelivered(), []);
});

const failures: { when: string; script: Parameters<typeof createBench>[0]; attempts: number }[] = [
  { when: "Slack answers 500", script: [DOWN], attempts: 3 },
  {
    when: "Slack never answers",
    script: [{ error: new SlackTransportError("timeout") }],
    attempts: 3,
  },
  {
    when: "the connection breaks",
    script: [{ error: new SlackTransportError("network") }],
    attempts: 3,
  },
  {
    when: "the sender throws what names the webhook",
    script: [{ error: new TypeError(SECRET) }],
    attempts: 3,
  },
  { when: "Slack limits the rate", script: [{ status: 429, retryAfter: "1" }], attempts: 3 },
  { when: "Slack redirects", script: [{ status: 302 }], attempts: 1 },
  { when: "the webhook is gone", script: [{ status: 404, body: "no_service" }], attempts: 1 },
  { when: "the body names the webhook", script: [{ status: 403, body: SECRET }], attempts: 1 },
];
for (const { when, script, attempts } of failures) {
  Deno.test(`send() ends after ${attempts} attempts, one log line and no secret when ${when}`, async () => {
    const bench = createBench(script);
    bench.alerts.send(INFO);
    await runClock(bench.clock, 20);
    assertEquals(bench.slack.requests.length, attempts);
    assertEquals(bench.log.lines.length, 1);
    assertStringIncludes(bench.log.lines[0] ?? "", "warn Slack alert not delivered (");
    const said = JSON.stringify([bench.log.lines, bench.events]);
    assertFalse(/SECRET|services/.test(said), said);
    assertEquals(bench.events.map((event) => event["outcome"]), ["lost"]);
  });

  Deno.test(`send() delivers a state alert in the end when ${when} for a while`, async () => {
    const bench = createBench([...script, ...script, ...script, ...script, UP]);
    bench.alerts.send(stateAlert("file"));
    await settle();
    assertEquals(bench.alerts.takeDelivered(), []);
    await runClock(bench.clock, 20);
    assertEquals(bench.slack.requests.length, 5);
    assertEquals(bench.alerts.takeDelivered(), [KILLED]);
    assertEquals(bench.log.lines.length, 2);
    assertEquals(bench.log.lines[1], "info Slack works again: 4 attempts failed, 0 alerts lost");
  });
}

Deno.test("send() says once that Slack fails and once that it works, with what was lost", async () => {
  const bench = createBench([DOWN]);
  for (let count = 0; count < 4; count++) bench.alerts.send(INFO);
  await runClock(bench.clock, 40);
  assertEquals(bench.log.lines, [
    "warn Slack alert not delivered (HTTP 500); trading goes on without it",
  ]);
  bench.slack.state.script = [UP];
  bench.alerts.send(INFO);
  await settle();
  assertEquals(bench.log.lines.slice(1), [
    "info Slack works again: 12 attempts failed, 4 alerts lost",
  ]);
  bench.alerts.send(INFO);
  await settle();
  assertEquals(bench.log.lines.length, 2);
});

Deno.test("send() counts each streak of failures by itself", async () => {
  const bench = createBench([DOWN]);
  for (const script of [DOWN, UP, DOWN, UP]) {
    bench.slack.state.script = [script];
    bench.alerts.send(INFO);
    await runClock(bench.clock, 10);
  }
  const line = "info Slack works again: 3 attempts failed, 1 alert lost";
  assertEquals([bench.log.lines[1], bench.log.lines[3]], [line, line]);
});

Deno.test("send() waits 2 s and 8 s between the attempts", async () => {
  const bench = createBench([DOWN]);
  bench.alerts.send(INFO);
  await settle();
  assertEquals(bench.clock.sleeps(), [2000]);
  bench.clock.advance(1999);
  await settle();
  assertEquals(bench.slack.requests.length, 1);
  bench.clock.advance(1);
  await settle();
  assertEquals(bench.slack.requests.length, 2);
  assertEquals(bench.clock.sleeps(), [8000]);
});

Deno.test("send() sends nothing at all during the pause that Slack asked for", async () => {
  const bench = createBench([{ status: 429, retryAfter: "30" }, UP]);
  bench.alerts.send(INFO);
  await settle();
  bench.alerts.send(ERROR);
  bench.clock.advance(29_999);
  await settle();
  assertEquals(bench.slack.requests.length, 1);
  bench.clock.advance(1);
  await settle();
  assertEquals(bench.slack.requests.length, 3);
});

Deno.test("send() lets a new alert leave at once while an older one waits for its next attempt", async () => {
  const bench = createBench([DOWN, UP]);
  bench.alerts.send(INFO);
  await settle();
  bench.alerts.send(ERROR);
  await settle();
  assertEquals(bench.slack.requests.length, 2);
  assertStringIncludes(bench.slack.texts()[1] ?? "", "[ERROR]");
});

Deno.test("send() has one request under way at a time and keeps the order", async () => {
  const bench = createBench([UP]);
  for (let count = 0; count < 20; count++) bench.alerts.send({ ...INFO, text: `n${count}` });
  assert(bench.slack.requests.length <= 1, "more than one request in the caller's own turn");
  await bench.alerts.drain(1000);
  assertEquals(bench.slack.state.mostInFlight, 1);
  const numbers = bench.slack.texts().map((text) => /n(\d+)$/.exec(text)?.[1]);
  assertEquals(numbers, Array.from({ length: 20 }, (_, count) => `${count}`));
});

Deno.test("send() starts again after the queue was empty", async () => {
  const bench = createBench([UP]);
  for (let count = 1; count <= 3; count++) {
    bench.alerts.send(INFO);
    await settle();
    assertEquals(bench.slack.requests.length, count);
  }
});

Deno.test("send() drops the oldest below ERROR when full, and says so once a streak", async () => {
  const hang = Promise.withResolvers<SlackAnswer>();
  const texts: string[] = [];
  const bench = createBench([], {
    send: (request) => {
      texts.push(parsePayload(request.body).text);
      return texts.length === 1
        ? hang.promise
        : Promise.resolve({ status: 200, body: "ok", header: () => null });
    },
  });
  bench.alerts.send({ ...INFO, text: "in flight" });
  for (let count = 0; count < 3; count++) bench.alerts.send({ ...ERROR, text: `S${count}X: bad` });
  for (let count = 0; count < QUEUE_MAX + 7; count++) {
    bench.alerts.send({ ...INFO, text: `n${count}` });
  }
  assertEquals(bench.log.lines, [
    "warn Slack queue full (100 alerts): the oldest below ERROR are dropped",
  ]);
  hang.resolve({ status: 200, body: "ok", header: () => null });
  await bench.alerts.drain(1000);
  assertEquals(texts.length, QUEUE_MAX + 1);
  assertEquals(texts.filter((text) => text.includes("[ERROR]")).length, 3);
  assertStringIncludes(texts[4] ?? "", "n10");
  assertEquals(bench.log.lines[1], "info Slack queue empty again: dropped 10 alerts");
});

for (const alert of [INFO, ERROR]) {
  Deno.test(`send() repeats an equal ${alert.title}: the engine decides what is said again`, async () => {
    const bench = createBench([UP]);
    bench.alerts.send(alert);
    bench.alerts.send(alert);
    await settle();
    assertEquals(bench.slack.requests.length, 2);
  });
}

Deno.test("send() does not queue a state twice, waiting, under way or just delivered", async () => {
  const bench = createBench([DOWN, UP]);
  bench.alerts.send(stateAlert("file"));
  bench.alerts.send(stateAlert("file")); // under way
  await settle();
  bench.alerts.send(stateAlert("file")); // waiting
  await runClock(bench.clock, 10);
  bench.alerts.send(stateAlert("file")); // delivered, not yet taken
  await settle();
  assertEquals(bench.slack.requests.length, 2);
  assertEquals(bench.alerts.takeDelivered(), [KILLED]);
});

Deno.test("send() does not hurry a waiting state when a cycle says it again", async () => {
  const bench = createBench([DOWN]);
  for (let count = 0; count < 5; count++) {
    bench.alerts.send(stateAlert("file"));
    await settle();
  }
  assertEquals(bench.slack.requests.length, 1);
  assertEquals(bench.clock.sleeps(), [2000]);
});

Deno.test("send() replaces a waiting state by a newer value of its key", async () => {
  const bench = createBench([DOWN]);
  bench.alerts.send(stateAlert("env"));
  await settle();
  bench.slack.state.script = [UP];
  bench.alerts.send(stateAlert("file"));
  await runClock(bench.clock, 10);
  assertEquals(bench.slack.requests.length, 2);
  assertStringIncludes(bench.slack.texts()[1] ?? "", "Kill switch active (file)");
  assertEquals(bench.alerts.takeDelivered(), [KILLED]);
});

Deno.test("send() takes a waiting state back when it is withdrawn, and sends nothing for that", async () => {
  const bench = createBench([DOWN]);
  bench.alerts.send(stateAlert("file"));
  await settle();
  bench.alerts.send(WITHDRAWN);
  await runClock(bench.clock, 20);
  assertEquals(bench.slack.requests.length, 1);
  assertEquals(bench.alerts.takeDelivered(), [{ key: "kill_switch", value: "off" }]);
});

Deno.test("send() forgets a state withdrawn under way, so that the same is alerted again later", async () => {
  const hang = Promise.withResolvers<SlackAnswer>();
  let requests = 0;
  const bench = createBench([], {
    send: () => {
      requests++;
      return hang.promise;
    },
  });
  bench.alerts.send(stateAlert("file"));
  bench.alerts.send(WITHDRAWN);
  hang.resolve({ status: 200, body: "ok", header: () => null });
  await settle();
  assertEquals(bench.alerts.takeDelivered(), [{ key: "kill_switch", value: OUTDATED_VALUE }]);
  bench.alerts.send(stateAlert("file"));
  await settle();
  assertEquals(requests, 2);
  assertEquals(bench.alerts.takeDelivered(), [KILLED]);
});

Deno.test("send() does not try a state again that was withdrawn while its attempt failed", async () => {
  const hang = Promise.withResolvers<SlackAnswer>();
  let requests = 0;
  const bench = createBench([], {
    send: () => {
      requests++;
      return hang.promise;
    },
  });
  bench.alerts.send(stateAlert("file"));
  bench.alerts.send(WITHDRAWN);
  hang.reject(new SlackTransportError("timeout"));
  await runClock(bench.clock, 10);
  assertEquals(requests, 1);
  assertEquals(bench.clock.sleeps(), []);
});

Deno.test("takeDelivered() remembers a bounded number of keys, the newest", async () => {
  const bench = createBench([UP], { minLevel: "ERROR" });
  for (let count = 0; count <= DELIVERED_MAX; count++) {
    bench.alerts.send(stateAlert("on", { state: { key: `k${count}`, value: "on" } }));
  }
  await settle();
  const keys = bench.alerts.takeDelivered().map((each) => each.key);
  assertEquals([keys.length, keys[0], keys.at(-1)], [DELIVERED_MAX, "k1", `k${DELIVERED_MAX}`]);
});

Deno.test("drain() returns at once when nothing waits", async () => {
  const bench = createBench([UP]);
  await bench.alerts.drain(3000);
  assertEquals(bench.clock.sleeps(), []);
});

Deno.test("drain() returns when the queue is empty and leaves no timer", async () => {
  const bench = createBench([UP]);
  bench.alerts.send(INFO);
  await bench.alerts.drain(3000);
  assertEquals(bench.slack.requests.length, 1);
  assertEquals(bench.clock.sleeps(), []);
});

Deno.test("drain() waits no longer than its limit where Slack hangs", async () => {
  const bench = createBench([], { send: () => new Promise(() => {}) });
  bench.alerts.send(INFO);
  let isDone = false;
  const drained = bench.alerts.drain(3000).then(() => isDone = true);
  bench.clock.advance(2999);
  await settle();
  assertFalse(isDone);
  bench.clock.advance(1);
  await drained;
});

Deno.test("close() ends a wait and sends nothing afterwards", async () => {
  const bench = createBench([DOWN]);
  bench.alerts.send(stateAlert("file"));
  await settle();
  bench.alerts.close();
  await settle();
  assertEquals(bench.clock.sleeps(), []);
  for (let count = 0; count < 2 * QUEUE_MAX; count++) bench.alerts.send(INFO);
  await settle();
  assertEquals(bench.slack.requests.length, 1);
  assertEquals(bench.log.lines.length, 1, "the queue grew after the end");
});

Deno.test("send() records in the audit trail what became of an alert", async () => {
  const bench = createBench([DOWN, UP]);
  bench.alerts.send(stateAlert("file"));
  await runClock(bench.clock, 5);
  assertEquals(bench.events, [{
    type: "alert",
    level: "WARNING",
    title: "Kill switch active",
    text: "Kill switch active (file)",
    outcome: "delivered",
    attempts: 2,
    state_key: "kill_switch",
    state_value: "file",
  }]);
});

Deno.test("send() survives an audit trail that breaks its promise, and works on", async () => {
  let records = 0;
  const bench = createBench([UP], {
    events: {
      record: () => records++ === 0 ? Promise.reject(new Error(SECRET)) : Promise.resolve(),
    },
  });
  bench.alerts.send(INFO);
  bench.alerts.send(INFO);
  await settle();
  assertEquals(bench.log.lines, [
    "error Slack sender stopped (Error); the next alert starts it again",
  ]);
  bench.alerts.send(INFO);
  await settle();
  assertEquals(bench.slack.requests.length, 3);
});

Deno.test("createSlackAlerts() needs no audit trail", async () => {
  const slack: string[] = [];
  const alerts = createSlackAlerts({
    webhookUrl: SECRET,
    minLevel: "INFO",
    channel: null,
    username: null,
    send: ({ body }) => {
      slack.push(body);
      return Promise.resolve({ status: 200, body: "ok", header: () => null });
    },
    clock: new ManualClock(),
    log: createMemoryLog(),
    mark: () => "LIVE paper",
  });
  alerts.send(INFO);
  await settle();
  assertEquals(slack.length, 1);
});

Deno.test("createNoAlerts() takes everything, delivers nothing and waits for nothing", async () => {
  const alerts = createNoAlerts();
  alerts.send(stateAlert("file"));
  await alerts.drain(3000);
  assertEquals(alerts.takeDelivered(), []);
});
