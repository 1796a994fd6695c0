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

/** A text in lines of at most `LINE_WIDTH` characters, broken between words, each after the first indented. */
export function wrapLine(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
