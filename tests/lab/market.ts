import { startMarketOfNow } from "../binary/market_of_now.ts";

// The simulated broker of the lab: `deno run --allow-net=127.0.0.1 tests/lab/market.ts PORT [MINUTES] [closed]`, with a clock
// so many minutes ahead of this host's. `/sim/requests` tells what it was asked; it runs until it is ended.

const port = Number(Deno.args[0]);
const aheadMs = Number(Deno.args[1] ?? 0) * 60_000;
const { url } = startMarketOfNow(port, { aheadMs, isOpen: Deno.args[2] !== "closed" });
Deno.stdout.writeSync(new TextEncoder().encode(`${url}\n`));
