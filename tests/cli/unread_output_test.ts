import { BLOCKED_MS } from "../../src/runtime/queued_writer.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { startUnread, UNREACHABLE_BROKER, type UnreadProgram } from "../support/real_program.ts";

const LIST = "Symbol,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R2\n" +
  "NVDA,120,124.2,-3.4,117.1,136.6\n";
/** So many cycles of a second take longer than the reader is waited for. */
const CYCLES = BLOCKED_MS / 1000 + 3;

/** A program that has not made them by then is held up. */
const CYCLES_MS_MAX = 60_000;

/** Waits until the audit trail has so many more cycles: what the program does while nobody hears it. */
async function untilCycles(stateDir: string, count: number): Promise<void> {
  let first: number | null = null;
  let made = 0;
  const changes = Deno.watchFs(stateDir);
  const timer = setTimeout(() => changes.close(), CYCLES_MS_MAX);
  for await (const { paths } of changes) {
    const path = paths.find((each) => /events-[-\d]+\.jsonl$/.test(each));
    if (path === undefined) continue;
    const cycles = (await Deno.readTextFile(path)).split('"type":"cycle"').length;
    first ??= cycles;
    made = cycles - first;
    if (made >= count) break;
  }
  clearTimeout(timer);
  assert(made >= count, `${made} cycles in ${CYCLES_MS_MAX / 1000} s: it is held up`);
}

async function withUnread(
  act: (program: UnreadProgram, stateDir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-unread-" });
  try {
    const stateDir = `${dir}/state`;
    await Deno.mkdir(stateDir);
    await Deno.writeTextFile(`${dir}/daily_candidates.csv`, LIST);
    const program = await startUnread({
      args: ["run", "--poll-seconds", "1"],
      env: {
        ...UNREACHABLE_BROKER,
        AVWAP_BASE_DIR: dir,
        AVWAP_STATE_DIR: stateDir,
      },
      writeDir: dir,
    });
    try {
      await act(program, stateDir);
    } finally {
      await program.close();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("the loop goes on behind an output that nobody reads, and SIGTERM ends it", () =>
  withUnread(async (program, stateDir) => {
    await untilCycles(stateDir, CYCLES);
    program.stop();
    assertEquals(await program.ended, 0);
  }));

Deno.test("a reader that comes back is told how many lines it missed", () =>
  withUnread(async (program, stateDir) => {
    await untilCycles(stateDir, CYCLES);
    const output = program.read();
    await untilCycles(stateDir, 1);
    program.stop();
    assertEquals(await program.ended, 0);
    const text = await output;
    assertMatch(text, /\] WARNING [1-9]\d* lines dropped: nobody read standard output/);
    assertMatch(text, /SIGTERM received; stopping after the current step\n$/);
  }));
