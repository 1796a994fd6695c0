import { formatGateReason } from "../domain/gate/gate.ts";
import { formatNy } from "../domain/time/ny_time.ts";
import type { Wake } from "../domain/plan/wake.ts";
import type { CycleResult } from "./cycle.ts";

/**
 * What `systemctl status` shows while the loop waits: the mode with its reason, the market, and what comes next. A broker
 * that can't be reached is a status, not a failed start.
 */
export function formatServiceStatus({ market, gate }: CycleResult, wake: Wake): string {
  const next = `next cycle ${formatNy(wake.atMs)} (${wake.why})`;
  if (market === null) return `broker unreachable, counts as market closed; ${next}`;
  const isOpen = market.isOpen ? "market open" : "market closed";
  if (gate === null) return `${isOpen}; ${next}`;
  const mode = gate.mode === "LIVE" ? "LIVE" : `DRY_RUN: ${formatGateReason(gate.reason)}`;
  return `${mode}; ${isOpen}; ${next}`;
}
