import { sampleOpenMs } from "../simulator/scenario.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { SlackSink } from "./slack_sink.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "./trading_day.ts";

const OPEN_MS = sampleOpenMs();
const MINUTE_MS = 60_000;

/** A dead-man's switch on loopback: when it was told, in minutes after the open, and how it answers. */
class Switch {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly toldMinutes: number[] = [];
  status = 200;
  nowMs: () => number = () => 0;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      if (this.status === 200) this.toldMinutes.push((this.nowMs() - OPEN_MS) / MINUTE_MS);
      return new Response("ok", { status: this.status });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/ping/secret`;
  }

  /** Whether it was told between these minutes after the open. */
  wasTold(from: number, to: number): boolean {
    return this.toldMinutes.some((minute) => minute >= from && minute < to);
  }

  stop(): Promise<void> {
    return this.#server.shutdown();
  }
}

Deno.test("over a day each channel tells of the other's outage: a dead switch is one warning, a dead Slack stops the pings", async () => {
  const slack = new SlackSink();
  const outside = new Switch();
  const day = new TradingDay({
    startMs: OPEN_MS - 30 * MINUTE_MS,
    slack,
    healthcheckUrl: outside.url,
  });
  outside.nowMs = () => day.time.nowMs();
  const at = (minute: number, act: () => void) => day.time.plan(OPEN_MS + minute * MINUTE_MS, act);
  // The switch is away for an hour; a restart in the middle.
  at(20, () => void (outside.status = 503));
  at(80, () => void (outside.status = 200));
  // Slack is away for an hour, in which a stop is refused: an error that reaches nobody.
  at(90, () => void (slack.answer = 500));
  at(150, () => void (slack.answer = 200));
  const body = JSON.stringify({ code: 40310000, message: "account not authorized to trade" });
  day.faults = ({ method, body: asked }) => {
    const minute = (day.time.nowMs() - OPEN_MS) / MINUTE_MS;
    const isHit = method === "POST" && /"type":"stop"/.test(asked ?? "") && minute < 99;
    return isHit ? { kind: "status", status: 403, body } : null;
  };
  try {
    for (const minutes of [50, 200, 410]) {
      await day.run(LIVE_ENVIRONMENT, { untilMs: OPEN_MS + minutes * MINUTE_MS });
    }
  } finally {
    await slack.stop();
    await outside.stop();
  }
  const warnings = slack.of("Healthcheck unreachable");
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0] ?? "", "[WARNING] Healthcheck unreachable\n");
  assertStringIncludes(warnings[0] ?? "", "has not answered 10 times in a row");
  assert(!warnings[0]?.includes("secret"));
  assert(day.log.lines.some((line) => /HEALTHCHECK_URL answers again, after \d+ req/.test(line)));
  // The stop is refused at 97 minutes: bare shares, then an error that waits; told again when Slack took it.
  assertEquals([outside.wasTold(2, 20), outside.wasTold(82, 97)], [true, true]);
  assertEquals([outside.wasTold(21, 80), outside.wasTold(106, 150)], [false, false]);
  assertEquals([outside.wasTold(152, 385), outside.wasTold(395, 410)], [true, true]);
  // Never more often than once a minute, but for the first of a process.
  const minutes = outside.toldMinutes;
  const early = minutes.filter((each, index) => each - (minutes[index - 1] ?? -Infinity) < 0.99);
  assert(early.length <= 2, early.join(" "));
});
