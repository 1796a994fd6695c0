import { COMMANDS } from "../../src/cli/program.ts";
import type { Command } from "../../src/cli/command.ts";
import { cutSection, listItems, readCode } from "./page.ts";
import { listEvents, listLevelLines, readSources } from "./source_tables.ts";
import { readText, ROOT } from "./texts.ts";

// Writes those parts of the reference that say no more than the program's own tables: commands, lines with a level, and
// the events' fields. What takes a word of a person's (a variable, file, reason, message) the tests name.

const PATH = "deploy/REFERENCE.md";

/** A star in prose would begin emphasis. */
function escape(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("*", "\\*");
}

function formatCommand({ name, argument, description, options, statuses }: Command): string {
  const title = argument === undefined ? name : `${name} ${argument}`;
  const written = options.map(({ name, valueName, help }) =>
    `- \`--${name}${valueName === null ? "" : ` ${valueName}`}\`: ${escape(help)}`
  );
  const ended = Object.entries(statuses).map(([status, means]) => `- \`${status}\`: ${means}`);
  const lists = [...(written.length === 0 ? [] : [...written, ""]), "Exit status:", "", ...ended];
  return [`### \`${title}\``, "", escape(description), "", ...lists, ""].join("\n");
}

/** The text before the commands stays. */
function formatCommands(section: string): string {
  const [head = ""] = section.split(/^### /m);
  return [head.trim(), "", ...COMMANDS.map(formatCommand)].join("\n");
}

/** The text before the list stays. */
function formatLevelLines(section: string, shapes: ReadonlySet<string>): string {
  const [head = ""] = section.split(/^- /m);
  return [head.trim(), "", ...[...shapes].sort().map((shape) => `- \`${shape}\``), ""].join("\n");
}

/** What is said of an event stays; a new one is given its docstring. */
function formatEvents(section: string, source: string): string {
  const [head = ""] = section.split(/^- /m);
  const said = new Map(
    listItems(section).map((item) => [readCode(item), item.split(" Fields: ")[0] ?? ""]),
  );
  const items = [...listEvents(source)].map(([type, fields]) => {
    const names = fields.map((field) => `\`${field}\``).join(", ");
    const words = said.get(type) ?? `\`${type}\`: ${readDocstring(source, type)}`;
    return names === "" ? `- ${words}` : `- ${words} Fields: ${names}.`;
  });
  return [head.trim(), "", ...items, ""].join("\n");
}

function readDocstring(source: string, type: string): string {
  const [before = ""] = source.split(`readonly type: "${type}"`);
  const text = before.slice(before.lastIndexOf("/**") + 3, before.lastIndexOf("*/"));
  return text.replaceAll(/\n \* ?/g, " ").trim();
}

function replaceSection(page: string, heading: string, build: (section: string) => string): string {
  const section = cutSection(page, heading);
  return page.replace(section, () => `\n${build(section)}`);
}

const sources = await readSources();
const lines = listLevelLines(sources);
const events = sources.find(({ path }) => path === "src/domain/day/events.ts")?.text ?? "";
let page = await readText(PATH);
page = replaceSection(page, "Commands", formatCommands);
page = replaceSection(page, "With WARNING", (old) => formatLevelLines(old, lines.WARNING));
page = replaceSection(page, "With ERROR", (old) => formatLevelLines(old, lines.ERROR));
page = replaceSection(page, "Events", (old) => formatEvents(old, events));
await Deno.writeTextFile(new URL(PATH, ROOT), page);
