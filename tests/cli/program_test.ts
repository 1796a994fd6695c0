import type { Command, ProgramHost } from "../../src/cli/command.ts";
import { buildStateDirError } from "../../src/cli/operator_config.ts";
import { COMMANDS as COMMAND_LIST, reportFailure, runProgram } from "../../src/cli/program.ts";
import { StateError } from "../../src/engine/ports.ts";
import { UsageError } from "../../src/cli/options.ts";
import { ConfigError } from "../../src/runtime/settings.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { runOperator } from "./operator_host.ts";

/** A host that touches nothing; what a command would need of it is out of reach. */
function createHost(args: readonly string[], environment: ProgramHost["environment"] = {}) {
  const out: string[] = [];
  const errors: string[] = [];
  const host: ProgramHost = {
    args,
    environment,
    pid: 42,
    clock: { nowMs: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() },
    chance: { uniform: () => 0 },
    fetch: () => Promise.reject(new TypeError("no network in this test")),
    signals: { addSignalListener: () => {}, removeSignalListener: () => {} },
    isPermitted: () => false,
    writeOut: (text) => void out.push(text),
    writeError: (text) => void errors.push(text),
    exitNow: () => {},
  };
  return { host, out, errors };
}

function createCommand(name: string, run: Command["run"]): Command {
  return {
    name,
    summary: `does ${name}`,
    description: `Does ${name}.`,
    options: [{ name: "fast", valueName: null, help: "quickly" }],
    examples: [`avwap-execution ${name} --fast`],
    statuses: { 0: `${name} is done`, 7: "something else" },
    run,
  };
}

/** Two commands that say which of them ran, and with what. */
const COMMANDS = ["run", "status"].map((name) =>
  createCommand(name, (host, { flags }) => {
    host.writeOut(`${name} ${[...flags].join()}\n`);
    return Promise.resolve(name === "run" ? 0 : 7);
  })
);

async function runWith(args: readonly string[]) {
  const { host, out, errors } = createHost(args);
  const status = await runProgram(host, COMMANDS);
  return { status, out: out.join(""), error: errors.join("") };
}

Deno.test("runProgram() ends with 70 and one line where what was to be said could not be written", async () => {
  for (const { args, status } of [{ args: ["run"], status: 70 }, { args: ["status"], status: 7 }]) {
    const { host, errors } = createHost(args);
    const unwritten = () => "No space left on device (os error 28)";
    assertEquals(await runProgram({ ...host, readUnwritten: unwritten }, COMMANDS), status);
    const said = "avwap-execution: standard output could not be written: " +
      "No space left on device (os error 28); what was asked for is done, and not all of it is said\n";
    assertEquals(errors.join(""), status === 70 ? said : "");
  }
});

Deno.test("runProgram() runs the named command, and run where none is named", async () => {
  assertEquals(await runWith([]), { status: 0, out: "run \n", error: "" });
  assertEquals(await runWith(["--fast"]), { status: 0, out: "run fast\n", error: "" });
  assertEquals(await runWith(["run"]), { status: 0, out: "run \n", error: "" });
  assertEquals(await runWith(["status", "--fast"]), { status: 7, out: "status fast\n", error: "" });
});

Deno.test("runProgram() prints the program's help or a command's, and runs nothing", async () => {
  const program = await runWith(["--help"]);
  assertEquals([program.status, program.error], [0, ""]);
  for (const word of ["run", "status", "does status", "--version", "78", "Exit status"]) {
    assertStringIncludes(program.out, word);
  }
  const command = await runWith(["status", "--help", "--fast"]);
  assertEquals([command.status, command.error], [0, ""]);
  for (const word of ["Usage: avwap-execution status", "--fast", "Examples:", "--help"]) {
    assertStringIncludes(command.out, word);
  }
  assertFalse(command.out.includes("status fast"));
});

Deno.test("runProgram() prints one line for the version, however it is asked for", async () => {
  for (const args of [["run", "--version"], ["-V"], ["status", "-V"], ["version"]]) {
    const { status, out, error } = await runWith(args);
    assertEquals([status, error], [0, ""], args.join(" "));
    assert(/^avwap-execution \d+\.\d+\.\d+ \(\S+\)\n$/.test(out), out);
  }
});

Deno.test("runProgram() prints the same help by word, by letter and by option", async () => {
  const program = await runWith(["--help"]);
  for (const args of [["-h"], ["help"], ["help", "--help"]]) {
    assertEquals(await runWith(args), program, args.join(" "));
  }
  const command = await runWith(["status", "--help"]);
  for (const args of [["status", "-h"], ["help", "status"]]) {
    assertEquals(await runWith(args), command, args.join(" "));
  }
});

Deno.test("a command's help lists the exit statuses that are its own, beside those of any command", async () => {
  const { out } = await runWith(["help", "status"]);
  const listed = out.slice(out.indexOf("Exit status:")).trimEnd().split("\n").slice(1)
    .map((line) => Number(line.trim().split(" ", 1)[0]));
  assertEquals(listed, [0, 7, 64, 70]);
  for (const { name } of COMMAND_LIST) {
    const own = await runOperator(["help", ...name.split(" ")], {});
    assertEquals([own.status, own.error], [0, ""], name);
    assertStringIncludes(own.out, "Exit status:\n  0 ");
    assertStringIncludes(own.out, `Usage: avwap-execution ${name}`);
  }
});

