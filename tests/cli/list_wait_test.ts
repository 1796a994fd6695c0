import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "../assert.ts";
import { buildSampleDay } from "../simulator/scenario.ts";
import { inOperatorDir, NOW_MS, runOperator } from "./operator_host.ts";

const MINUTE_MS = 60_000;
const LINES_AN_HOUR_MAX = 10;

/** A service of `dir` that systemd starts again each minute, and whose journal is `lines`. */
class Service {
  readonly lines: string[] = [];
  requests = 0;
  nowMs = NOW_MS;
  readonly #env: Record<string, string>;

  constructor(readonly dir: string) {
    this.#env = {
      AVWAP_STATE_DIR: `${dir}/state`,
      AVWAP_BASE_DIR: dir,
      APCA_API_KEY_ID: "key-of-nobody",
      APCA_API_SECRET_KEY: "secret-of-nobody",
      // Each of these is a warning of its own at a start.
      SLACK_WEBHOOK_URL: "nonsense",
      EXEC_V2_IGNORE_MARKET_HOURS: "perhaps",
      MAX_LIVE_GROSS_NOTIONAL: "500$",
    };
  }

  /** `ExecStartPre` and `ExecStart`. @returns The status of the second. */
  async start(isJournal = true): Promise<number> {
    await this.#run(["check"], isJournal);
    return await this.#run(["run", "--run-once"], isJournal);
  }

  async #run(args: readonly string[], isJournal: boolean): Promise<number> {
    const { status, out } = await runOperator(args, this.#env, {
      service: { notify: null, isJournal },
      clock: {
        nowMs: () => this.nowMs,
        monotonicMs: () => this.nowMs,
        sleep: (ms) => Promise.resolve(void (this.nowMs += ms)),
      },
      fetch: () => {
        this.requests++;
        return Promise.reject(new TypeError("no network in this test"));
      },
    });
    this.lines.push(...out.split("\n").filter((line) => line !== ""));
    return status;
  }
}

const WAITS: {
  when: string;
  status: number;
  says: string;
  make: (dir: string) => Promise<void>;
}[] = [
  { when: "missing", status: 1, says: "Watchlist missing", make: () => Promise.resolve() },
  {
    when: "stale",
    status: 2,
    says: "today is 2026-11-23",
    make: async (dir) => {
      await Deno.writeTextFile(`${dir}/daily_candidates.csv`, buildSampleDay().watchlistCsv);
      await Deno.utime(`${dir}/daily_candidates.csv`, 0, 0);
    },
  },
];

for (const { when, status, says, make } of WAITS) {
  Deno.test(`a service whose list is ${when} asks no broker, and writes no more than ten lines an hour`, () =>
    inOperatorDir(async (dir) => {
      await make(dir);
      const service = new Service(dir);
      for (let hour = 0; hour < 3; hour++) {
        service.lines.length = 0;
        for (let minute = 0; minute < 60; minute++) {
          service.nowMs = NOW_MS + (hour * 60 + minute) * MINUTE_MS;
          assertEquals(await service.start(), status);
        }
        assertLessOrEqual(service.lines.length, LINES_AN_HOUR_MAX);
        // Said once by each of the two, in every hour.
        assertEquals(service.lines.filter((line) => line.includes(says)).length, 2);
      }
      assertEquals(service.requests, 0);
    }));
}

Deno.test("a service that waited says all of its start once the list is there", () =>
  inOperatorDir(async (dir) => {
    const service = new Service(dir);
    for (let turn = 0; turn < 2; turn++) assertEquals(await service.start(), 1);
    service.lines.length = 0;
    await Deno.writeTextFile(`${dir}/daily_candidates.csv`, buildSampleDay().watchlistCsv);
    await Deno.utime(`${dir}/daily_candidates.csv`, NOW_MS / 1000, NOW_MS / 1000);
    assertEquals(await service.start(), 0);
    const text = service.lines.join("\n");
    assertStringIncludes(text, "started pid=");
    assertStringIncludes(text, 'MAX_LIVE_GROSS_NOTIONAL is "');
    assert(service.requests > 0);
  }));

Deno.test("only a start whose list is there writes the records into the trail", () =>
  inOperatorDir(async (dir) => {
    const service = new Service(dir);
    const path = `${dir}/state/events-2026-11-23.jsonl`;
    const countRecords = async () =>
      (await Deno.readTextFile(path)).split("\n").filter((line) => line.includes('"records"'))
        .length;
    assertEquals([await service.start(), await countRecords()], [1, 0]);
    await Deno.writeTextFile(`${dir}/daily_candidates.csv`, buildSampleDay().watchlistCsv);
    await Deno.utime(`${dir}/daily_candidates.csv`, NOW_MS / 1000, NOW_MS / 1000);
    assertEquals([await service.start(), await countRecords()], [0, 2]);
  }));

Deno.test("a start by hand says each time why it is refused", () =>
  inOperatorDir(async (dir) => {
    const service = new Service(dir);
    for (let turn = 0; turn < 3; turn++) {
      service.lines.length = 0;
      assertEquals(await service.start(false), 1);
      assertStringIncludes(service.lines.join("\n"), "ERROR Watchlist missing");
      assertStringIncludes(service.lines.join("\n"), "started pid=");
    }
  }));
