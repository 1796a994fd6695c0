/// <reference lib="deno.worker" />
import { z } from "zod";
import { runSeed } from "./run.ts";

const SeedWire = z.int();

declare const self: DedicatedWorkerGlobalScope;

// A worker of the fixed test: it runs the seed that it is sent, and is sent another when its result has come.
self.addEventListener("message", async ({ data }: MessageEvent) => {
  self.postMessage(await runSeed(SeedWire.parse(data)));
});
