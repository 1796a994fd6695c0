/** How a column is set. */
export type Align = "left" | "right";

/** Lines as wide as a plain terminal. */
export const LINE_WIDTH = 80;

/** Rows under their heads, two spaces apart, each column as wide as it must be; no line ends in spaces. */
export function formatTable(
  columns: readonly { readonly head: string; readonly align: Align }[],
  rows: readonly (readonly string[])[],
): string[] {
  const all = [columns.map(({ head }) => head), ...rows];
  const widths = columns.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) =>
    columns.map(({ align }, at) => {
      const text = row[at] ?? "";
      const width = widths[at] ?? 0;
      return align === "left" ? text.padEnd(width) : text.padStart(width);
    }).join("  ").trimEnd()
  );
}

/** The same in `LINE_WIDTH`: what is too long goes on in a line of its own, between words, so that nothing is cut unseen. */
export function formatNarrowTable(
  columns: readonly { readonly head: string; readonly align: Align }[],
  rows: readonly (readonly string[])[],
): string[] {
  return formatTable(columns, rows).flatMap((line) => {
    if (line.length <= LINE_WIDTH) return [line];
    const end = line.lastIndexOf(" ", LINE_WIDTH);
    const rest = line.slice(end).trim().replaceAll(/ +/g, " ");
    return [line.slice(0, end).trimEnd(), ...wrapLine(`${INDENT}${rest}`, INDENT)];
  });
}

/** Where the rest of a row goes on. */
const INDENT = " ".repeat(13);

/**
 * A text in lines of at most `LINE_WIDTH` characters, broken between words: the first as it begins, each after it indented.
 */
export function wrapLine(text: string, indent: string): string[] {
  const lines: string[] = [];
  const [first = "", ...words] = text.split(" ");
  let line = first;
  for (const word of words) {
    if (line.trim() !== "" && line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = indent + word;
    } else {
      line += ` ${word}`;
    }
  }
  return [...lines, line];
}
