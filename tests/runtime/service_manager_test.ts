import { createServiceManager } from "../../src/runtime/service_manager.ts";
import { assertEquals } from "../assert.ts";

function createLines() {
  const lines: string[] = [];
  const add = (line: string) => void lines.push(line);
  return { lines, log: { info: add, warn: add, error: add } };
}

Deno.test("createServiceManager() does nothing where there is no service manager", async () => {
  const { lines, log } = createLines();
  const service = createServiceManager({ notify: null, log });
  await service.ready();
  await service.alive("x");
  await service.stopping();
  assertEquals(lines, []);
});

Deno.test("createServiceManager() speaks the protocol, a status in one line", async () => {
  const sent: string[] = [];
  const notify = (message: string) => {
    sent.push(message);
    return Promise.resolve();
  };
  const service = createServiceManager({ notify, log: createLines().log });
  await service.ready();
  await service.alive("LIVE\nREADY=0");
  await service.stopping();
  assertEquals(sent, ["READY=1", "WATCHDOG=1\nSTATUS=LIVE\\nREADY=0", "STOPPING=1"]);
});

Deno.test("createServiceManager() says a failure once a streak and never throws", async () => {
  const answers = [false, false, true, false];
  const notify = () => answers.shift() ? Promise.resolve() : Promise.reject(new Error("no socket"));
  const { lines, log } = createLines();
  const service = createServiceManager({ notify, log });
  for (let turn = 0; turn < 4; turn++) await service.alive("x");
  assertEquals(lines, [
    "Service manager not reached: no socket",
    "Service manager not reached: no socket",
  ]);
});
