import {
  formatAllowlist,
  formatGateLines,
  formatGateMode,
  formatGateReason,
  type GateDecision,
} from "../domain/gate/gate.ts";
import type { Engine } from "./engine.ts";

/** Prints the three gate lines, once per cycle on the market-hours path (interface, Gate). */
export async function printGate(engine: Engine, decision: GateDecision): Promise<void> {
  const { config, log } = engine.ports;
  for (const line of formatGateLines(decision, config)) log.info(line);
  engine.lastGateText = formatGateMode(decision);
  engine.gateMode = decision.mode;
  // The same again is nothing to make durable before an order.
  if (engine.state.lastGate !== engine.lastGateText) {
    engine.updateState({ lastGate: engine.lastGateText });
  }
  await engine.event({
    type: "gate",
    mode: decision.mode,
    reason: decision.mode === "LIVE" ? "live trading confirmed" : formatGateReason(decision.reason),
    allowlist: formatAllowlist(config.allowlist),
    caps: config.caps === null ? null : {
      orders_per_day: config.caps.ordersPerDay,
      positions: config.caps.positions,
      gross_notional_usd: config.caps.grossNotionalUsd,
      notional_per_symbol_usd: config.caps.notionalPerSymbolUsd,
    },
    inputs: engine.gateInputs,
  });
}

/** The same, only where mode or reason changed since they were last printed. */
export async function printGateIfChanged(engine: Engine, decision: GateDecision): Promise<void> {
  if (formatGateMode(decision) !== engine.lastGateText) await printGate(engine, decision);
}
