import { COMMANDS } from "../../src/cli/program.ts";
import { PROGRAM } from "../../src/cli/version.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { runOperator } from "./operator_host.ts";

/** No configuration to begin with: what is wrong with the words comes first. */
const NOTHING = { APCA_API_KEY_ID: "", AVWAP_STATE_DIR: "/\0", EXECUTION_POLL_SECONDS: "soon" };

/** Words that are no command line, with a part of what is said of them. */
const MISTYPED: readonly (readonly [words: string, says: string])[] = [
  ["stauts", 'Unknown command "stauts"; did you mean status?'],
  ["ledger", "Command ledger needs one of: show, verify, rebuild"],
  ["ledger shwo", "did you mean ledger show?"],
  ["--dryrun", "did you mean --dry-run?"],
  ["--chekc", "did you mean check?"],
  ["help stauts", "did you mean status?"],
  ["version now", "Unexpected argument"],
  ["run --poll-seconds", "Option --poll-seconds needs a value"],
  ["check --jsno", "did you mean --json?"],
  ["status --watch --json", "exclude each other"],
  ["token now", "Unexpected argument"],
  ["kill --reason", "Option --reason needs a value"],
  ["resume --puased", "did you mean --paused?"],
  ["pause --yes=1", "Unknown option"],
  ["unpause --al", "did you mean --all?"],
  ["flatten --all --yes", "give --close-positions too"],
  ["flatten --symbol A,B", "takes one symbol"],
  ["release", "Command release needs a SYMBOL"],
  ["release 12", "is not a symbol: write it like NVDA or BRK.B"],
  ["adopt", "Command adopt needs a SYMBOL"],
  ["adopt NVDA --stop -1", "needs a value"],
  ["adopt NVDA --stop 0", "Option --stop is not a price above 0"],
  ["adopt NVDA --r1 9 --r2 10", "need --stop"],
  ["ledger show --date 2026-13-01", "give a day as YYYY-MM-DD"],
  ["ledger verify now", "Unexpected argument"],
  ["ledger rebuild --yse", "did you mean --yes?"],
  ["report --from 2026-11-23 --to 2026-11-20", "after --to"],
  ["report --csv --json", "exclude each other"],
  ["log --since noon", "give HH:MM"],
  ["log --date 2026-11-20 --follow", "exclude each other"],
  ["why", "Command why needs a SYMBOL"],
  ["why NVDA --date today", "give a day as YYYY-MM-DD"],
  ["completion tcsh", "needs one of: bash, zsh, fish"],
];

for (const [words, says] of MISTYPED) {
  Deno.test(`${words} is refused for what is wrong with it, whatever is configured, and usage says the same`, async () => {
    const asked = await runOperator(words.split(" "), NOTHING);
    assertEquals([asked.status, asked.out], [64, ""], asked.error);
    assertStringIncludes(asked.error, says);
    assertEquals(await runOperator(["usage", ...words.split(" ")], NOTHING), asked);
  });
}

Deno.test("what is wrong with a command's words ends in what prints that command's help", async () => {
  const named = COMMANDS.map(({ name }) => [`${name} --bogus`, `${name} --help`] as const);
  const others = [["stauts", "--help"], ["--bogus", "--help"], ["ledger shwo", "ledger --help"]];
  for (const [words = "", help = ""] of [...named, ...others]) {
    const { status, error } = await runOperator(words.split(" "), NOTHING);
    assertEquals([status, error.split(" Try ")[1]], [64, `${PROGRAM} ${help}\n`], words);
    assertEquals((await runOperator(help.split(" "), NOTHING)).status, 0, help);
  }
});

Deno.test("each command is among those that are mistyped", () => {
  for (const { name } of COMMANDS) {
    assert(MISTYPED.some(([words]) => words === name || words.startsWith(`${name} `)), name);
  }
});

Deno.test("usage says nothing of what is a command line, and does nothing", async () => {
  const lines = COMMANDS.flatMap(({ examples }) => examples)
    .flatMap((line) => line.split(" && ")).filter((line) => line.startsWith(PROGRAM))
    .map((line) => line.replace(/^\S+ ?/, "").replace(/ >.*$/, "").replaceAll(/"[^"]*"/g, "words"));
  for (const line of [...lines, "", "help", "-V", "adopt --help", "flatten --yes"]) {
    const words = line === "" ? [] : line.split(" ");
    const { status, out, error } = await runOperator(["usage", ...words], NOTHING);
    assertEquals([status, out, error], [0, "", ""], line);
  }
});
