import type { FillStep } from "../simulator/order.ts";
import { at, type Scenario } from "./scenario.ts";

const TOMORROW_NY = "2026-06-18";
/** Two bars over the pivot of 100 are closed at ten; the stop is 97, R1 103, R2 106. */
const BREAKOUT = { atMs: at("09:40"), priceUsd: 100.8 } as const;
/** The process that waits for the breakout, and one that has entered. */
const WAITED = { fromMs: at("09:55"), toMs: at("09:58") } as const;
const ENTERED = { fromMs: at("09:55"), toMs: at("10:04") } as const;
const TRIMMED_R1 = { fromMs: at("10:06"), toMs: at("10:08") } as const;
const OVERNIGHT = { fromMs: at("15:49"), toMs: at("16:01") } as const;

const tomorrow = (timeNy: string) => at(timeNy, TOMORROW_NY);

/** An entry that is filled in these steps, everything else whole. */
function fillEntry(steps: readonly FillStep[]) {
  return {
    partialFills: ({ side }: { readonly side: string }) => side === "buy" ? steps : null,
  };
}

/** An entry from its breakout to its stop. */
export const ENTRY_SCENARIOS: readonly Scenario[] = [
  {
    name: "entry",
    prices: [BREAKOUT],
    opening: [WAITED],
    fromMs: at("10:00:40"),
    toMs: at("10:02:30"),
    endMs: at("10:02:30"),
    fills: ["entry"],
  },
  {
    name: "entry in two parts",
    prices: [BREAKOUT],
    opening: [WAITED],
    fromMs: at("10:00:40"),
    faultsFromMs: at("10:01:41"),
    toMs: at("10:02:40"),
    endMs: at("10:02:40"),
    behaviour: fillEntry([{ afterMs: 0, qty: 7 }, { afterMs: 25_000, qty: Infinity }]),
    fills: ["entry"],
  },
  {
    name: "entry of which a part is left",
    prices: [BREAKOUT],
    opening: [WAITED],
    fromMs: at("10:00:40"),
    faultsFromMs: at("10:01:41"),
    toMs: at("10:03:30"),
    endMs: at("10:03:30"),
    behaviour: fillEntry([{ afterMs: 0, qty: 7 }]),
    fills: ["entry"],
  },
];

/** What ends a position, or a part of it, in a session. */
export const EXIT_SCENARIOS: readonly Scenario[] = [
  {
    name: "R1 from the legs",
    prices: [BREAKOUT, { atMs: at("10:05"), priceUsd: 103.4 }],
    opening: [ENTERED],
    fromMs: at("10:06"),
    toMs: at("10:07:30"),
    endMs: at("10:07:30"),
    fills: ["entry", "r1_trim"],
  },
  {
    name: "R2 by shrinking the stop",
    prices: [
      BREAKOUT,
      { atMs: at("10:05"), priceUsd: 103.4 },
      { atMs: at("10:10"), priceUsd: 106.5 },
    ],
    opening: [ENTERED, TRIMMED_R1],
    fromMs: at("10:12"),
    toMs: at("10:13:30"),
    endMs: at("10:13:30"),
    fills: ["entry", "r1_trim", "r2_trim"],
  },
  {
    name: "a raise of the stop",
    prices: [
      BREAKOUT,
      { atMs: at("10:05"), priceUsd: 103.4 },
      { atMs: at("10:10"), priceUsd: 106.5 },
      { atMs: at("10:20"), priceUsd: 109 },
    ],
    opening: [ENTERED, TRIMMED_R1, { fromMs: at("10:12"), toMs: at("10:14") }],
    fromMs: at("10:22"),
    toMs: at("10:23:30"),
    endMs: at("10:23:30"),
    fills: ["entry", "r1_trim", "r2_trim"],
  },
  {
    name: "a stop that fills",
    prices: [BREAKOUT, { atMs: at("10:06:30"), priceUsd: 96.5 }],
    opening: [ENTERED],
    fromMs: at("10:06"),
    toMs: at("10:12"),
    endMs: at("10:12"),
    fills: ["entry", "leg"],
  },
  {
    name: "a target that fills",
    prices: [BREAKOUT, { atMs: at("10:06:30"), priceUsd: 106.5 }],
    opening: [ENTERED],
    fromMs: at("10:06"),
    toMs: at("10:12"),
    endMs: at("10:12"),
    fills: ["entry", "leg"],
  },
];

/** From one session to the next. */
export const NIGHT_SCENARIOS: readonly Scenario[] = [
  {
    name: "overnight from the legs",
    prices: [BREAKOUT],
    opening: [ENTERED],
    fromMs: at("15:50:10"),
    toMs: at("15:52"),
    endMs: at("16:00:30"),
    fills: ["entry"],
  },
  {
    name: "overnight in the last minutes",
    prices: [BREAKOUT],
    opening: [ENTERED],
    fromMs: at("15:57"),
    toMs: at("15:58"),
    endMs: at("16:00:30"),
    fills: ["entry"],
  },
  {
    name: "a stop at night",
    prices: [BREAKOUT],
    opening: [ENTERED],
    fromMs: at("16:10"),
    toMs: at("16:13"),
    endMs: at("16:13"),
    fills: ["entry"],
  },
  {
    name: "a quiet morning",
    prices: [BREAKOUT],
    opening: [ENTERED, OVERNIGHT],
    fromMs: tomorrow("09:31"),
    toMs: tomorrow("09:32:30"),
    endMs: tomorrow("09:32:30"),
    fills: ["entry"],
  },
  {
    name: "close of bare shares below the stop",
    prices: [BREAKOUT, { atMs: at("15:59:59"), priceUsd: 95 }],
    opening: [ENTERED],
    fromMs: tomorrow("09:31"),
    toMs: tomorrow("09:33"),
    endMs: tomorrow("09:33"),
    fills: ["entry", "stop_exit"],
  },
  {
    name: "both trims at once",
    prices: [BREAKOUT, { atMs: tomorrow("09:30"), priceUsd: 107 }],
    opening: [ENTERED, OVERNIGHT],
    fromMs: tomorrow("09:31"),
    toMs: tomorrow("09:33"),
    endMs: tomorrow("09:33"),
    fills: ["entry", "r1_trim", "r2_trim"],
  },
];

/** The acts in which each placement of a fault is tried. */
export const SCENARIOS: readonly Scenario[] = [
  ...ENTRY_SCENARIOS,
  ...EXIT_SCENARIOS,
  ...NIGHT_SCENARIOS,
];
