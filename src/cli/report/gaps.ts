import { type Markup, markup } from "./markup.ts";

/** What could not be read, by name: the rest of the page is without it. */
export function buildGaps(gaps: readonly string[]): Markup | null {
  if (gaps.length === 0) return null;
  return markup`
    <section>
      <h2>Not read</h2>
      <p class="note">What is shown is without this.</p>
      <ul class="plain">${gaps.map((gap) => markup`<li>${gap}</li>`)}</ul>
    </section>
  `;
}
