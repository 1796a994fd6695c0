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
      find: "for (const dir of places.otherStateDirs) looks",
      replace: "for (const dir of places.otherStateDirs.slice(9)) looks",
    }],
    tests: ["tests/state/operator_files_test.ts", "tests/cli/kill_seen_test.ts"],
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
    name: "kill takes flatten's word for the loop's",
    edits: [{
      file: "src/cli/switch_seen.ts",
      find: 'event.type !== "kill_switch" || event["by"] === "flatten"',
      replace: 'event.type !== "kill_switch"',
    }],
    tests: ["tests/cli/kill_seen_test.ts"],
  },
  {
    name: "flatten trusts the trail of a disk that takes nothing",
    edits: [{
      file: "src/cli/flatten_wait.ts",
      find: "if (isTrailWhole && trail.isReadable",
      replace: "if (trail.isReadable",
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
      file: "src/domain/caps.ts",
      find: "if (inputs.areEntriesPaused) return",
      replace: 'if (inputs.areEntriesPaused && symbol === "") return',
    }],
    tests: ["tests/domain/caps_test.ts", "tests/engine/entries_paused_test.ts"],
  },
];
