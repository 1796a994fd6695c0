import { guardLock } from "../../src/cli/lock_guard.ts";
import { assertEquals } from "../assert.ts";

function createGuard(looks: (() => Promise<boolean>)[]) {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const asked = (text: string) => {
    said.push(text);
    return Promise.resolve();
  };
  const guard = guardLock(
    { ready: () => asked("ready"), alive: asked, stopping: () => asked("stopping") },
    {
      lock: { isHeld: () => (looks.shift() ?? (() => Promise.resolve(true)))() },
      log: { info: say, warn: say, error: say },
    },
  );
  return { guard, said };
}

Deno.test("guardLock() asks for a stop, once, when the lock file is gone", async () => {
  const { guard, said } = createGuard([
    () => Promise.resolve(true),
    () => Promise.resolve(false),
    () => Promise.resolve(false),
  ]);
  await guard.service.alive("a");
  assertEquals(guard.lost.aborted, false);
  await guard.service.alive("b");
  assertEquals(guard.lost.aborted, true);
  await guard.service.alive("c");
  assertEquals(said.filter((line) => line.includes("execution.lock")).length, 1);
  assertEquals(said.filter((line) => line.length === 1), ["a", "b", "c"]);
});

Deno.test("guardLock() goes on when the lock file can't be looked at", async () => {
  const { guard, said } = createGuard([() => Promise.reject(new Error("input/output error"))]);
  await guard.service.alive("a");
  assertEquals([guard.lost.aborted, said], [false, ["a"]]);
});

Deno.test("guardLock() hands the other messages on", async () => {
  const { guard, said } = createGuard([]);
  await guard.service.ready();
  await guard.service.stopping();
  assertEquals(said, ["ready", "stopping"]);
});
