import { formatCounted } from "../../src/domain/counted.ts";
import { ANY } from "./page.ts";
import { listPaths, readText } from "./texts.ts";

/** The sources of the program, each with its path. */
export async function readSources(): Promise<{ readonly path: string; readonly text: string }[]> {
  const paths = ["main.ts", ...await listPaths("src/", [".ts"])];
  return await Promise.all(paths.map(async (path) => ({ path, text: await readText(path) })));
}

/** A number with its noun: the plural stands for it. */
const COUNTED = /\$\{\s*formatCounted\([^{}]*"([a-z ]+)"\)\s*\}/g;

/** A template without its parts that vary. */
function formatShape(template: string): string {
  const counted = template.replaceAll(
    COUNTED,
    (_, noun: string) => formatCounted(null, noun).replace("unknown", ANY),
  );
  return counted.replaceAll(/(?:\$\{(?:[^{}]|\{[^{}]*\})*\})+/g, ANY);
}

/** A call with all that is between its brackets; a literal may hold a semicolon. */
const LOG_CALL = /\blog\.info\(\s*((?:`(?:[^`\\]|\\.)*`|"[^"]*"|[^;`"])*?),?\s*\);/g;

/** Lines that the program logs without a level, as shapes; and what is no literal but a call or a name. */
export function listLogLines(sources: readonly { readonly text: string }[]) {
  const shapes = new Set<string>();
  const computed = new Set<string>();
  for (const { text } of sources) {
    for (const [, argument = ""] of text.matchAll(LOG_CALL)) {
      const literals = [...argument.matchAll(/(?<!=== )(?:`((?:[^`\\]|\\.)*)`|"([^"]*)")/g)];
      for (const [, template, plain] of literals) {
        shapes.add(formatShape(template ?? plain ?? "").replaceAll(/\s+/g, " "));
      }
      if (literals.length === 0) computed.add(argument);
    }
  }
  return { shapes, computed };
}

const LITERAL = String.raw`(?:\`(?:[^\`\\]|\\.)*\`|"[^"]*")`;
/** A line with a level, or an error that goes to Slack too; the texts that are one literal, or several joined. */
const LEVEL_CALL = new RegExp(
  String.raw`\b(?:log\.(warn|error)|(?:engine|this)\.(?:sayError|logError))\(\s*` +
    String.raw`(${LITERAL}(?:\s*\+\s*${LITERAL})*)`,
  "g",
);

const TEXT = String.raw`${LITERAL}(?:\s*\+\s*${LITERAL})*`;
/** The same of an error that Slack has once a day; one text, or one of two. */
const DAILY_CALL = new RegExp(
  String.raw`\bsayOnceADay\([^;]*?\bproblem:\s*(?:[\w.=\s]+\?\s*)?(${TEXT})(?:\s*:\s*(${TEXT}))?`,
  "g",
);

/** What the running program logs with a level, as the shape of its beginning; what only repeats another text is none. */
export function listLevelLines(sources: readonly { readonly text: string }[]) {
  const lines = { WARNING: new Set<string>(), ERROR: new Set<string>() };
  for (const { text } of sources) {
    const calls = [
      ...[...text.matchAll(LEVEL_CALL)].map(([, level, joined]) => ({ level, joined })),
      ...[...text.matchAll(DAILY_CALL)].flatMap(([, ...all]) =>
        all.map((joined) => ({ level: "error", joined }))
      ),
    ];
    for (const { level, joined = "" } of calls) {
      const literals = [...joined.matchAll(new RegExp(LITERAL, "g"))];
      const template = literals.map(([literal]) => literal.slice(1, -1)).join("");
      const shape = formatShape(template).replaceAll(/[\\`]/g, "").trim();
      if (/[a-z]{4}/i.test(shape)) lines[level === "warn" ? "WARNING" : "ERROR"].add(shape);
    }
  }
  return lines;
}

/** Names of files that the program makes or reads in the state directory: constants, and templates with an ending. */
export function listFileNames(sources: readonly { readonly text: string }[]): Set<string> {
  const names = new Set<string>();
  for (const { text } of sources) {
    for (const [, name = ""] of text.matchAll(/const [A-Z_]+_(?:FILE|DIR) = "([^"/]+)"/g)) {
      names.add(name);
    }
    const templates = text.matchAll(
      /`([^`\n]*\.(?:jsonl?|html|lock|tmp|bin|txt)|[^`\n]*\.damaged-[^`\n]*)`/g,
    );
    for (const [, template = ""] of templates) {
      if (template.includes("${") && !template.includes(" ")) names.add(formatShape(template));
    }
  }
  return names;
}

/** The texts of a union of literals, by its name. */
export function listUnion(source: string, name: string): string[] {
  const body = new RegExp(`type ${name} =([^;]+);`).exec(source)?.[1] ?? "";
  return [...body.matchAll(/"([^"]+)"/g)].map(([, text = ""]) => text);
}

/** The events of the audit trail with their fields, from their types. */
export function listEvents(source: string): Map<string, string[]> {
  const readFields = (body: string) =>
    [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = ""]) => field);
  const shared = /type (\w+Fields) = \{\n([\s\S]*?)\n\};/.exec(source);
  const events = new Map<string, string[]>();
  const types = source.matchAll(/type \w+Event = \{([\s\S]*?)\}(?: & (\w+))?;\n(?=\n|$)/g);
  for (const [, body = "", base] of types) {
    const type = /readonly type: "(\w+)"/.exec(body)?.[1] ?? "";
    const own = readFields(body).filter((field) => field !== "type");
    const inherited = base !== undefined && base === shared?.[1] ? readFields(shared[2] ?? "") : [];
    events.set(type, [...new Set([...inherited, ...own])]);
  }
  return events;
}
