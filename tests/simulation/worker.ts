/// <reference lib="deno.worker" />
import { z } from "zod";
import { runSeed } from "./run.ts";

/** A range of seeds, the last one not included. */
const RangeWire = z.object({ from: z.int(), to: z.int() });

declare const self: DedicatedWorkerGlobalScope;

// A worker of the fixed test: each core runs a share of the seeds and sends every result as it comes.
self.addEventListener("message", async ({ data }: MessageEvent) => {
  const { from, to } = RangeWire.parse(data);
  for (let seed = from; seed < to; seed++) self.postMessage(await runSeed(seed));
  self.postMessage(null);
});
