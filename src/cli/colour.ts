/** What a word means, and so how it looks on a terminal. */
export type Tone = "good" | "warning" | "bad" | "quiet";

/** Marks a text with its tone, or leaves it as it is where nobody can see colours. */
export type Paint = (tone: Tone, text: string) => string;

const CODES: Readonly<Record<Tone, string>> = {
  good: "32",
  warning: "33",
  bad: "31;1",
  quiet: "2",
};

/** Colours for a terminal and for nothing else (interface, `status`). */
export function createPaint(isTerminal: boolean): Paint {
  if (!isTerminal) return (_tone, text) => text;
  return (tone, text) => `\x1b[${CODES[tone]}m${text}\x1b[0m`;
}
