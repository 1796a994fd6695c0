import { BREAK_CASES, callBackInHandshake, listSeen } from "./sent_once.ts";

// The cases of http_test.ts for a runtime whose `deno test` does not take our settings. Ends with 1 where a change that
// the program sent arrived not at all or twice, or at all though it was called back.

let failed = 0;
async function say(isRight: boolean, text: string): Promise<void> {
  if (!isRight) failed++;
  const line = `${isRight ? "ok" : "FAILED"} ${text}\n`;
  await Deno.stdout.write(new TextEncoder().encode(line));
}

for (const each of BREAK_CASES) {
  const seen = await listSeen(each, "program");
  const isOnce = seen.join() === ["GET", each.method, each.method].join();
  await say(isOnce, `${each.name}: ${seen}`);
}
const { isEnded, afterBytes } = await callBackInHandshake();
await say(
  isEnded && afterBytes === 0,
  `called back in its handshake: ${afterBytes} bytes after it`,
);
Deno.exit(failed === 0 ? 0 : 1);
