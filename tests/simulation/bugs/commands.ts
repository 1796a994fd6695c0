import type { TestedBug } from "../tested_bug.ts";

/** Bugs of the operator's commands and switches. */
export const COMMANDS_BUGS: readonly TestedBug[] = [
  {
    name: "a switch in another place counts where it can't be looked at",
    edits: [{
      file: "src/state/switch_files.ts",
      find: '(isOwn && found === "unknown")',
      replace: 'found === "unknown"',
    }],
    tests: ["tests/state/operator_files_test.ts"],
  },
  {
    name: "a switch in another place is not looked at",
    edits: [{
      file: "src/state/switch_files.ts",
      find: "of places.otherStateDirs) {",
      replace: "of places.otherStateDirs.slice(9)) {",
    }],
    tests: ["tests/state/operator_files_test.ts"],
  },
  {
    name: "the loop's watch leaves the other places out",
    edits: [{
      file: "src/state/kill_switch_watch.ts",
      find: "[stateDir, ...otherStateDirs].map(openWatcher)",
      replace: "[stateDir].map(openWatcher)",
    }],
    tests: ["tests/cli/kill_switch_test.ts"],
  },
  {
    name: "kill takes the word of the loop before this one",
    edits: [{
      file: "src/cli/switch_seen.ts",
      find: 'if (event.type === "engine_started" || event.type === "engine_stopped") return false;',
      replace: "",
    }],
    tests: ["tests/cli/kill_seen_test.ts"],
  },
  {
    name: "kill takes a word of an earlier kill switch for one of this",
    edits: [{
      file: "src/cli/switch_seen.ts",
      find: 'event["source"] === "env" || Date.parse(event.at) >= sinceMs',
      replace: "true",
    }],
    tests: ["tests/cli/kill_seen_test.ts"],
  },
  {
    name: "kill takes flatten's word for the loop's",
    edits: [{
      file: "src/cli/switch_seen.ts",
      find: 'event.type !== "kill_switch" || event["by"] === "flatten"',
      replace: 'event.type !== "kill_switch"',
    }],
    tests: ["tests/cli/kill_seen_test.ts"],
  },
  {
    name: "flatten takes a ledger that can't be read for one without an order in flight",
    edits: [{
      file: "src/cli/flatten_wait.ts",
      find: 'if (read.kind !== "ok") return false;',
      replace: 'if (read.kind !== "ok") return true;',
    }],
    tests: ["tests/cli/flatten_wait_test.ts"],
  },
  {
    name: "a pause that comes between record and request is not seen",
    edits: [{
      file: "src/engine/send.ts",
      find: 'return isHeld ? "entries paused" : null;',
      replace: "return isHeld ? null : null;",
    }],
    tests: ["tests/engine/entries_paused_test.ts"],
  },
  {
    name: "a pause denies no entry",
    edits: [{
      file: "src/domain/gate/caps.ts",
      find: "if (inputs.areEntriesPaused) return",
      replace: 'if (inputs.areEntriesPaused && symbol === "") return',
    }],
    tests: ["tests/domain/gate/caps_test.ts"],
  },
  {
    name: "check takes a directory under a temporary name for nothing",
    edits: [{
      file: "src/cli/check_write.ts",
      find: 'if (found?.kind !== "dir" || (await',
      replace: 'if (found?.kind !== "symlink" || (await',
    }],
    tests: ["tests/cli/check_test.ts"],
  },
  {
    name: "check lets a record without an account trade real money",
    edits: [{
      file: "src/cli/check_records.ts",
      find: "if (unowned.length === 0 || !options.isMoney) {",
      replace: "if (unowned.length === 0 || options.isMoney) {",
    }],
    tests: ["tests/cli/check_test.ts"],
  },
  {
    name: "check takes orders that can't be read for none",
    edits: [{
      file: "src/cli/check_broker.ts",
      find: "if (ordersProblem === null) return pass",
      replace: "if (ordersProblem !== undefined) return pass",
    }],
    tests: ["tests/cli/check_test.ts"],
  },
  {
    name: "a service that waits for its list says so each minute",
    edits: [{
      file: "src/cli/list_wait.ts",
      find: "nowMs - said.saidMs < SAID_MS",
      replace: "nowMs - said.saidMs < 0",
    }],
    tests: ["tests/cli/list_wait_test.ts"],
  },
  {
    name: "a service that waits for its list says so once and never again",
    edits: [{
      file: "src/cli/said_before.ts",
      find: "before === null || lastMs - before.saidMs >= eachMs ?",
      replace: "before === null || lastMs <= 0 ?",
    }],
    tests: ["tests/cli/list_wait_test.ts"],
  },
  {
    name: "a byte order mark reaches the operator's line",
    edits: [{ file: "src/domain/one_line.ts", find: "\\p{Cf}", replace: "" }],
    tests: ["tests/domain/one_line_test.ts"],
  },
  {
    name: "flatten closes what somebody else holds",
    edits: [{
      file: "src/domain/plan/flatten_plan.ts",
      find: "(scope.closes === null || scope.closes.has(symbol))",
      replace: "scope.closes !== undefined",
    }],
    tests: ["tests/cli/flatten_test.ts"],
  },
  {
    name: "flatten forgets what the engine bought and has not taken in",
    edits: [{
      file: "src/cli/flatten_scope.ts",
      find: "    ...listBuysWithoutPosition(records),\n",
      replace: "",
    }],
    tests: ["tests/cli/flatten_test.ts"],
  },
  {
    name: "flatten takes the first not found for an entry's end",
    edits: [{
      file: "src/domain/entry/absence.ts",
      find:
        'const proofMs = entry.side === "buy" || isAnswerLost(entry, nowMs) ? NOT_FOUND_MS : 0;',
      replace: "const proofMs = 0;",
    }],
    tests: ["tests/cli/flatten_orders_test.ts"],
  },
  {
    name: "flatten is done with what positions no longer show",
    edits: [{
      file: "src/cli/flatten_look.ts",
      find: "    listVanished(world, look).length === 0 &&\n",
      replace: "",
    }, {
      file: "src/cli/flatten_end.ts",
      find: "    ...listVanished({ scope }, look).map(",
      replace: "    ...listVanished({ scope }, look).slice(look.vanished.length).map(",
    }],
    tests: ["tests/cli/flatten_trouble_test.ts"],
  },
  {
    name: "why needs nothing of a gate that is DRY_RUN",
    edits: [{
      file: "src/domain/day/why.ts",
      find: 'readText(gate, "mode") === "LIVE"',
      replace: 'readText(gate, "mode") !== null',
    }],
    tests: ["tests/cli/why_test.ts"],
  },
  {
    name: "why tells an entry that ended with nothing as one that was sent",
    edits: [{
      file: "src/domain/day/why.ts",
      find: "const hasNothing = ENDED.has(status) &&",
      replace: 'const hasNothing = status === "none" &&',
    }],
    tests: ["tests/cli/why_test.ts"],
  },
  {
    name: "status holds a look against the records of now alone",
    edits: [{
      file: "src/cli/status_differences.ts",
      find: "const records = [...look.records, now];",
      replace: "const records = [now];",
    }],
    tests: ["tests/cli/status_test.ts"],
  },
  {
    name: "status judges a position that came after its look",
    edits: [{
      file: "src/cli/status_report.ts",
      find: "const isThen = records.every(",
      replace: "const isThen = records.some(",
    }],
    tests: ["tests/cli/status_test.ts"],
  },
  {
    name: "a screen reads on in a trail that is another by now",
    edits: [{
      file: "src/cli/day_records.ts",
      find: "sizeBytes < before.nextByte",
      replace: "sizeBytes < 0",
    }],
    tests: ["tests/cli/day_records_test.ts"],
  },
  {
    name: "a failure of the loop is told at each start",
    edits: [{
      file: "src/cli/not_started.ts",
      find: "  if (isTold && !isEndNews(nowMs, { ranMs, toldMs })) return null;\n",
      replace: "",
    }],
    tests: ["tests/cli/not_started_test.ts"],
  },
  {
    name: "completion proposes for adopt what is managed",
    edits: [{
      file: "src/cli/completion.ts",
      find: "[...symbols.difference(managed)]",
      replace: "[...symbols]",
    }],
    tests: ["tests/cli/completion_test.ts"],
  },
  {
    name: "a request that can't be read hides all others",
    edits: [{
      file: "src/state/operator_requests.ts",
      find: '    return { kind: "unreadable", name, message: error.message };',
      replace: "    throw error;",
    }],
    tests: ["tests/engine/release_test.ts"],
  },
  {
    name: "resume does not ask the records",
    edits: [{
      file: "src/cli/next_cycle.ts",
      find: "if (reason === null || isMissing(reason)) return [];",
      replace: "if (reason === null || !isMissing(reason)) return [];",
    }],
    tests: ["tests/cli/kill_resume_token_test.ts"],
  },
  {
    name: "unpause speaks of a state directory that is not there",
    edits: [{
      file: "src/cli/pause.ts",
      find: "  if (!await checkStateDirThere(host, fs, places.stateDir)) return EXIT.notSo;\n",
      replace: "",
    }],
    tests: ["tests/cli/pause_test.ts"],
  },
];
