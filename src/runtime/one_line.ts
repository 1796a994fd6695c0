// deno-lint-ignore no-control-regex -- control characters are what this is about
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A text as one printable line: line breaks and control characters, terminal escapes among them, become `\n`, `\x1b`. */
export function formatOneLine(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
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
