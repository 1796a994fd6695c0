/** Text that is HTML already. Only `markup` makes it, so that nothing unescaped gets in. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: text and numbers are escaped, lists joined, `null` is nothing. */
export type MarkupValue = Markup | string | number | null | readonly MarkupValue[];

// Controls, direction overrides and lone surrogates: they could make a page read other than it is.
const UNPRINTABLE =
  // deno-lint-ignore no-control-regex -- controls are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes for text and for quoted attributes alike. */
export function escapeHtml(text: string): string {
  return text.replaceAll(UNPRINTABLE, " ").replaceAll(
    /[&<>"']/g,
    (character) => ESCAPES[character] ?? "",
  );
}

/** A template whose values are escaped. Attributes must be in double quotes. */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += render(value) + (strings[index + 1] ?? "");
  });
  return new Markup(text);
}

function render(value: MarkupValue): string {
  if (value === null) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "string" || typeof value === "number") return escapeHtml(`${value}`);
  return value.map(render).join("");
}
