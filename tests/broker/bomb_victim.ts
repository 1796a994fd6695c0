import process from "node:process";
import { createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import { createFetchSend } from "../../src/broker/fetch_transport.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { createHttp } from "../../src/runtime/http.ts";
import { BOMBS, USUAL } from "./bombs.ts";
import { KEY_ID, SECRET_KEY } from "./scripted.ts";

// The broker's client in a process of its own. Reads the usual answers and then one bomb of bombs.ts, by its place, from the
// server whose address is the first argument; prints a line of JSON for each: what came of it, and the peak of memory so far.

const [url = "", place = "0"] = Deno.args;
const line = (value: unknown) =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));

const answers = [...USUAL, ...BOMBS];
for (const index of [...USUAL.keys(), USUAL.length + Number(place)]) {
  const answer = answers[index];
  if (answer === undefined) throw new Error("no such answer");
  const client = createAlpacaClient({
    tradingUrl: `${url}/${index}`,
    dataUrl: `${url}/${index}`,
    keyId: KEY_ID,
    secretKey: SECRET_KEY,
    send: createFetchSend(createHttp(fetch)),
    clock: createClock(),
    chance: { uniform: () => 0 },
    feed: "iex",
    timeoutMs: 10_000,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    onExchange: () => {},
  });
  const reads = {
    bars: () =>
      client.listBars({ symbols: ["A", "B"], window: { startMs: 0, endMs: Date.UTC(2027, 0, 1) } }),
    orders: () => client.listOrders({ status: "all" }),
    positions: () => client.listPositions(),
  };
  const end = await reads[answer.read]().then(() => "read", (error: unknown) => String(error));
  line({ name: answer.name, end, peakMb: process.resourceUsage().maxRSS / 1024 });
}
Deno.exit(0);
