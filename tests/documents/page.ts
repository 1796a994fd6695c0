/** A row of a table: its cells, space around them cut. */
export type Row = readonly string[];

/** Cuts a section out of a page: from its heading to the next of its level or above. @throws {Error} Where it is not there. */
export function cutSection(page: string, heading: string): string {
  const lines = page.split("\n");
  const from = lines.findIndex((line) => line.replace(/^#+ /, "") === heading && /^#/.test(line));
  if (from < 0) throw new Error(`no section ${JSON.stringify(heading)}`);
  const level = (lines[from] ?? "").indexOf(" ");
  const length = lines.slice(from + 1).findIndex((line) => {
    const marks = /^#+(?= )/.exec(line)?.[0].length ?? Infinity;
    return marks <= level;
  });
  return lines.slice(from + 1, length < 0 ? undefined : from + 1 + length).join("\n");
}

/** Headings of the level below a section's, as they are written. */
export function listHeadings(section: string): string[] {
  return [...section.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
}

/** The rows of every table of a section, their heads left out. */
export function listRows(section: string): Row[] {
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  const isRule = (line: string | undefined) => line !== undefined && /^\|[ :|-]+\|$/.test(line);
  return lines
    .filter((line, index) => !isRule(line) && !isRule(lines[index + 1]))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

/** The items of every list of a section, each on one line. */
export function listItems(section: string): string[] {
  const items: string[] = [];
  let isOpen = false;
  for (const line of section.split("\n")) {
    if (line.startsWith("- ")) {
      items.push(line.slice(2));
      isOpen = true;
    } else if (isOpen && line.startsWith("  ")) {
      items.push(`${items.pop()} ${line.trim()}`);
    } else isOpen = false;
  }
  return items;
}

/** The first words in code marks of a cell or item; empty where it has none. */
export function readCode(text: string): string {
  return /`([^`]+)`/.exec(text)?.[1] ?? "";
}

/** Text on one line, without the marks that keep a star from being emphasis: texts that only wrap differently are equal. */
export function flatten(text: string): string {
  return text.replaceAll(/\\(?=[*_])/g, "").replaceAll(/\s+/g, " ").trim();
}

/** What stands for anything in a line or name of the reference. */
export const ANY = "…";

/** Whether a text is one that the shape stands for. */
export function fits(text: string, shape: string): boolean {
  const parts = shape.split(ANY).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".+")}$`).test(text);
}
