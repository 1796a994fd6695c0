import { parseOptions } from "../../src/cli/options.ts";
import { COMMANDS } from "../../src/cli/program.ts";
import { parseWatchlist } from "../../src/domain/entry/watchlist.ts";
import { ENVIRONMENT_VARIABLES } from "../../src/runtime/environment.ts";
import { assert, assertEquals } from "../assert.ts";
import { cutSection, listRows, readCode } from "./page.ts";
import { readText } from "./texts.ts";

const README = await readText("README.md");
const PAGES = await Promise.all(
  ["README.md", "tests/README.md", "deploy/TRADING.md", "deploy/CHANGELOG.md"].map(readText),
);
const DENO_JSON: {
  readonly tasks: Readonly<Record<string, unknown>>;
  readonly imports: Readonly<Record<string, string>>;
} = JSON.parse(await readText("deno.json"));

Deno.test("the command that README gives for the tests is the one that CI runs", async () => {
  const ci = await readText(".ci/run");
  assert(/^npx --yes deno@([\d.]+) task test +#/m.test(README));
  const [, version = ""] = /^npx --yes deno@([\d.]+) task test /m.exec(README) ?? [];
  assert(ci.includes(`current=${version}\n`));
  assert(/run_tests test\n/.test(ci));
});

Deno.test("each task that a document names is there", () => {
  const named = PAGES.flatMap((page) => [
    ...page.matchAll(/(?:deno|deno@[\d.]+) task (?:-q )?([a-z][a-z:]*)/g),
  ]);
  assert(named.length > 10);
  const absent = named.filter(([, task = ""]) => !Object.hasOwn(DENO_JSON.tasks, task));
  assertEquals(absent.map(([, task]) => task), []);
});

/** The words after the program's name, from source or installed. */
function listCalls(page: string): string[][] {
  const calls = page.matchAll(
    /(?:avwap-execution|task -q start) ([a-z][^`\n#|&>]*?)(?= {2}|[`\n#|&>]|$)/gm,
  );
  return [...calls].map(([, words = ""]) => words.trim().replaceAll(/[[\]]/g, "").split(/\s+/));
}

Deno.test("each call of the program that a document shows is one that it knows", () => {
  const calls = PAGES.flatMap(listCalls).filter(([word = ""]) => word !== "does");
  assert(calls.length > 10);
  for (const words of calls) {
    const command = COMMANDS.find(({ name }) =>
      name === words.slice(0, name.split(" ").length).join(" ")
    );
    assert(command !== undefined, words.join(" "));
    const given = command.argument === undefined ? 0 : 1;
    parseOptions(words.slice(command.name.split(" ").length + given), command.options);
  }
});

Deno.test("the list of README is read without a dropped row", () => {
  const [block = ""] = /^Symbol,[\s\S]*?(?=\n```)/m.exec(README) ?? [];
  const records = block.split("\n").map((line, index) => ({
    line: index + 1,
    fields: line.split(","),
  }));
  const watchlist = parseWatchlist(records);
  assert(watchlist.kind === "parsed");
  assertEquals([watchlist.dropped, watchlist.candidates.length], [[], records.length - 1]);
});

Deno.test("README has each dependency with its line", () => {
  const rows = listRows(cutSection(README, "Dependencies"));
  const packages = Object.values(DENO_JSON.imports).map((specifier) =>
    /^npm:(@?[^@]+)@/.exec(specifier)?.[1] ?? specifier
  );
  assertEquals(rows.map(([name = ""]) => readCode(name)).sort(), [...new Set(packages)].sort());
  for (const row of rows) assert(row.every((cell) => cell !== ""), row.join(" "));
});

Deno.test("README and its help name the same commands", () => {
  const section = cutSection(README, "Commands");
  const absent = COMMANDS.filter(({ name }) => {
    const [first = "", second] = name.split(" ");
    return !(second === undefined ? section.includes(first) : section.includes(second));
  });
  assertEquals(absent.map(({ name }) => name), []);
});

Deno.test("what the changes call not yet is not in the program", async () => {
  const changes = await readText("deploy/CHANGELOG.md");
  const section = /^### Not yet$/m.test(changes) ? cutSection(changes, "Not yet") : "";
  const words = [...section.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
  const there: readonly string[] = [...COMMANDS.map(({ name }) => name), ...ENVIRONMENT_VARIABLES];
  assertEquals(words.filter((word) => there.includes(word)), []);
});
