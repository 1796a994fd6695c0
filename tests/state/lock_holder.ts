// Takes the lock at its first argument, says how that ended, and stays until standard input ends. With `old-runtime` it
// does so as on a runtime that has no tryLock.
import { acquireLock } from "../../src/state/instance_lock.ts";
import type { ClockPort } from "../../src/engine/ports.ts";

const clock: ClockPort = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

if (Deno.args[1] === "old-runtime") Reflect.deleteProperty(Deno.FsFile.prototype, "tryLock");
const outcome = await acquireLock({ path: Deno.args[0] ?? "", pid: Deno.pid, clock });
const said = outcome.kind === "busy" ? `busy ${outcome.pid}` : "held";
await Deno.stdout.write(new TextEncoder().encode(`${said}\n`));
await Deno.stdin.read(new Uint8Array(1));
if (outcome.kind === "held") await outcome.release();
Deno.exit(0);
