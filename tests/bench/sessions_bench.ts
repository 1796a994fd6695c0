import { V8_FLAGS } from "../../deploy/v8_flags.ts";

// A process over 60 simulated sessions with 200 candidates: what it still holds after a forced collection at the end of
// each. In a process of its own, with the binary's heap and the collector within reach.

Deno.bench({
  name: "sixty sessions with 200 candidates in one process",
  n: 1,
  warmup: 0,
  async fn() {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--no-check",
        "--allow-read",
        "--allow-write",
        "--allow-env",
        "--allow-net=127.0.0.1",
        `--allow-run=${Deno.execPath()}`,
        `--v8-flags=--expose-gc,${V8_FLAGS.join()}`,
        new URL("./sessions_main.ts", import.meta.url).pathname,
      ],
      stdin: "null",
    }).spawn().status;
    if (!success) throw new Error("it did not come to its end");
  },
});
