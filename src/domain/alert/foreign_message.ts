import { formatCounted } from "../counted.ts";
import { type AlertMessage, formatAdoptCommand } from "./alert_facts.ts";
import type { BrokerPosition } from "../order/orders.ts";

/**
 * Builds the message about positions that are new and not the engine's (WARNING; interface, Slack).
 * @param listed Those that a LIVE cycle adopts, because they stand on today's list.
 * @returns `null` where there are none.
 */
export function buildForeignMessage(
  others: readonly BrokerPosition[],
  listed: readonly BrokerPosition[],
): AlertMessage | null {
  if (others.length + listed.length === 0) return null;
  const name = (held: readonly BrokerPosition[]) =>
    held.map(({ symbol, qty }) => `${symbol} ${formatCounted(qty, "share")}`).sort().join(", ");
  const [example = null] = others.map(({ symbol }) => symbol).sort();
  const lines = [
    ...(example === null ? [] : [
      `${name(others)}: not bought by this engine; reported, never touched, no entry in it. ` +
      `To have one managed: ${formatAdoptCommand(example, null)}`,
    ]),
    ...(listed.length === 0 ? [] : [
      `${
        name(listed)
      }: not bought by this engine, and on today's list: a LIVE cycle adopts it, unless its price ` +
      "is at or below its stop there. To keep it yours, take it off the list or the allowlist",
    ]),
  ];
  return { level: "WARNING", title: "Foreign position", text: lines.join("\n") };
}
