/** Columns that the story keeps to. */
const COLUMNS = 80;
const MARK = "  │ ";
/** Length of `[2026-11-23 10:04:10 EST] `: what continues a long line stands under its text. */
const TIME_COLUMNS = 26;

type Colour = "bold" | "dim" | "red" | "yellow" | "green" | "cyan";
const CODES: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  yellow: 33,
  green: 32,
  cyan: 36,
};

/** Breaks a text between words, at most `columns` wide; a longer word stays whole. */
export function wrapWords(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** What makes two lines of the program the same to a reader: the text without its time and its passing numbers. */
export function foldKey(line: string): string {
  const text = line.replace(/^\[[^\]]*\] /, "");
  return text.startsWith("INTENT ") ? text.replace(/:.*/, "") : text;
}

/**
 * Prints the story: narration from the left, what the operator types with a `$`, and the program's own lines behind a
 * bar. A line that the scene has shown already is counted instead of shown.
 */
export class Printer {
  readonly #write: (text: string) => void;
  readonly #isColoured: boolean;
  readonly #shown = new Set<string>();
  #lastMode = "";
  #hidden = 0;
  #scenes = 0;

  constructor(write: (text: string) => void, isColoured: boolean) {
    this.#write = write;
    this.#isColoured = isColoured;
  }

  /** A scene's heading, with its number. */
  scene(text: string): void {
    this.heading(`${++this.#scenes}. ${text}`);
  }

  /** A heading. */
  heading(text: string): void {
    this.flush();
    this.#line("");
    this.#line(this.#paint(text, "bold"));
    this.#line(this.#paint("─".repeat(text.length), "dim"));
  }

  /** A paragraph of narration. */
  say(text: string): void {
    this.flush();
    this.#line("");
    for (const line of wrapWords(text, COLUMNS)) this.#line(line);
  }

  /** Lines as they are: a table, a list. */
  plain(lines: readonly string[]): void {
    this.flush();
    for (const line of lines) this.#line(line);
  }

  /** Lines that a command of the operator's prints, each as often as it is printed. */
  lines(lines: readonly string[]): void {
    this.flush();
    for (const line of lines) this.#programLine(line);
  }

  /** What the operator types. */
  command(text: string): void {
    this.flush();
    this.#line(this.#paint(`  $ ${text}`, "cyan"));
  }

  /** The clock is turned forward. */
  turn(text: string): void {
    this.flush();
    const [first = "", ...rest] = wrapWords(`… ${text} …`, COLUMNS - 4);
    this.#line(this.#paint(`  ${first}`, "dim"));
    for (const line of rest) this.#line(this.#paint(`    ${line}`, "dim"));
  }

  /** A line of the program. */
  program(line: string): void {
    const key = foldKey(line);
    if (key.startsWith("Gate mode=") && key !== this.#lastMode) {
      // The other two lines belong to a changed mode line, as in a log read from there.
      this.#lastMode = key;
      for (const each of this.#shown) if (each.startsWith("Gate ")) this.#shown.delete(each);
    }
    if (this.#shown.has(key)) {
      this.#hidden++;
      return;
    }
    this.#shown.add(key);
    this.#programLine(line);
  }

  /** Another process of the program: all is new again but what it says of the watchlist, which is the same. */
  forget(): void {
    this.flush();
    for (const key of this.#shown) if (!/^(WARNING )?Watchlist /.test(key)) this.#shown.delete(key);
    this.#lastMode = "";
  }

  /** Says how many lines were not shown. */
  flush(): void {
    if (this.#hidden === 0) return;
    const what = this.#hidden === 1 ? "1 line that says" : `${this.#hidden} lines that say`;
    this.#line(this.#paint(`${MARK}(and ${what} the same as before)`, "dim"));
    this.#hidden = 0;
  }

  #programLine(line: string): void {
    const time = /^\[[^\]]*\] /.exec(line)?.[0] ?? "";
    const indent = time === "" ? 0 : TIME_COLUMNS;
    const parts = wrapWords(line.slice(time.length), COLUMNS - MARK.length - indent);
    const colour = chooseColour(line);
    parts.forEach((part, at) => {
      // A path that is too long to stand under its line begins further left.
      const room = Math.min(indent, Math.max(0, COLUMNS - MARK.length - part.length));
      const lead = at === 0 ? this.#paint(`${MARK}${time}`, "dim") : MARK + " ".repeat(room);
      this.#line(lead + (colour === null ? part : this.#paint(part, colour)));
    });
  }

  #paint(text: string, colour: Colour): string {
    return this.#isColoured ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
  }

  #line(text: string): void {
    this.#write(`${text}\n`);
  }
}

function chooseColour(line: string): Colour | null {
  if (/\] ERROR |Gate FAIL/.test(line)) return "red";
  if (/\] WARNING |mode=DRY_RUN/.test(line)) return "yellow";
  if (/mode=LIVE|Gate PASS|SUBMITTED/.test(line)) return "green";
  return null;
}
