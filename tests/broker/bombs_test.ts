import { z } from "zod";
import { V8_FLAGS } from "../../deploy/v8_flags.ts";
import { assertEquals, assertLess, assertMatch } from "../assert.ts";
import { BOMBS, USUAL } from "./bombs.ts";

/** What an answer that is a bomb may cost above the usual peak. */
const BOMB_MB_MAX = 64;

const Line = z.strictObject({ name: z.string(), end: z.string(), peakMb: z.number() });

/** Runs the broker's client in a process of its own, with the binary's heap. @returns A line for each answer. */
async function runVictim(place: number): Promise<z.output<typeof Line>[]> {
  const answers = [...USUAL, ...BOMBS];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const answer = answers[Number(new URL(request.url).pathname.split("/")[1])];
    const encoding = answer?.encoding ?? null;
    return new Response(
      answer?.build() ?? null,
      encoding === null ? {} : { headers: { "content-encoding": encoding } },
    );
  });
  const victim = new URL("./bomb_victim.ts", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--allow-net=127.0.0.1",
      `--v8-flags=${V8_FLAGS.join()}`,
      victim,
      `http://127.0.0.1:${server.addr.port}`,
      `${place}`,
    ],
    stdin: "null",
  }).output();
  await server.shutdown();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const last = new TextDecoder().decode(stderr);
  assertEquals(lines.length, USUAL.length + 1, `it died after ${lines.at(-1)}: ${last}`);
  return lines.map((line) => Line.parse(JSON.parse(line)));
}

/** Bars that are none are left out one by one, and the log says so. */
const IS_LEFT_OUT = /bars|symbols/;
const IS_FLOOD = /gzip|br that|endless/;

for (const [place, { name }] of BOMBS.entries()) {
  Deno.test(`an answer that is a bomb ends in words and costs at most 64 MB above the usual peak: ${name}`, async () => {
    const [orders, bars, bomb] = await runVictim(place);
    assertMatch(orders?.end ?? "", /a full page does not lead to the next/);
    assertEquals(bars?.end, "read");
    assertLess((bomb?.peakMb ?? Infinity) - (bars?.peakMb ?? 0), BOMB_MB_MAX);
    const words = IS_FLOOD.test(name)
      ? /the answer (is larger than|holds more than) \d+ (bytes|values)/
      : IS_LEFT_OUT.test(name)
      ? /^read$/
      : /^BrokerError: Cannot read \w+(:| from 127)/;
    assertMatch(bomb?.end ?? "", words);
  });
}