Deno.test("every help is at most 80 columns wide, but for what is to be pasted", async () => {
  const words = [[], ["ledger"], ...COMMAND_LIST.map(({ name }) => name.split(" "))];
  const pasted = COMMAND_LIST.flatMap(({ examples }) => examples);
  for (const each of words) {
    const { out } = await runOperator(["help", ...each], {});
    const wide = out.split("\n").filter((line) => line.length > 80);
    assertEquals(wide.filter((line) => !pasted.includes(line.trim())), [], each.join(" "));
  }
});

Deno.test("help ledger lists what ledger does, and help of no command exits 64 with a proposal", async () => {
  const family = await runOperator(["help", "ledger"], {});
  assertEquals(family, await runOperator(["ledger", "--help"], {}));
  assertEquals(family, await runOperator(["ledger", "-h"], {}));
  assertStringIncludes(family.out, "ledger verify");
  const slip = await runOperator(["help", "stauts"], {});
  assertEquals([slip.status, slip.out], [64, ""]);
  assertStringIncludes(slip.error, "did you mean status?");
});

const WRONG: { args: string[]; says: string }[] = [
  { args: ["stauts"], says: '"stauts"; did you mean status? Try avwap-execution --help\n' },
  { args: ["frobnicate"], says: 'Unknown command "frobnicate". Try avwap-execution --help' },
  { args: ["RUN"], says: "did you mean run?" },
  { args: ["--help", "--bogus"], says: 'Unknown option "--bogus". Try avwap-execution --help' },
  { args: ["--fst"], says: "did you mean --fast?" },
  { args: ["run", "status"], says: '"status". Try avwap-execution run --help\n' },
  { args: ["status", "fast"], says: 'Unexpected argument "fast"; did you mean --fast?' },
  { args: ["--stauts"], says: 'Unknown option "--stauts"; did you mean status?' },
  { args: ["-x"], says: 'Unknown option "-x"' },
  { args: ["hlep"], says: "did you mean help?" },
  { args: ["version", "now"], says: 'Unexpected argument "now"' },
  { args: ["--fast", "run"], says: 'Unexpected argument "run"' },
  { args: [""], says: 'Unexpected argument ""' },
  { args: ["a\nb"], says: 'Unknown command "a\\nb"' },
];

for (const { args, says } of WRONG) {
  Deno.test(`runProgram() exits 64 with one line for ${JSON.stringify(args)}`, async () => {
    const { status, out, error } = await runWith(args);
    assertEquals([status, out], [64, ""]);
    assertStringIncludes(error, says);
    assertEquals(error.indexOf("\n"), error.length - 1);
  });
}

const FAILURES: { when: string; error: unknown; status: number; says: string }[] = [
  {
    when: "a usage error",
    error: new UsageError("Unknown option"),
    status: 64,
    says: "Unknown option",
  },
  {
    when: "a configuration error",
    error: new ConfigError("DRY_RUN", "is odd"),
    status: 78,
    says: "DRY_RUN is odd",
  },
  {
    when: "an error",
    error: new TypeError("x is\nnot"),
    status: 70,
    says: "TypeError: x is\\nnot",
  },
  {
    when: "a state directory on a disk that is full",
    error: buildStateDirError(
      new StateError("Cannot lock", {
        cause: Object.assign(new Error("os error 28"), { code: "ENOSPC" }),
      }),
    ),
    status: 70,
    says: "this host is at fault: AVWAP_STATE_DIR can't be used now: Cannot lock",
  },
  {
    when: "a state directory that is a file",
    error: buildStateDirError(new StateError("Cannot use it: it is a file")),
    status: 78,
    says: "AVWAP_STATE_DIR can't be used: Cannot use it",
  },
  { when: "a text", error: "thrown", status: 70, says: "internal error: thrown" },
  { when: "nothing", error: undefined, status: 70, says: "internal error: undefined" },
  {
    when: "a secret in the message",
    error: new Error("bad s3cr3t, PKTEST1 and t0ken-1"),
    status: 70,
    says: "bad [redacted], [redacted] and [redacted]",
  },
];

for (const { when, error, status, says } of FAILURES) {
  Deno.test(`runProgram() exits ${status} with one line, never a stack, for ${when}`, async () => {
    const command = createCommand("run", () => Promise.reject(error));
    const { host, errors } = createHost([], {
      APCA_API_KEY_ID: "PKTEST1",
      APCA_API_SECRET_KEY: "s3cr3t",
      // The gate takes the white space away, and so does who prints it.
      LIVE_CONFIRM_TOKEN: " t0ken-1 ",
      // No secret: else every digit of a message would go.
      SLACK_WEBHOOK_URL: "7",
    });
    assertEquals(await runProgram(host, [command]), status);
    const [line = ""] = errors;
    assertEquals(errors.length, 1);
    assertStringIncludes(line, says);
    assert(line.startsWith("avwap-execution: "));
    assertEquals(line.indexOf("\n"), line.length - 1);
    assertFalse(/\n\s+at /.test(line));
  });
}

Deno.test("reportFailure() survives an error that can't be printed", () => {
  const { host, errors } = createHost([]);
  const hostile = Object.create(null);
  assertEquals(reportFailure(host, hostile), 70);
  assertEquals(errors.length, 1);
});
