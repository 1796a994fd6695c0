import { StateError } from "../../src/engine/ports.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { makeLinks, makePipe, withDir } from "./real_disk.ts";
import { FixedClock } from "./support.ts";

const clock = new FixedClock();

interface Holder {
  readonly pid: number;
  readonly said: string;
  end(): Promise<void>;
  kill(): Promise<void>;
}

/** A process of its own that takes the lock; resolves once it said how that ended. */
async function startHolder(path: string, ...args: string[]): Promise<Holder> {
  const script = new URL("./lock_holder.ts", import.meta.url).pathname;
  const dir = path.slice(0, path.lastIndexOf("/"));
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--allow-read=${dir}`,
      `--allow-write=${dir}`,
      script,
      path,
      ...args,
    ],
    stdin: "piped",
    stdout: "piped",
  });
  const child = command.spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  const finish = async () => {
    await child.status;
    await reader.cancel();
  };
  return {
    pid: child.pid,
    said: new TextDecoder().decode(value).trim(),
    end: async () => {
      await child.stdin.close();
      await finish();
    },
    kill: async () => {
      child.kill("SIGKILL");
      await finish();
      await child.stdin.abort().catch(() => "the pipe went with the process");
    },
  };
}

async function takeNow(path: string) {
  const outcome = await acquireLock({ path, pid: 4242, clock });
  if (outcome.kind === "held") await outcome.release();
  return outcome;
}

Deno.test("acquireLock() holds the lock against another process, which learns the pid", () =>
  withDir(async (dir) => {
    const path = `${dir}/execution.lock`;
    const first = await startHolder(path);
    assertEquals(first.said, "held");
    const second = await startHolder(path);
    assertEquals(second.said, `busy ${first.pid}`);
    assertEquals(await takeNow(path), { kind: "busy", pid: first.pid });
    await second.end();
    await first.end();
    assertEquals((await takeNow(path)).kind, "held", "the lock ends with the process");
  }));

Deno.test("acquireLock() works on a runtime without tryLock, killed holders included", () =>
  withDir(async (dir) => {
    const path = `${dir}/execution.lock`;
    const first = await startHolder(path, "old-runtime");
    assertEquals(first.said, "held");
    const second = await startHolder(path, "old-runtime");
    assertEquals(second.said, `busy ${first.pid}`);
    assertEquals(await takeNow(path), { kind: "busy", pid: first.pid });
    await second.end();
    await first.kill();
    const third = await startHolder(path, "old-runtime");
    assertEquals(third.said, "held");
    await third.end();
    assertEquals(await Deno.readTextFile(path), "", "given back in order");
  }));

Deno.test("acquireLock() finds the lock free at once after its holder was killed", () =>
  withDir(async (dir) => {
    const path = `${dir}/execution.lock`;
    const holder = await startHolder(path);
    await holder.kill();
    assertEquals(await Deno.readTextFile(path), `${holder.pid}\n`, "the old pid is still in it");
    assertEquals((await takeNow(path)).kind, "held");
  }));

Deno.test("acquireLock() writes the pid, mode 0600, and release() gives the lock back", () =>
  withDir(async (dir) => {
    const path = `${dir}/execution.lock`;
    await Deno.writeTextFile(path, "99999999999 a longer text than any pid\n");
    const held = await acquireLock({ path, pid: 4242, clock });
    assert(held.kind === "held");
    assertEquals(await Deno.readTextFile(path), "4242\n");
    assertEquals(await held.isHeld(), true);
    assertEquals(await acquireLock({ path, pid: 1, clock }), { kind: "busy", pid: 4242 });
    await held.release();
    assertEquals(await Deno.readTextFile(path), "");
    assertEquals((await takeNow(path)).kind, "held");
    await takeNow(`${dir}/new.lock`);
    assertEquals(((await Deno.stat(`${dir}/new.lock`)).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("acquireLock() does not know the pid where the file has none", () =>
  withDir(async (dir) => {
    const path = `${dir}/execution.lock`;
    const held = await acquireLock({ path, pid: 4242, clock });
    assert(held.kind === "held");
    for (const text of ["", "abc", "-5", "0", "12 34", "99999999999"]) {
      await Deno.writeTextFile(path, text);
      assertEquals(await acquireLock({ path, pid: 1, clock }), { kind: "busy", pid: null }, text);
    }
    await held.release();
  }));

Deno.test("isHeld() notices that the lock file was removed or replaced", () =>
  withDir(async (dir) => {
    const path = `${dir}/execution.lock`;
    const held = await acquireLock({ path, pid: 4242, clock });
    assert(held.kind === "held");
    await Deno.remove(path);
    assertEquals(await held.isHeld(), false);
    await Deno.writeTextFile(path, "");
    assertEquals(await held.isHeld(), false);
    await held.release();
  }));

Deno.test("acquireLock() refuses a link, a directory or a pipe in the lock's place", () =>
  withDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/target`, "precious");
    await makeLinks({ [`${dir}/link`]: `${dir}/target`, [`${dir}/broken`]: `${dir}/nothing` });
    await makePipe(`${dir}/pipe`);
    await Deno.mkdir(`${dir}/dir`);
    const words = {
      link: "a symbolic link",
      broken: "a symbolic link",
      pipe: "not a regular file",
      dir: "a directory",
    };
    for (const [name, what] of Object.entries(words)) {
      const path = `${dir}/${name}`;
      const error = await assertRejects(() => takeNow(path), StateError, what);
      assert(error.message.includes(path));
    }
    assertEquals(await Deno.readTextFile(`${dir}/target`), "precious");
  }));

Deno.test("acquireLock() throws one line where the file can't be made", async () => {
  const error = await assertRejects(() => takeNow("/avwap-test-outside/x.lock"), StateError);
  assertEquals(
    error.message,
    'Cannot lock "/avwap-test-outside/x.lock": outside what this process may read or write',
  );
  await withDir(async (dir) => {
    await assertRejects(() => takeNow(`${dir}/no/x.lock`), StateError, "no such file");
  });
});
