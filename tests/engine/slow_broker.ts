import { createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import { HttpFailure } from "../../src/broker/transport.ts";
import { RUN_ONCE_MS } from "../../src/engine/engine.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import { createSimulatedSend } from "../simulator/in_process.ts";
import type { World } from "./support.ts";

/** How slow the broker is, and whether the process makes one cycle alone. */
export interface Slowness {
  readonly latencyMs: number;
  /** What a request takes beyond that, by how many left before it; nothing by default. */
  readonly extraMs?: (count: number) => number;
  readonly isRunOnce: boolean;
}

/** A process of its own, each of whose requests takes so long. */
export async function restartSlow(
  world: World,
  { latencyMs, isRunOnce, extraMs = () => 0 }: Slowness,
): Promise<void> {
  await world.restart();
  const { ports } = world.engine;
  const { clock, log } = ports;
  const { config } = buildConfig(world.environment, { ...NO_RUN_FLAGS, isRunOnce });
  const broker = createAlpacaClient({
    tradingUrl: config.endpoint.tradingUrl,
    dataUrl: config.endpoint.dataUrl,
    keyId: config.keyId,
    secretKey: config.secretKey,
    send: createSimulatedSend({
      exchange: world.exchange,
      clock,
      latencyMs,
      faults: (_request, count) => ({ kind: "delay", ms: extraMs(count) }),
      fail: (failure, message) => new HttpFailure(failure, message),
    }),
    clock,
    chance: { uniform: () => 0.5 },
    feed: config.feed,
    timeoutMs: 10_000,
    log,
    endMs: isRunOnce ? clock.monotonicMs() + RUN_ONCE_MS : Infinity,
  });
  Object.assign(ports, { broker, marketData: broker, config: config.engine });
}
