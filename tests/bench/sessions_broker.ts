import { Exchange } from "../simulator/exchange.ts";
import { startSimulator } from "../simulator/server.ts";
import { buildRows, buildScript, listSessions } from "./sessions_market.ts";

// The broker of sessions_main.ts in a process of its own: what it remembers is not measured. `sessions_broker.ts SESSIONS
// CANDIDATES` prints its address, and ends when its standard input does.

const [sessionsText = "", candidatesText = ""] = Deno.args;
const sessions = listSessions(Number(sessionsText));
const rows = buildRows(Number(candidatesText));
const exchange = new Exchange({
  script: buildScript(rows, sessions),
  sessions,
  startMs: (sessions[0]?.openMs ?? 0) - 60_000,
  cashUsd: 1_000_000,
  // Four tests of a price a minute are enough for fills at the minute.
  tickMs: 15_000,
});
const simulator = startSimulator({ exchange, speed: 0 });
Deno.stdout.writeSync(new TextEncoder().encode(`${simulator.url}\n`));
for await (const _ of Deno.stdin.readable);
await simulator.stop();
