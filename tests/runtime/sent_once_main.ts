import { BREAK_CASES, listSeen } from "./sent_once.ts";

// The cases of http_test.ts for a runtime whose `deno test` does not take our settings. Ends with 1 where a change that
// the program sent arrived not at all or twice.

let failed = 0;
for (const each of BREAK_CASES) {
  const seen = await listSeen(each, "program");
  const isOnce = seen.join() === ["GET", each.method, each.method].join();
  if (!isOnce) failed++;
  await Deno.stdout.write(
    new TextEncoder().encode(`${isOnce ? "ok" : "FAILED"} ${each.name}: ${seen}\n`),
  );
}
Deno.exit(failed === 0 ? 0 : 1);
