import { assert, assertEquals } from "../assert.ts";
import { checkCitations, type Cited } from "./citations.ts";
import { listPaths, readText } from "./texts.ts";

const CITED: Cited = {
  pipeline: await readText("deploy/spec/pipeline.md"),
  interface: await readText("deploy/spec/interface.md"),
  broker: await readText("deploy/spec/broker.md"),
  runbook: await readText("deploy/spec/runbook.md"),
};

Deno.test("what a comment cites of the specification stands in the repository", async () => {
  const folders = ["src/", "tests/", "deploy/"];
  const found = await Promise.all(folders.map((dir) => listPaths(dir, [".ts", ".sh"])));
  // These two are about citations that are wrong.
  const paths = ["main.ts", ...found.flat()].filter((path) => !path.includes("/citations"));
  const checked = await Promise.all(
    paths.map(async (path) => ({ path, ...checkCitations(await readText(path), CITED) })),
  );
  const misses = checked.flatMap(({ path, misses }) =>
    misses.map(({ citation, why }) => `${path}: "${citation}": ${why}`)
  );
  assertEquals(misses, []);
  const count = checked.reduce((sum, each) => sum + each.count, 0);
  assert(count > 400, `${count} citations were found`);
});

const WRONG = [
  "(pipeline 9)",
  "(pipeline 2, 3 and 44)",
  '(pipeline 5, "Nobody waits in silence")',
  "Whatever it is\n * (pipeline\n * 7).",
  "(interface, Doors)",
  "(interface, `--no-such-option`)",
  '(interface, "Which way a doubt rises")',
  "(interface, Commands `release` and `abandon`)",
  "(broker.md, Refunds)",
  '(broker.md "Time and tide")',
  "(runbook 12)",
  "(runbook 4.9)",
  "RUNBOOK §14",
  'RUNBOOK §2 "Caps and roofs"',
  "(architecture, rule 3)",
  "(style 8)",
];
for (const text of WRONG) {
  Deno.test(`a citation of what is not there is found: ${JSON.stringify(text)}`, () => {
    assertEquals(checkCitations(`/** Reads. ${text} */`, CITED).misses.length, 1, text);
  });
}

Deno.test("a citation of what is there is none of them, in each form", () => {
  const right = [
    "(pipeline 5)",
    "(pipeline 2, 3 and 4)",
    '(pipeline 5, "Nothing waits in silence")',
    "(interface, Gate)",
    "(interface, Exit status)",
    "(interface, Commands `release` and `adopt`)",
    '(broker.md, Refusals, "Ambiguous")',
    "(runbook 3.5)",
    'RUNBOOK §2 "Caps + allowlist"',
    "for 2 minutes, interface Row {",
  ];
  for (const text of right) {
    const { misses } = checkCitations(`/** Reads. ${text} */`, CITED);
    assertEquals(misses, [], text);
  }
});
