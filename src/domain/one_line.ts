/**
 * What can make a text read other than it is: control characters, terminal escapes among them, line and paragraph
 * separators, characters that show nothing or turn the direction of writing, byte order marks, halves of a pair.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffe\uffff]/gu;

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
    const code = character.codePointAt(0) ?? 0;
    if (code > 0xffff) return `\\u{${code.toString(16)}}`;
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
