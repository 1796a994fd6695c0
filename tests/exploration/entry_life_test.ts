import { isUnsettled } from "../../src/domain/order/ledger.ts";
import { assert, assertEquals } from "../assert.ts";
import { INTENTS, type Life, live } from "./entry_life.ts";
import { followAll, type Path } from "./paths.ts";

/** A request's deadline, and 60 s of "not found" after it (pipeline 6). */
const ABSENT_AFTER_MS = 70_000;
/** All combinations of so many faults, each at every moment of a life. */
const FAULTS_MAX = 3;

function tell(path: Path, life: Life): string {
  return JSON.stringify({ taken: path.taken, sendings: life.sendings, orders: [...life.orders] });
}

function checkSafety(path: Path, life: Life, ordersPerDay: number): void {
  const story = () => tell(path, life);
  assertEquals(life.sendings.filter(({ isOnRecord }) => !isOnRecord), [], story());
  const ours = [...life.orders.values()].filter(({ isOther }) => !isOther);
  assert(ours.length <= ordersPerDay, story());
  const symbols = ours.map(({ order }) => order.symbol);
  assertEquals(symbols.length, new Set(symbols).size, story());
  const last = new Map<string, number>();
  for (const { clientOrderId, atMs } of life.sendings) {
    const beforeMs = last.get(clientOrderId);
    assert(beforeMs === undefined || atMs - beforeMs >= ABSENT_AFTER_MS, story());
    last.set(clientOrderId, atMs);
  }
}

/** Whatever happened, it ends: each intent is decided, each order known, and each of the broker's on record. */
function checkEnd(path: Path, life: Life): void {
  const story = () => tell(path, life);
  const { intents, ledger } = life.records;
  const entries = ledger?.entries ?? [];
  const isLocked = (ledger?.mismatches ?? 0) > 1;
  assert(isLocked || intents.length === 0, story());
  assertEquals(entries.filter(isUnsettled), [], story());
  for (const id of life.orders.keys()) {
    const entry = entries.find((each) => each.clientOrderId === id);
    assertEquals(entry?.status, "accepted", story());
  }
}

/** What such lives have to tell: a path that was never followed proves nothing. */
const MET = [
  "entries_wait",
  "entry_open",
  "entry_rejected",
  "entry_unsent",
  "mismatch",
  "skipped",
  "submitted",
  "verdict",
];

/** How many paths there are: a change of what an entry does shows in them. */
const BOUNDS = [{ ordersPerDay: 1, paths: 1892 }, { ordersPerDay: 2, paths: 4837 }];

for (const { ordersPerDay, paths } of BOUNDS) {
  Deno.test(`no three faults in the life of two entries make one too many, unrecorded, sent twice, or unknown for ever, with a cap of ${ordersPerDay} a day`, () => {
    const met = new Set<string>();
    const count = followAll(FAULTS_MAX, (path) => {
      const life = live(path, ordersPerDay);
      checkSafety(path, life, ordersPerDay);
      checkEnd(path, life);
      if (life.isCalm) assertEquals(life.orders.size, Math.min(ordersPerDay, INTENTS.length));
      for (const kind of life.said) met.add(kind);
    });
    assertEquals([...met].sort(), MET);
    assertEquals(count, paths);
  });
}
