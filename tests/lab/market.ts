import { startMarketOfNow } from "../binary/market_of_now.ts";

// The simulated broker of the lab: `deno run --allow-net=127.0.0.1 tests/lab/market.ts PORT`. `/sim/requests` tells what it
// was asked; it runs until it is ended.

const port = Number(Deno.args[0]);
const { url } = startMarketOfNow(port);
Deno.stdout.writeSync(new TextEncoder().encode(`${url}\n`));
