import { assert, assertEquals, assertFalse } from "./assert.ts";

const ROOT = new URL("../", import.meta.url);

/** One source file of ours. */
interface Source {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** An import of one of ours (a path from the root) or of a library (its import name). */
interface Import {
  readonly from: string;
  readonly to: string;
}

async function listFiles(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(dir, ROOT))) {
    if ([".git", "node_modules", "dist", "coverage"].includes(name)) continue;
    if (isDirectory) paths.push(...await listFiles(`${dir}${name}/`));
    else paths.push(`${dir}${name}`);
  }
  return paths.sort();
}

async function readSources(dir: string): Promise<Source[]> {
  const paths = (await listFiles(dir)).filter((path) => path.endsWith(".ts"));
  return await Promise.all(
    paths.map(async (path) => ({ path, text: await Deno.readTextFile(new URL(path, ROOT)) })),
  );
}

/** The text without comments, so that a word in a sentence is no offence. Strings stay. */
function cutComments(text: string): string {
  return text.replace(/("(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "$1");
}

/** Static, dynamic and bare imports, and re-exports. */
function listImports({ path, text }: Source): Import[] {
  const words = cutComments(text).matchAll(
    /\b(?:from|import)\s*\(?\s*["']([^"'\s;]+)["']/g,
  );
  return [...words].map(([, word = ""]) => ({
    from: path,
    to: word.startsWith(".") ? new URL(word, `file:///${path}`).pathname.slice(1) : word,
  }));
}

const ADAPTERS = ["broker", "state", "alerts", "runtime"];

/** Whether a file of `room` may import `to`. */
function isAllowed(room: string, to: string): boolean {
  const isLibrary = !to.startsWith("src/") && !to.startsWith("tests/") && to !== "main.ts";
  if (to.startsWith("tests/") || to === "main.ts") return false;
  if (room === "domain") return to.startsWith("src/domain/");
  if (room === "engine") return to.startsWith("src/domain/") || to.startsWith("src/engine/");
  if (ADAPTERS.includes(room)) {
    return isLibrary || to.startsWith("src/domain/") || to.startsWith(`src/${room}/`) ||
      to === "src/engine/ports.ts";
  }
  return room === "cli";
}

Deno.test("every room of src imports only what the architecture allows", async () => {
  const sources = await readSources("src/");
  assert(sources.length > 30, "the rooms were not found");
  const offences = sources.flatMap((source) => {
    const [, room = ""] = source.path.split("/");
    return listImports(source).filter(({ to }) => !isAllowed(room, to));
  });
  assertEquals(offences, []);
});

/** A number that stands before its noun, constants in capitals aside. */
const COUNTED =
  /\$\{\s*(?![A-Z_]+\s*\})[^{}]+\} (?:open |managed |closed )?(?:shares|rows|orders|entries|positions|candidates|lines|days|symbols|trades|events|alerts|rejections|intents|faults)\b/g;

Deno.test("a noun takes the form of its number in one place", async () => {
  const sources = await readSources("src/");
  const offences = sources.flatMap(({ path, text }) =>
    [...cutComments(text).matchAll(COUNTED)].map(([found]) => `${path}: ${found}`)
  );
  assertEquals(offences, []);
  assertEquals(
    ["${qty} shares", "${a.b} open orders", "${ROWS_MAX} rows"].map((each) =>
      [...each.matchAll(COUNTED)].length
    ),
    [1, 1, 0],
  );
});

Deno.test("isAllowed() tells the rooms apart", () => {
  const cases: [string, string, boolean][] = [
    ["domain", "src/domain/gate/gate.ts", true],
    ["domain", "zod", false],
    ["domain", "src/engine/ports.ts", false],
    ["engine", "src/domain/gate/gate.ts", true],
    ["engine", "src/engine/cycle.ts", true],
    ["engine", "zod", false],
    ["engine", "src/broker/alpaca_client.ts", false],
    ["engine", "src/runtime/config.ts", false],
    ["broker", "src/engine/ports.ts", true],
    ["broker", "src/engine/loop.ts", false],
    ["broker", "src/state/durable_file.ts", false],
    ["broker", "src/broker/wire.ts", true],
    ["broker", "zod", true],
    ["runtime", "src/cli/run.ts", false],
    ["cli", "src/engine/loop.ts", true],
    ["cli", "src/state/durable_file.ts", true],
    ["cli", "main.ts", false],
    ["cli", "tests/assert.ts", false],
    ["elsewhere", "src/domain/gate/gate.ts", false],
  ];
  for (const [room, to, isFine] of cases) {
    assertEquals(isAllowed(room, to), isFine, `${room} ${to}`);
  }
});

/** The subjects of the domain from the ground up: each imports those before it, and none behind it. */
const SUBJECTS = ["time", "exit", "order", "account", "gate", "entry", "plan", "alert", "day"];

/** Whether one file of the domain may import another: what lies beside the subjects is for all, and imports nothing. */
function isDownward(from: string, to: string): boolean {
  const rank = (path: string) => {
    const [, , subject = "", ...inside] = path.split("/");
    return inside.length === 0 ? -1 : SUBJECTS.indexOf(subject);
  };
  return rank(from) >= 0 && rank(to) <= rank(from);
}

Deno.test("the subjects of the domain import downward only", async () => {
  const sources = await readSources("src/domain/");
  const folders = sources.flatMap(({ path }) => path.split("/").slice(2, -1));
  assertEquals([...new Set(folders)].sort(), SUBJECTS.toSorted());
  const offences = sources.flatMap((source) =>
    listImports(source).filter(({ from, to }) => !isDownward(from, to))
  );
  assertEquals(offences, []);
});

Deno.test("isDownward() tells the subjects apart", () => {
  const cases: [string, string, boolean][] = [
    ["plan/exit.ts", "exit/exit_rules.ts", true],
    ["plan/exit.ts", "plan/give_way.ts", true],
    ["plan/exit.ts", "assert.ts", true],
    ["exit/exit_rules.ts", "plan/exit.ts", false],
    ["order/protection.ts", "alert/alert_facts.ts", false],
    ["day/day_view.ts", "time/ny_time.ts", true],
    ["assert.ts", "time/ny_time.ts", false],
    ["assert.ts", "one_line.ts", false],
    ["elsewhere/a.ts", "time/ny_time.ts", false],
  ];
  for (const [from, to, isFine] of cases) {
    assertEquals(isDownward(`src/domain/${from}`, `src/domain/${to}`), isFine, `${from} ${to}`);
  }
});

Deno.test("listImports() sees every form of an import, and none in a comment", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type { B } from "../engine/ports.ts";',
    'import "./side_effect.ts";',
    "export { c } from './c.ts';",
    'const d = await import("zod");',
    'import {\n  e,\n} from "../../main.ts";',
    '// import { x } from "./x.ts";',
    '/* import { y } from "./y.ts"; */',
  ].join("\n");
  assertEquals(listImports({ path: "src/domain/z.ts", text }).map(({ to }) => to), [
    "src/domain/a.ts",
    "src/engine/ports.ts",
    "src/domain/side_effect.ts",
    "src/domain/c.ts",
    "zod",
    "main.ts",
  ]);
});

