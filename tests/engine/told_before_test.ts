import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { StateError } from "../../src/engine/ports.ts";
import { listTold } from "../../src/engine/told_before.ts";
import { assertEquals } from "../assert.ts";

const NOW_MS = Date.parse("2026-01-20T14:00:00Z");

function alert(at: string, change: Partial<RecordedEvent> = {}): RecordedEvent {
  return {
    at,
    type: "alert",
    outcome: "delivered",
    state_key: "not_running",
    state_value: "2026-01-20 watchlist stale",
    ...change,
  };
}

function list(days: Readonly<Record<string, readonly RecordedEvent[]>>) {
  const listDay = ({ dateNy }: { readonly dateNy: string }) =>
    Promise.resolve([...days[dateNy] ?? []]);
  return listTold({ listDay }, "not_running", NOW_MS);
}

Deno.test("listTold() has what Slack took under the key, and nothing that was lost or is another's", async () => {
  const told = await list({
    "2026-01-20": [
      alert("2026-01-20T13:30:00Z"),
      alert("2026-01-20T13:31:00Z", { outcome: "lost", state_value: "lost" }),
      alert("2026-01-20T13:32:00Z", { state_key: "gate", state_value: "LIVE" }),
      alert("2026-01-20T13:33:00Z", { state_value: "2026-01-20 watchlist missing" }),
    ],
    "2026-01-19": [alert("2026-01-19T13:30:00Z")],
  });
  assertEquals(told, [
    { value: "2026-01-20 watchlist stale", atMs: Date.parse("2026-01-20T13:30:00Z") },
    { value: "2026-01-20 watchlist missing", atMs: Date.parse("2026-01-20T13:33:00Z") },
  ]);
});

Deno.test("listTold() looks back over a long weekend, and no further", async () => {
  assertEquals((await list({ "2026-01-17": [alert("2026-01-17T00:30:00Z")] })).length, 1);
  assertEquals(await list({ "2026-01-16": [alert("2026-01-16T21:30:00Z")] }), []);
});

Deno.test("listTold() knows nothing of a trail that can't be read", async () => {
  const listDay = () => Promise.reject(new StateError("cannot read"));
  assertEquals(await listTold({ listDay }, "not_running", NOW_MS), []);
});
