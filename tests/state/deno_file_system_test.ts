import { StateError } from "../../src/engine/ports.ts";
import { createDenoFileSystem, explain, isHostFault } from "../../src/state/deno_file_system.ts";
import { appendBytes, copyAside, ensureDir, replaceFile } from "../../src/state/durable_file.ts";
import { parentOf } from "../../src/state/file_system.ts";
import { makeLinks, makePipe, withDir } from "./real_disk.ts";
import { assert, assertEquals, assertFalse, assertRejects } from "../assert.ts";

const fs = createDenoFileSystem();
const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("the Deno disk tells what is at a path, links not followed by lstat and followed by stat", () =>
  withDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "12345", { mode: 0o640 });
    await Deno.mkdir(`${dir}/dir`);
    await makeLinks({ [`${dir}/link`]: `${dir}/file`, [`${dir}/broken`]: `${dir}/nothing` });
    const file = await fs.lstat(`${dir}/file`);
    assertEquals([file?.kind, file?.sizeBytes, file?.mode], ["file", 5, 0o640]);
    const info = await Deno.lstat(`${dir}/file`);
    assertEquals(file?.modifiedAtMs, info.mtime?.getTime());
    assertEquals((await fs.lstat(`${dir}/dir`))?.kind, "dir");
    assertEquals((await fs.lstat(`${dir}/link`))?.kind, "symlink");
    assertEquals((await fs.stat(`${dir}/link`))?.kind, "file");
    assertEquals((await fs.lstat(`${dir}/broken`))?.kind, "symlink");
    assertEquals(await fs.stat(`${dir}/broken`), null);
    assertEquals(await fs.lstat(`${dir}/nothing`), null);
    assertEquals((await fs.stat("/dev/null"))?.kind, "other");
  }));

Deno.test("the Deno disk does not call a path absent when it can't know", () =>
  withDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    await makeLinks({ [`${dir}/loop`]: `${dir}/loop` });
    await assertRejects(() => fs.lstat(`${dir}/file/below`), StateError, "not a directory");
    await assertRejects(() => fs.stat(`${dir}/loop`), StateError, "too many symbolic links");
    await assertRejects(() => fs.lstat(`${dir}/${"x".repeat(300)}`), StateError, "too long");
    await assertRejects(() => fs.lstat(`${dir}/a\0b`), StateError);
  }));

Deno.test("the Deno disk reads a whole file, refuses a larger one and what is no file", () =>
  withDir(async (dir) => {
    const path = `${dir}/file`;
    const bytes = new Uint8Array(3_000_000).map((_, index) => index % 251);
    await Deno.writeFile(path, bytes);
    assertEquals(await fs.readBytes(path, bytes.length), bytes);
    await assertRejects(() => fs.readBytes(path, bytes.length - 1), StateError, "larger than");
    assertEquals(
      await fs.readChunk(path, { fromByte: 10, maxBytes: 5 }),
      bytes.slice(10, 15),
    );
    assertEquals((await fs.readChunk(path, { fromByte: 2_999_999, maxBytes: 9 })).length, 1);
    assertEquals((await fs.readChunk(path, { fromByte: 3_000_000, maxBytes: 9 })).length, 0);
    await assertRejects(() => fs.readBytes(dir, 10), StateError, "a directory");
    await assertRejects(() => fs.readBytes("/dev/zero", 10), StateError, "not a regular file");
    await makePipe(`${dir}/pipe`);
    await assertRejects(() => fs.readBytes(`${dir}/pipe`, 10), StateError, "not a regular file");
    await assertRejects(() => fs.readBytes(`${dir}/no`, 10), StateError, "no such file");
  }));

Deno.test("the Deno disk creates only where nothing is, a broken link included", () =>
  withDir(async (dir) => {
    const path = `${dir}/file`;
    await makeLinks({ [path]: `${dir}/target` });
    await assertRejects(
      () => fs.open(path, { kind: "create", mode: 0o600 }),
      StateError,
      "already there",
    );
    assertEquals(await fs.lstat(`${dir}/target`), null);
  }));

