import { formatWithoutSecrets, replaceUnprintable } from "../domain/one_line.ts";

/** Takes credentials out of a text that came from outside. */
export type Redact = (text: string) => string;

/** Longest answer body that is kept for the event log, in characters (broker.md, Refusals: keep the raw body). */
export const KEPT_BODY_MAX = 4096;
/** Longest part of an answer that goes into one line for the operator. */
const LINE_MAX = 300;

/**
 * Builds the redaction for one client. A broken proxy may send the request's headers back in its error page.
 * @param secrets The credentials; empty ones are passed over.
 */
export function buildRedact(secrets: readonly string[]): Redact {
  return (text) => formatWithoutSecrets(text, secrets);
}

/** An answer's body as it is kept: without credentials first, then cut, so that no cut leaves half of one. */
export function buildKeptBody(body: string, redact: Redact): string {
  const clean = redact(body);
  return clean.length <= KEPT_BODY_MAX ? clean : clean.slice(0, KEPT_BODY_MAX);
}

/** A foreign text as part of one line. */
export function buildLine(text: string, redact: Redact): string {
  return replaceUnprintable(redact(text), () => " ").trim().slice(0, LINE_MAX);
}
