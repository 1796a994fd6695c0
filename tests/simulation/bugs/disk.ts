import type { TestedBug } from "../tested_bug.ts";

const DISK_TEST = "tests/state/state_disk_test.ts";
const FULL_TEST = "tests/engine/full_disk_test.ts";
const TRAIL_TEST = "tests/state/event_log_test.ts";
const RECORDS_TEST = "tests/state/trail_records_test.ts";

/** What may go wrong on a full disk, and with what an audit trail promises of a crash. */
export const DISK_BUGS: readonly TestedBug[] = [
  {
    name: "the reserve is not used for records",
    edits: [{
      file: "src/state/durable_file.ts",
      find: "if (fs.makeRoom === undefined || !await fs.makeRoom(error, use)) throw error;",
      replace: "if (!await fs.makeRoom?.(error, use) || fs.makeRoom !== undefined) throw error;",
    }],
    tests: [DISK_TEST, FULL_TEST],
  },
  {
    name: "a quota that is used up is no full disk",
    edits: [{
      file: "src/state/deno_file_system.ts",
      find: 'new Set(["ENOSPC", "EDQUOT"]);',
      replace: 'new Set(["ENOSPC"]);',
    }],
    tests: [DISK_TEST],
  },
  {
    name: "the reserve is given up whole",
    edits: [{
      file: "src/state/state_disk.ts",
      find: "Math.max(0, found.sizeBytes - pieceBytes)",
      replace: "Math.max(0, 0 * pieceBytes)",
    }],
    tests: [DISK_TEST],
  },
  {
    name: "a full disk is over as soon as the reserve is whole",
    edits: [{
      file: "src/state/state_disk.ts",
      find: "if (fault !== null) await tryWrite(fs, stateDir, roomBytes);",
      replace: "",
    }],
    tests: [DISK_TEST],
  },
  {
    name: "half a reserve is kept",
    edits: [{
      file: "src/state/state_disk.ts",
      find: "    await orFalse(fs.truncate(path, sizeBytes));\n",
      replace: "",
    }],
    tests: [DISK_TEST],
  },
  {
    name: "a failing device is a full disk",
    edits: [{
      file: "src/state/state_disk.ts",
      find: 'return findCode(error, FAILING) === null ? null : "failing";',
      replace: 'return findCode(error, FAILING) === null ? null : "full";',
    }],
    tests: [DISK_TEST, FULL_TEST],
  },
  {
    name: "the reserve is a hole",
    edits: [{
      file: "src/state/state_disk.ts",
      find: "      await file.write(noise.subarray(0, left));",
      replace: "      await Promise.resolve(noise.subarray(0, left));",
    }],
    tests: [DISK_TEST],
  },
  {
    name: "entries are scheduled and sent on a full disk",
    edits: [{
      file: "src/engine/cycle.ts",
      find: 'watchlist.kind === "fresh" && engine.ports.disk.fault === null;',
      replace: 'watchlist.kind === "fresh";',
    }, {
      file: "src/domain/plan/entry_judging.ts",
      find:
        'if (desk.diskFault !== null) return { kind: "waits", cause: `the disk is ${desk.diskFault}` };',
      replace: "",
    }, {
      file: "src/engine/plan_leave.ts",
      find: 'if (engine.ports.disk.fault?.kind === "full") return "disk full";',
      replace: "",
    }],
    tests: [FULL_TEST],
  },
  {
    name: "an entry whose record took from the reserve is sent",
    edits: [{
      file: "src/engine/plan_leave.ts",
      find: 'if (engine.ports.disk.fault?.kind === "full") return "disk full";',
      replace: "",
    }],
    tests: [FULL_TEST],
  },
  {
    name: "a full disk is said in every cycle",
    edits: [{
      file: "src/engine/disk_notice.ts",
      find: "if (engine.isNews(SAID_KEY, value)) {",
      replace: "if (engine.isNews(SAID_KEY, value) || value !== null) {",
    }],
    tests: [FULL_TEST],
  },
  {
    name: "room again is not said",
    edits: [{
      file: "src/engine/disk_notice.ts",
      find: "    return sayRoom(engine);",
      replace: "    return;",
    }],
    tests: [FULL_TEST],
  },
  {
    name: "the audit trail takes the records' last room",
    edits: [{
      file: "src/state/event_file_writer.ts",
      find: "if (this.options.disk?.isKeptForRecords() === true) {",
      replace: "if (this.options.disk === null) {",
    }],
    tests: [TRAIL_TEST, FULL_TEST],
  },
  {
    name: "the audit trail is never synced",
    edits: [{
      file: "src/state/durable_file.ts",
      find: "if (isSynced) await file.sync();",
      replace: "if (isSynced && bytes.length < 0) await file.sync();",
    }],
    tests: [TRAIL_TEST],
  },
  {
    name: "the audit trail is synced before a request",
    edits: [{
      file: "src/state/event_log.ts",
      find: '  "order_answer",\n  "cycle",\n  "engine_started",',
      replace: '  "order_request",\n  "order_answer",\n  "cycle",\n  "engine_started",',
    }],
    tests: [TRAIL_TEST],
  },
  {
    name: "a secret across two parts of a record reaches the trail",
    edits: [{
      file: "src/state/trail_records.ts",
      find: "const text = hide(read.text, redact);",
      replace: "const text = read.text;",
    }],
    tests: [RECORDS_TEST],
  },
  {
    name: "flatten takes an order of unknown fate for ended",
    edits: [{
      file: "src/cli/flatten_wait.ts",
      find: "isUnsettled(entry) && entry.clientOrderId !== null",
      replace: 'entry.status === "pending" && entry.clientOrderId !== null',
    }, {
      file: "src/cli/flatten_wait.ts",
      find: 'import { isUnsettled } from "../domain/order/ledger.ts";\n',
      replace: "",
    }],
    tests: ["tests/cli/flatten_wait_test.ts"],
  },
  {
    name: "quiet cycles use up the reserve",
    edits: [{
      file: "src/engine/record_store.ts",
      find: 'return describeActs(before) === describeActs(after) ? "note" : "record";',
      replace: 'return describeActs(before) === "" ? "note" : "record";',
    }],
    tests: [FULL_TEST],
  },
];
