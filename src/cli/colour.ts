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

/** Colours for a terminal whose owner has not said `NO_COLOR`, and for nothing else (interface, Common options). */
export function createPaint(
  host: { readonly isTerminal?: boolean; readonly isColourRefused?: boolean },
): Paint {
  if (host.isTerminal !== true || host.isColourRefused === true) return (_tone, text) => text;
  return (tone, text) => `\x1b[${CODES[tone]}m${text}\x1b[0m`;
}
