import type { CycleResult } from "../../src/engine/cycle.ts";
import { formatServiceStatus } from "../../src/engine/service_status.ts";
import { assertEquals } from "../assert.ts";

const WAKE = { atMs: Date.parse("2026-01-20T14:45:35Z"), why: "bar closed" } as const;
const NEXT = "next cycle 2026-01-20 09:45:35 EST (bar closed)";
const OPEN = { timestampMs: 0, isOpen: true, nextOpenMs: 0, nextCloseMs: 0 };
const CLOSED = { ...OPEN, isOpen: false };
const LIVE: CycleResult["gate"] = {
  mode: "LIVE",
  caps: {
    ordersPerDay: 1,
    positions: 1,
    grossNotionalUsd: 500,
    notionalPerSymbolUsd: 250,
  },
  allowlist: { kind: "all" },
};

const CASES: { result: CycleResult; status: string }[] = [
  { result: { market: OPEN, gate: LIVE }, status: `LIVE; market open; ${NEXT}` },
  {
    result: {
      market: OPEN,
      gate: { mode: "DRY_RUN", reason: { code: "kill_switch_active", source: "file" } },
    },
    status: `DRY_RUN: kill switch active (file); market open; ${NEXT}`,
  },
  { result: { market: CLOSED, gate: null }, status: `market closed; ${NEXT}` },
  { result: { market: OPEN, gate: null }, status: `market open; ${NEXT}` },
  {
    result: { market: null, gate: null },
    status: `broker unreachable, counts as market closed; ${NEXT}`,
  },
];

for (const { result, status } of CASES) {
  Deno.test(`formatServiceStatus() says "${status}"`, () => {
    assertEquals(formatServiceStatus(result, WAKE), status);
  });
}
