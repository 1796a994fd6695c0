/** What stands in a text where a secret was. */
export const REDACTED = "[redacted]";

/** Takes every secret out of a JSON value: out of texts, out of names of fields, out of numbers' digits. */
export type Redact = (value: unknown) => unknown;

/**
 * Builds the guard that keeps credentials out of files, whatever put them into an event.
 * @param secrets Empty ones are passed over. The longest goes first, so that one within another leaves no rest.
 */
export function buildRedact(secrets: readonly string[]): Redact {
  const sought = secrets.filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
  const redactText = (text: string) =>
    sought.reduce((result, secret) => result.replaceAll(secret, REDACTED), text);
  const redact: Redact = (value) => {
    if (typeof value === "string") return redactText(value);
    if (typeof value === "number") {
      return sought.some((secret) => String(value).includes(secret)) ? REDACTED : value;
    }
    if (Array.isArray(value)) return value.map(redact);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [redactText(name), redact(field)]),
    );
  };
  return redact;
}
