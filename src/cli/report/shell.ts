import { Markup, markup } from "./markup.ts";
import { REPORT_STYLE } from "./style.ts";

const REPORT_CSS = new Markup(REPORT_STYLE.trim());

/** A whole page: one HTML document without a script and without anything from elsewhere. */
export function buildPage(title: string, body: readonly (Markup | null)[]): string {
  const page = markup`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="color-scheme" content="light dark">
        <title>${title}</title>
        <style>${REPORT_CSS}</style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>
  `;
  return `${page.text.trim()}\n`;
}

/** No line ends between a number and what it counts. */
export function keepNumbers(text: string): string {
  return text.replaceAll(/(\d) (?=[A-Za-z])/g, "$1\u00a0");
}
