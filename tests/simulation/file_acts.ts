import { listEntries } from "./truth.ts";
import { LEDGER_PATH, STATE_DIR, STATE_PATH, type World } from "./world.ts";

const MINUTE_MS = 60_000;

/** What somebody does to ledger and state file, and how the operator puts it right. */
export class FileActs {
  constructor(readonly world: World) {}

  touch(): void {
    const { world } = this;
    const { operator } = world.chances;
    const path = operator.isHit(0.6) ? LEDGER_PATH : STATE_PATH;
    if (!world.disk.has(path) || world.damaged.has(path)) return;
    const how = operator.pick(["remove", "cut", "shape", "dir", "edit", "edit"]);
    if (how === "edit" && path === STATE_PATH) return;
    world.trouble(`file ${how} of ${path}`);
    if (path === LEDGER_PATH) world.ledgerTouchedMs = world.trueMs;
    if (how === "edit") return this.#dropEntry();
    world.damaged.add(path);
    const bytes = world.disk.bytesOf(path) ?? new Uint8Array();
    if (how === "remove") world.disk.take(path);
    if (how === "remove" && path === STATE_PATH) this.#takeCopies();
    if (how === "cut") world.disk.put(path, bytes.slice(0, bytes.length >> 1));
    if (how === "shape") {
      world.disk.put(path, operator.pick(["[]", "{}", '{"entries":[{"notional":-1}]}', "\xff"]));
    }
    if (how === "dir") world.disk.putOther(path, operator.pick(["dir", "symlink"]));
    // The operator finds it, and moves what is wrong away; the engine makes it anew.
    world.plan(world.trueMs + operator.whole(5, 90) * MINUTE_MS, () => {
      const isOurs = world.readJson(path, "now") !== undefined && how === "remove";
      if (!isOurs) {
        world.disk.take(path);
        world.trouble(`file ${path} moved away`);
        if (path === STATE_PATH) restart(this.world);
      }
      world.damaged.delete(path);
      if (path === LEDGER_PATH) world.ledgerTouchedMs = world.trueMs;
    });
  }

  /** A document that is taken away goes with its copies, one that is only damaged has them. */
  #takeCopies(): void {
    const { disk } = this.world;
    for (const path of disk.listPaths()) {
      if (path.startsWith(`${STATE_DIR}/archive/execution_state_20`)) disk.take(path);
    }
  }

  /** Takes one entry out of the ledger, or its status; a second mismatch of a day blocks LIVE for the rest of the seed. */
  #dropEntry(): void {
    const { world } = this;
    const value = world.readJson(LEDGER_PATH, "now");
    const entries = listEntries(world, "now");
    if (entries.length === 0 || typeof value !== "object") return;
    const gone = world.chances.operator.whole(0, entries.length - 1);
    const isStatus = world.chances.operator.isHit(0.4);
    const rest = isStatus
      // What was accepted is called rejected: it would count toward no cap, did the broker not know better.
      ? entries.map((entry, index) => index === gone ? { ...entry, status: "rejected" } : entry)
      : entries.filter((_, index) => index !== gone);
    world.editedLedger = JSON.stringify({ ...value, entries: rest });
    world.disk.put(LEDGER_PATH, world.editedLedger);
  }
}

/** The service manager's signal: the process ends after its current step. */
export function restart(world: World): void {
  world.note("SIGTERM");
  world.stop.abort();
}
