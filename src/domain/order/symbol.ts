/** A letter, up to nine letters or digits more, and at most one dot, which stands between two of them. */
const TICKER = /^[A-Z](?=(?:\.?[A-Z0-9]){0,9}$)[A-Z0-9]*(?:\.[A-Z0-9]+)?$/;

/** Whether `text` is a ticker as the pipeline knows them (pipeline 1, **[ours]**). */
export function isTicker(text: string): boolean {
  return TICKER.test(text);
}

/**
 * The ticker that a person or a file wrote: surrounding space cut, ASCII upper-cased (pipeline 1, **[ours]**).
 * @returns `null` where it is none.
 */
export function parseTicker(written: string): string | null {
  const ticker = upperCaseAscii(written.trim());
  return isTicker(ticker) ? ticker : null;
}

/** Upper-cases ASCII alone: elsewhere it makes tickers of what is none ("ß" becomes "SS", "ı" becomes "I"). */
export function upperCaseAscii(text: string): string {
  return text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase());
}
