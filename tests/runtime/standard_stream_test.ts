import { createTextWriter } from "../../src/runtime/standard_stream.ts";
import { assertEquals } from "../assert.ts";

/** A stream that takes `sizes` bytes a call, then everything. */
function createStream(act: (call: number, bytes: Uint8Array) => number) {
  const taken: number[] = [];
  let calls = 0;
  return {
    read: () => new TextDecoder().decode(new Uint8Array(taken)),
    calls: () => calls,
    writeSync(bytes: Uint8Array): number {
      const count = act(++calls, bytes);
      taken.push(...bytes.subarray(0, count));
      return count;
    },
  };
}

Deno.test("createTextWriter() writes the whole text through a stream that takes it in pieces", () => {
  const stream = createStream((call) => call % 3);
  createTextWriter(stream)("Größe: 100 €\n");
  assertEquals(stream.read(), "Größe: 100 €\n");
});

Deno.test("createTextWriter() waits for a pipe whose reader is slow, however long the text", () => {
  const text = "some of the day's report\n".repeat(400);
  const stream = createStream((call) => {
    if (call % 6 !== 0) throw new Deno.errors.WouldBlock("full");
    return 10;
  });
  const waits: number[] = [];
  const errors: unknown[] = [];
  createTextWriter(stream, (error) => errors.push(error), (ms) => waits.push(ms))(text);
  assertEquals([stream.read(), errors], [text, []]);
  // Anew for each piece that was taken.
  assertEquals(waits.slice(0, 7), [1, 2, 4, 8, 16, 1, 2]);
});

Deno.test("createTextWriter() gives up, without an error, on a pipe that stays full, and tells of it", () => {
  const stream = createStream(() => {
    throw new Deno.errors.WouldBlock("full");
  });
  const errors: unknown[] = [];
  let waitedMs = 0;
  createTextWriter(stream, (error) => errors.push(error), (ms) => waitedMs += ms)("line\n");
  assertEquals(waitedMs, 8191);
  assertEquals(errors.map((error) => error instanceof Deno.errors.WouldBlock), [true]);
});

Deno.test("createTextWriter() gives up at once, without an error, when the reader is gone, and tells of it", () => {
  const stream = createStream(() => {
    throw new Deno.errors.BrokenPipe("gone");
  });
  const errors: unknown[] = [];
  const write = createTextWriter(stream, (error) => errors.push(error));
  write("a\n");
  write("b\n");
  assertEquals(stream.calls(), 2);
  assertEquals(errors.map((error) => error instanceof Deno.errors.BrokenPipe), [true, true]);
});
