const TICKER = /^[A-Z][A-Z0-9.]{0,9}$/;

/** Whether `text` is a ticker as the pipeline knows them (pipeline 1, **[ours]**). */
export function isTicker(text: string): boolean {
  return TICKER.test(text);
}