/** What must not stand in some files, and why. */
const FORBIDDEN: {
  readonly what: string;
  readonly pattern: RegExp;
  readonly isIn: (path: string) => boolean;
}[] = [
  {
    what: "time, chance or network that was not given as an argument",
    pattern:
      /Date\.now\b|new Date\(\)|Math\.random|\bfetch\(|performance\.now|setTimeout|setInterval/,
    isIn: (path) => /^src\/(domain|engine)\//.test(path),
  },
  {
    what: "the host",
    pattern: /\bDeno\./,
    isIn: (path) => /^src\/(domain|engine)\//.test(path),
  },
  {
    what: "an exit of the process",
    pattern: /\bDeno\.exit\b|\bprocess\.exit\b|\bDeno\.exitCode\b/,
    isIn: (path) => path.startsWith("src/"),
  },
  {
    what: "the process's environment or arguments",
    pattern: /\bDeno\.(env|args|mainModule)\b|\bprocess\.(env|argv)\b/,
    isIn: (path) => path.startsWith("src/"),
  },
  {
    what: "the type any",
    pattern: /(:|<|\bas|\|)\s*any\b|\bany\[\]/,
    isIn: (path) => path.startsWith("src/") || path === "main.ts",
  },
  {
    what: "the console",
    pattern: /\bconsole\s*\./,
    isIn: (path) => path.startsWith("src/") || path === "main.ts",
  },
  {
    what: "a type error that is switched off",
    pattern: /@ts-(ignore|expect-error|nocheck)/,
    isIn: (path) => path.endsWith(".ts"),
  },
];

for (const { what, pattern, isIn } of FORBIDDEN) {
  Deno.test(`no file uses ${what} where it must not`, async () => {
    const sources = [
      ...await readSources("src/"),
      ...await readSources("tests/"),
      { path: "main.ts", text: await Deno.readTextFile(new URL("main.ts", ROOT)) },
    ].filter(({ path }) => isIn(path) && path !== "tests/architecture_test.ts");
    assert(sources.length > 0);
    const isTypeCheck = pattern.source.startsWith("@ts-");
    const offences = sources.filter(({ text }) =>
      pattern.test(isTypeCheck ? text : cutComments(text))
    );
    assertEquals(offences.map(({ path }) => path), []);
  });
}

Deno.test("main.ts alone reads arguments and environment, and ends the process", async () => {
  const text = cutComments(await Deno.readTextFile(new URL("main.ts", ROOT)));
  for (const word of ["Deno.args", "Deno.env", "Deno.exit"]) assert(text.includes(word), word);
});

Deno.test("no test is skipped or singled out", async () => {
  for (const { path, text } of await readSources("tests/")) {
    if (path === "tests/architecture_test.ts") continue;
    assertFalse(/Deno\.test\.(ignore|only)|\b(ignore|only): true/.test(text), path);
  }
});

Deno.test("no systemd unit file or drop-in is in the tree (runbook 1)", async () => {
  const units = (await listFiles("./"))
    .filter((path) => /\.(service|timer|socket|path)$|\.d\/[^/]+\.conf$/.test(path));
  assertEquals(units, []);
});
