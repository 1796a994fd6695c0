import {
  createServiceManager,
  CYCLE_DEADLINE_MS,
  type Notify,
} from "../../src/runtime/service_manager.ts";
import { assertEquals } from "../assert.ts";

/** A service manager's ear, a log and a clock that the test moves. */
function createWorld(notify: Notify | null | "record" = "record") {
  const sent: string[] = [];
  const lines: string[] = [];
  const add = (line: string) => void lines.push(line);
  let nowMs = 0;
  const record: Notify = (message) => {
    sent.push(message);
    return Promise.resolve();
  };
  const service = createServiceManager({
    notify: notify === "record" ? record : notify,
    log: { info: add, warn: add, error: add },
    clock: { monotonicMs: () => nowMs },
  });
  return { service, sent, lines, pass: (ms: number) => void (nowMs += ms) };
}

Deno.test("createServiceManager() does nothing where there is no service manager", async () => {
  const { service, lines } = createWorld(null);
  await service.ready();
  await service.alive("x");
  service.stepped();
  await service.stopping();
  assertEquals(lines, []);
});

Deno.test("createServiceManager() speaks the protocol, a status in one line", async () => {
  const { service, sent } = createWorld();
  await service.ready();
  await service.alive("LIVE\nREADY=0");
  await service.stopping();
  assertEquals(sent, ["READY=1", "WATCHDOG=1\nSTATUS=LIVE\\nREADY=0", "STOPPING=1"]);
});

Deno.test("createServiceManager() is ready once", async () => {
  const { service, sent } = createWorld();
  await service.ready();
  await service.ready();
  assertEquals(sent, ["READY=1"]);
});

Deno.test("createServiceManager() says a changed status at once and repeats one every 5 s", async () => {
  const { service, sent, pass } = createWorld();
  const statuses = ["a", "a", "b"];
  for (const status of statuses) await service.alive(status);
  for (let look = 0; look < 20; look++) {
    pass(500);
    await service.alive("b");
  }
  const [a, b] = ["WATCHDOG=1\nSTATUS=a", "WATCHDOG=1\nSTATUS=b"];
  assertEquals(sent, [a, b, b, b]);
});

Deno.test("stepped() feeds the watchdog within the cycle's deadline and never past it", async () => {
  const { service, sent, pass } = createWorld();
  await service.alive("waiting");
  sent.length = 0;
  let steps = 0;
  for (let ms = 0; ms < 2 * CYCLE_DEADLINE_MS; ms += 10_000) {
    pass(10_000);
    service.stepped();
    if (ms + 10_000 <= CYCLE_DEADLINE_MS) steps++;
  }
  assertEquals(sent, Array.from({ length: steps }, () => "WATCHDOG=1"));
  await service.alive("waiting again");
  pass(10_000);
  service.stepped();
  assertEquals(sent.slice(steps), ["WATCHDOG=1\nSTATUS=waiting again", "WATCHDOG=1"]);
});

Deno.test("stepped() sends no more than one message in 5 s, however many steps there are", async () => {
  const { service, sent, pass } = createWorld();
  await service.alive("waiting");
  for (let step = 0; step < 100; step++) {
    pass(100);
    service.stepped();
  }
  assertEquals(sent.length, 3);
});

Deno.test("createServiceManager() says a failure once a streak and never throws", async () => {
  const answers = [false, false, true, false];
  const { service, lines } = createWorld(() =>
    answers.shift() ? Promise.resolve() : Promise.reject(new Error("no socket"))
  );
  for (const status of ["a", "b", "c", "d"]) await service.alive(status);
  assertEquals(lines, [
    "Service manager not reached: no socket",
    "Service manager not reached: no socket",
  ]);
});
