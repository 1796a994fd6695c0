import { assertEquals } from "../assert.ts";
import { Shown } from "./shown.ts";
import { isHandHidden } from "./truth.ts";
import { LEDGER_PATH, STATE_PATH, World } from "./world.ts";

const POSITIONS = "/v2/positions";

Deno.test("Shown takes positions with a row that names nobody for unread, and keeps when they were read last", () => {
  const world = new World(1);
  const shown = new Shown(world);
  shown.answered(POSITIONS, 200, '[{"symbol":"AAA"}]');
  const readMs = world.trueMs;
  assertEquals([shown.positions.isUsable, shown.positions.readMs], [true, readMs]);
  world.advance(1_000);
  for (const body of ['[{"symbol":"AAA"},{"id":7}]', "[null]", '{"symbol":"AAA"}', ""]) {
    shown.answered(POSITIONS, 200, body);
    assertEquals([shown.positions.isUsable, shown.positions.readMs], [false, readMs], body);
  }
  shown.answered(POSITIONS, 200, "[]");
  assertEquals([shown.positions.isUsable, shown.positions.readMs], [true, world.trueMs]);
});

Deno.test("what somebody sells of the engine's shares is hidden for as long as positions are behind, and no longer", () => {
  const world = new World(1);
  const { exchange } = world;
  exchange.behaviour.positionsLagMs = 3_000;
  world.advance(exchange.sessions.nextOpenMs(world.trueMs) + 60_000 - world.trueMs);
  exchange.advanceTo(world.trueMs);
  exchange.setPosition("AAA", 10, 100);
  assertEquals(isHandHidden(world, "AAA", world.trueMs), false);
  world.closeByHand("AAA");
  world.advance(1_000);
  exchange.advanceTo(world.trueMs);
  assertEquals(exchange.portfolio.qty("AAA"), 0);
  const looksAfterMs = [0, 2_000, 3_000];
  const isHidden = looksAfterMs.map((ms) => isHandHidden(world, "AAA", world.trueMs + ms));
  assertEquals(isHidden, [true, true, false]);
});

Deno.test("Shown takes a ledger's file that is behind its document for whole, and one that a hand changed for lacking", () => {
  const world = new World(1);
  const shown = new Shown(world);
  const ledgerOf = (ids: readonly string[]) => ({
    date_ny: "2026-01-05",
    entries: ids.map((id) => ({ client_order_id: id })),
  });
  const document = (ids: readonly string[]) => JSON.stringify({ ledger: ledgerOf(ids) });
  const file = JSON.stringify(ledgerOf(["avwap-1"]));
  const body = '[{"client_order_id":"avwap-1"},{"client_order_id":"avwap-2"}]';
  const lacking = (documentIds: readonly string[], edited: string | null) => {
    world.disk.put(STATE_PATH, document(documentIds));
    world.disk.put(LEDGER_PATH, file);
    world.editedLedger = edited;
    shown.answered("/v2/orders?status=all&limit=500", 200, body);
    return [shown.day.lacking, shown.day.unrecorded];
  };
  assertEquals(lacking(["avwap-1", "avwap-2"], null), [[], []]);
  assertEquals(lacking(["avwap-1", "avwap-2"], file), [["avwap-2"], []]);
  assertEquals(lacking(["avwap-1"], null), [["avwap-2"], ["avwap-2"]]);
});
