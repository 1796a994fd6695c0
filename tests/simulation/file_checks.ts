import type { Auditor } from "./auditor.ts";
import { isEngineOrder, listEntries, readDocumentLedger } from "./truth.ts";
import { LEDGER_PATH, STATE_DIR, STATE_PATH, type World } from "./world.ts";

/**
 * What a new process finds (issue 3): files that parse, and every order that the exchange ever took of the engine in the
 * ledger or the archive, unless somebody else's hand was in it.
 */
export function checkFiles({ world }: Auditor): { readonly hasLostState: boolean } {
  world.checkDisk();
  for (const path of [LEDGER_PATH, STATE_PATH]) {
    const isThere = world.disk.has(path);
    if (world.damaged.has(path) || !isThere) continue;
    if (world.readJson(path, "now") === undefined) {
      world.violate("files always parse or are refused as a whole", `${path} does not parse`);
    }
  }
  const hasTraded = world.exchange.orders.some(isEngineOrder);
  const isTouched = world.profile.families.has("files");
  if (hasTraded && !world.disk.has(STATE_PATH) && !isTouched) {
    world.violate("a file that was there stays", `${STATE_PATH} is gone`);
  }
  checkRecorded(world);
  if (!isTouched) checkDocument(world);
  const hasLostState = hasTraded && world.readJson(STATE_PATH, "now") === undefined;
  return { hasLostState };
}

/** The document is written first: the ledger's file has no order that it lacks, and no day that is ahead of its own. */
function checkDocument(world: World): void {
  const document = readDocumentLedger(world);
  const file = world.readJson(LEDGER_PATH, "now");
  if (document === null || typeof file !== "object" || file === null) return;
  const dateNy = "date_ny" in file ? String(file.date_ny) : "";
  if (dateNy > document.dateNy) {
    const detail = `the file is of ${dateNy}, the document of ${document.dateNy}`;
    world.violate("the document is never older than the ledger's file", detail);
  }
  if (dateNy !== document.dateNy) return;
  const known = new Set(document.entries.map((each) => each.client_order_id));
  // A record whose write failed in its last step may be on file, and is given up: its order has not left, or is a hand's.
  const taken = new Set(
    world.exchange.orders.filter(isEngineOrder).map((order) => order.clientOrderId),
  );
  world.count("ledger files held against their document");
  for (const { client_order_id: id } of listEntries(world, "now")) {
    if (id === null || known.has(id) || !taken.has(id)) continue;
    world.violate("the document has every order of the ledger's file", `${id} is not in it`);
  }
}

/** What was not settled when its day was archived is in the new day's ledger, and is looked up there (pipeline 6). */
function checkCarried(world: World, archive: string | undefined): void {
  const ledger = world.readJson(LEDGER_PATH, "now");
  if (archive === undefined || typeof ledger !== "object" || ledger === null) return;
  const dateNy = "date_ny" in ledger ? String(ledger.date_ny) : "";
  // Between the two writes the ledger is still of the archived day.
  if (archive.includes(dateNy)) return;
  const carried = new Set(listEntries(world, "now").map((each) => each.client_order_id));
  for (const { client_order_id: id, status } of listEntries(world, "now", archive)) {
    if (id === null || !["pending", "unknown"].includes(status)) continue;
    world.count("entries carried over the night");
    if (carried.has(id)) continue;
    world.violate("what is not settled is carried into the new day", `${id} (${status})`);
  }
}

/** From a record to its request at most. */
const AHEAD_MS = 30_000;

/** Every order of the engine's that the exchange took since somebody else last touched the ledger is on record. */
export function checkRecorded(world: World): void {
  if (world.damaged.has(LEDGER_PATH)) return;
  const orders = world.exchange.orders.filter((order) =>
    // A record is written ahead: what somebody took out of the ledger may have been that of an order about to leave.
    isEngineOrder(order) && order.submitted.ms > world.ledgerTouchedMs + AHEAD_MS
  );
  if (orders.length === 0) return;
  const archives = world.disk.listPaths().filter((path) =>
    path.startsWith(`${STATE_DIR}/archive/live_orders_20`)
  );
  const recorded = new Set<string>();
  for (const path of [LEDGER_PATH, ...archives]) {
    for (const { client_order_id: id } of listEntries(world, "now", path)) {
      if (id !== null) recorded.add(id);
    }
  }
  if (!world.profile.families.has("files")) checkCarried(world, archives.at(-1));
  for (const order of orders) {
    if (recorded.has(order.clientOrderId)) continue;
    world.violate(
      "every order that the broker accepted is in the ledger",
      `${order.clientOrderId} (${order.status}) is in neither ledger nor archive`,
    );
  }
}
