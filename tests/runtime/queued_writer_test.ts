import { BLOCKED_MS, createQueuedWriter } from "../../src/runtime/queued_writer.ts";
import { assert, assertEquals } from "../assert.ts";

/** A stream whose reader takes nothing while it is `isFull`. */
class SteeredStream {
  readonly #taken: number[] = [];
  isFull = false;
  failure: Error | null = null;
  /** So many writes are refused, as by a full pipe that does not block. */
  refusals = 0;
  pieceBytes = Infinity;
  #release: () => void = () => {};

  async write(bytes: Uint8Array): Promise<number> {
    if (this.failure !== null) throw this.failure;
    if (this.refusals > 0) {
      this.refusals--;
      throw new Deno.errors.WouldBlock("full");
    }
    if (this.isFull) await new Promise<void>((resolve) => this.#release = resolve);
    const count = Math.min(bytes.length, this.pieceBytes);
    this.#taken.push(...bytes.subarray(0, count));
    return count;
  }

  read(): void {
    this.isFull = false;
    this.#release();
  }

  get text(): string {
    return new TextDecoder().decode(new Uint8Array(this.#taken));
  }
}

/** Time that stands but where a test moves it; a sleep ends with its signal, or at once where time is up. */
function createTime(isTimeUp: boolean) {
  return {
    atMs: 0,
    monotonicMs() {
      return this.atMs;
    },
    sleep(ms: number, signal?: AbortSignal): Promise<void> {
      if (isTimeUp) this.atMs += ms;
      if (isTimeUp || signal === undefined || signal.aborted) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      return promise;
    },
  };
}

function build({ isTimeUp = false, blockedMs = BLOCKED_MS } = {}) {
  const stream = new SteeredStream();
  const clock = createTime(isTimeUp);
  const describeDropped = (count: number) => `${count} dropped\n`;
  const writer = createQueuedWriter({ stream, clock, describeDropped, blockedMs });
  return { stream, clock, writer };
}

Deno.test("the queued writer writes everything in its order, also in pieces", async () => {
  const { stream, writer } = build();
  stream.pieceBytes = 3;
  const lines = ["Größe: 100 €\n", "second\n", "third\n"];
  lines.forEach((line) => writer.write(line));
  await writer.flush(1000);
  writer.write("fourth\n");
  await writer.flush(1000);
  assertEquals(stream.text, `${lines.join("")}fourth\n`);
});

Deno.test("the queued writer waits for a full pipe that does not block as for one that does", async () => {
  const { stream, writer } = build();
  stream.refusals = 3;
  stream.pieceBytes = 3;
  writer.write("first\n");
  writer.write("second\n");
  await writer.flush(1000);
  assertEquals([stream.text, stream.refusals], ["first\nsecond\n", 0]);
});

Deno.test("the queued writer never waits for its reader, and says in their place how many lines it dropped", async () => {
  const { stream, clock, writer } = build();
  stream.isFull = true;
  writer.write("kept 1\n");
  writer.write("kept 2\n");
  clock.atMs += BLOCKED_MS - 1;
  writer.write("kept 3\n");
  clock.atMs += 1;
  for (let line = 0; line < 1000; line++) writer.write("lost\n");
  assertEquals(stream.text, "");
  stream.read();
  await writer.flush(1000);
  assertEquals(stream.text, "kept 1\nkept 2\nkept 3\n1000 dropped\n");
  writer.write("after\n");
  await writer.flush(1000);
  assertEquals(stream.text, "kept 1\nkept 2\nkept 3\n1000 dropped\nafter\n");
});

Deno.test("the queued writer keeps every line for its reader where no time is set, and never waits", async () => {
  const { stream, clock, writer } = build({ blockedMs: Infinity });
  stream.isFull = true;
  writer.write("first\n");
  clock.atMs += 1000 * BLOCKED_MS;
  writer.write("second\n");
  assertEquals(stream.text, "");
  stream.read();
  await writer.flush(1000);
  assertEquals(stream.text, "first\nsecond\n");
});

Deno.test("the queued writer keeps no more than 256 KB for a reader that is slow", async () => {
  const { stream, writer } = build();
  stream.isFull = true;
  const line = `${"x".repeat(1023)}\n`;
  for (let count = 0; count < 300; count++) writer.write(line);
  stream.read();
  await writer.flush(1000);
  const kept = stream.text.split("x\n").length - 1;
  assert(kept >= 256 && kept <= 257, `${kept}`);
  assertEquals(stream.text.endsWith(`${300 - kept} dropped\n`), true);
});

for (const failure of [new Deno.errors.BrokenPipe("gone"), new Error("no space left")]) {
  Deno.test(`the queued writer goes on after ${failure.name}, and says what was lost when it can`, async () => {
    const { stream, writer } = build();
    stream.failure = failure;
    writer.write("lost 1\n");
    writer.write("lost 2\n");
    await writer.flush(1000);
    stream.failure = null;
    writer.write("after\n");
    await writer.flush(1000);
    assertEquals(stream.text, "2 dropped\nafter\n");
  });
}

Deno.test("the queued writer's flush ends after its time where nobody reads", async () => {
  const { stream, clock, writer } = build({ isTimeUp: true });
  stream.isFull = true;
  writer.write("never read\n");
  const beforeMs = clock.atMs;
  await writer.flush(500);
  assertEquals([clock.atMs - beforeMs, stream.text], [500, ""]);
  stream.read();
});