Deno.test("the Deno disk replaces, appends, syncs directories and copies aside for real", () =>
  withDir(async (dir) => {
    const path = `${dir}/state/file.json`;
    await ensureDir(fs, `${dir}/state/deep`);
    await replaceFile(fs, path, encode("one"));
    await replaceFile(fs, path, encode("two"));
    await appendBytes(fs, path, encode("+"), { before: await fs.lstat(path), isSynced: true });
    await appendBytes(fs, `${dir}/state/new`, encode("x"), { before: null, isSynced: false });
    assertEquals(await Deno.readTextFile(path), "two+");
    for (const name of [path, `${dir}/state/new`]) {
      assertEquals((await fs.lstat(name))?.mode, 0o600);
    }
    assertEquals((await fs.lstat(`${dir}/state`))?.mode, 0o700);
    const copy = await copyAside(fs, path, `${dir}/state/archive`);
    assertEquals(await Deno.readTextFile(copy), "two+");
    assertEquals((await fs.listDir(`${dir}/state`)).sort(), [
      "archive",
      "deep",
      "file.json",
      "new",
    ]);
  }));

Deno.test("the Deno disk removes files, links themselves and empty directories only", () =>
  withDir(async (dir) => {
    await Deno.mkdir(`${dir}/full/x`, { recursive: true });
    await makeLinks({ [`${dir}/link`]: `${dir}/full` });
    await fs.remove(`${dir}/link`);
    await assertRejects(() => fs.remove(`${dir}/full`), StateError, "not empty");
    await fs.remove(`${dir}/full/x`);
    await fs.remove(`${dir}/full`);
    assertEquals(await fs.listDir(dir), []);
    await assertRejects(() => fs.remove(`${dir}/full`), StateError, "no such file");
    await assertRejects(() => fs.listDir(`${dir}/full`), StateError, "no such file");
    await assertRejects(() => fs.mkdir(`${dir}/a/b`, 0o700), StateError, "no such file");
    await assertRejects(() => fs.syncDir(`${dir}/a`), StateError, "no such file");
    await assertRejects(() => fs.rename(`${dir}/a`, `${dir}/b`), StateError, "no such file");
  }));

Deno.test("the Deno disk says when a path is outside what the process may write", async () => {
  const path = "/avwap-test-outside/KILL_SWITCH";
  const error = await assertRejects(
    () => fs.open(path, { kind: "create", mode: 0o600 }),
    StateError,
    "outside what this process may read or write",
  );
  assert(error.message.includes(path));
  assertFalse(error.message.includes("--allow"), "the runtime's advice is not the operator's");
});

const CAUSES: { code: string; words: string }[] = [
  { code: "ENOSPC", words: "no space left on the device" },
  { code: "EROFS", words: "the file system is read-only" },
  { code: "EACCES", words: "permission denied" },
  { code: "EIO", words: "input/output error of the device" },
  { code: "EDQUOT", words: "disk quota used up" },
];
for (const { code, words } of CAUSES) {
  Deno.test(`explain() says ${code} in plain words on one line`, async () => {
    const cause = Object.assign(new Error(`${code} (os error 1): open '/x'\n at`), { code });
    const error = await assertRejects(
      () => explain(`Cannot write "/x"`, () => Promise.reject(cause)),
      StateError,
    );
    assertEquals(error.message, `Cannot write "/x": ${words}`);
  });
}

Deno.test("explain() takes the first line of a cause that it does not know", async () => {
  const act = () => explain("Cannot x", () => Promise.reject(new Error("odd\n    at stack")));
  assertEquals((await assertRejects(act, StateError)).message, "Cannot x: odd");
  const thrower = () => explain("Cannot x", () => Promise.reject("text"));
  assertEquals((await assertRejects(thrower, StateError)).message, "Cannot x: text");
});

Deno.test("parentOf() gives the directory that holds a path", () => {
  const cases = { "/a/b": "/a", "/a": "/", "/": "/", "a": ".", "a/b": "a", "/a/b/": "/a" };
  for (const [path, parent] of Object.entries(cases)) assertEquals(parentOf(path), parent, path);
});

Deno.test("isHostFault() tells what may pass from what the operator named", async () => {
  const faultOf = async (code: string) => {
    const failed = explain("Cannot write", () => {
      throw Object.assign(new Error("os error"), { code });
    });
    return isHostFault(await assertRejects(() => failed, StateError));
  };
  for (const code of ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ESTALE"]) {
    assert(await faultOf(code), code);
  }
  for (const code of ["EACCES", "EPERM", "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", ""]) {
    assertFalse(await faultOf(code), code);
  }
  assertFalse(isHostFault(new StateError("a directory is in its place")));
});
