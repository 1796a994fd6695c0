/** What stands in a text where a secret was. */
export const REDACTED = "[redacted]";

/** Takes every secret out of a JSON text: out of its texts, out of names of fields, out of numbers' digits. */
export type Redact = (json: string) => string;

/**
 * Builds the guard that keeps credentials out of files, whatever put them into an event.
 * @param secrets Empty ones are passed over. The longest goes first, so that one within another leaves no rest.
 */
export function buildRedact(secrets: readonly string[]): Redact {
  const sought = secrets.filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  const written = sought.map((secret) => JSON.stringify(secret).slice(1, -1));
  return (json) => {
    // Almost never is one there; then the text is as it must be.
    if (!written.some((secret) => json.includes(secret))) return json;
    const value: unknown = JSON.parse(json);
    return JSON.stringify(redactValue(value, sought));
  };
}

function redactValue(value: unknown, sought: readonly string[]): unknown {
  if (typeof value === "string") return redactText(value, sought);
  if (typeof value === "number") {
    return sought.some((secret) => String(value).includes(secret)) ? REDACTED : value;
  }
  if (Array.isArray(value)) return value.map((each) => redactValue(each, sought));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      redactText(name, sought),
      redactValue(field, sought),
    ]),
  );
}

function redactText(text: string, sought: readonly string[]): string {
  return sought.reduce((result, secret) => result.replaceAll(secret, REDACTED), text);
}
