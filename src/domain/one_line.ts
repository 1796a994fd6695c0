/**
 * What can make a text read other than it is: control characters, terminal escapes among them, line and paragraph
 * separators, marks that turn the direction of writing, byte order marks, halves of a pair.
 */
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- control characters are what this is about
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** Puts something else in the place of each character that can't be shown as it is. */
export function replaceUnprintable(text: string, replace: (character: string) => string): string {
  return text.replaceAll(UNPRINTABLE, replace);
}

/** A text as one printable line: what can't be shown becomes `\n`, `\x1b`, `\u2028`. */
export function formatOneLine(text: string): string {
  return replaceUnprintable(text, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    const code = character.charCodeAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** What stands in a secret's place. */
export const REDACTED = "[redacted]";

/** Takes every secret out of a text. Longer ones first, so that a secret within a secret leaves no rest. */
export function formatWithoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret !== "") clean = clean.replaceAll(secret, REDACTED);
  }
  return clean;
}
