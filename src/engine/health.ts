import { findHealthTrouble } from "../domain/alert/health.ts";
import type { MarketClock } from "../domain/time/market.ts";
import type { Engine } from "./engine.ts";

/** So many failures in a row are a warning, once a NY day. */
const FAILURES_MAX = 10;

/**
 * After a cycle tells the dead-man's switch outside the host that all is well, where it is (interface, `HEALTHCHECK_URL`):
 * a dead Slack stops it, and a dead switch is a Slack warning. Waits for nothing.
 * @param market As the cycle read it.
 */
export async function beatHealth(engine: Engine, market: MarketClock | null): Promise<void> {
  const { health, alerts, ledger } = engine.ports;
  if (health === undefined) return;
  if (health.failures >= FAILURES_MAX && engine.isNews("healthcheck", engine.dateNy())) {
    const text =
      `HEALTHCHECK_URL has not answered ${FAILURES_MAX} times in a row: nobody outside ` +
      "this host would notice its end; `avwap-execution check` asks it";
    engine.ports.log.warn(text);
    engine.alert({ level: "WARNING", title: "Healthcheck unreachable", text });
  }
  const { positions, openOrders } = engine.observation ?? {};
  const trouble = findHealthTrouble({
    isOpen: market?.isOpen ?? null,
    isBrokerRead: positions?.kind === "ok" && openOrders?.kind === "ok",
    areRecordsRead: engine.isStateLoaded && !engine.isForeignState &&
      (await ledger.read()).kind === "ok",
    standings: engine.state.standings,
    errorWaitMs: alerts.errorWaitMs?.() ?? 0,
    nowMs: engine.nowMs(),
  });
  if (trouble === null) health.beat();
}
