import { EMPTY_STATE } from "../../../src/domain/account/engine_state.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import type { RecordPart } from "../../../src/domain/plan/step.ts";
import { assertEquals } from "../../assert.ts";
import { managedPosition } from "../position_fixtures.ts";

const POSITION = managedPosition();
const { symbol, positionId } = POSITION;
const OTHERS = { "stop_refused:OTHER": "no", watchlist: "2026-11-23" };
const RECORDS = {
  ...EMPTY_STATE,
  positions: [POSITION],
  alerted: {
    ...OTHERS,
    [`stop_refused:${symbol}`]: "asset is not tradable",
    [`hand_cancels:${positionId}`]: "2",
  },
};

const ENDS: Readonly<Record<string, RecordPart>> = {
  ends: { kind: "ended", positionId },
  "is released": { kind: "released", release: { symbol, positionId, releasedAtMs: 0 } },
};

for (const [how, part] of Object.entries(ENDS)) {
  Deno.test(`a position that ${how} leaves no refused stop and no hand's cancel to a later one in its symbol`, () => {
    assertEquals(apply(RECORDS, [part]).alerted, OTHERS);
  });
}
