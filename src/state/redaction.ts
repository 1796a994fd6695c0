import { formatWithoutSecrets, REDACTED } from "../domain/one_line.ts";

/** Takes every secret out of a JSON text: out of its texts, out of names of fields, out of numbers' digits. */
export type Redact = (json: string) => string;

/**
 * Builds the guard that keeps credentials out of files, whatever put them into an event.
 * @param secrets Empty ones are passed over.
 */
export function buildRedact(secrets: readonly string[]): Redact {
  const sought = secrets.filter((secret) => secret !== "");
  const written = sought.map((secret) => JSON.stringify(secret).slice(1, -1));
  return (json) => {
    // Almost never is one there; then the text is as it must be.
    if (!written.some((secret) => json.includes(secret))) return json;
    const value: unknown = JSON.parse(json);
    return JSON.stringify(redactValue(value, sought));
  };
}

function redactValue(value: unknown, sought: readonly string[]): unknown {
  if (typeof value === "string") return formatWithoutSecrets(value, sought);
  if (typeof value === "number") {
    return sought.some((secret) => String(value).includes(secret)) ? REDACTED : value;
  }
  if (Array.isArray(value)) return value.map((each) => redactValue(each, sought));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      formatWithoutSecrets(name, sought),
      redactValue(field, sought),
    ]),
  );
}
