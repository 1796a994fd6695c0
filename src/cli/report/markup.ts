import { replaceUnprintable } from "../../domain/one_line.ts";

/** Text that is HTML already. Only `markup` makes it, so that nothing unescaped gets in. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: text and numbers are escaped, lists joined, `null` is nothing. */
export type MarkupValue = Markup | string | number | null | readonly MarkupValue[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes for text and for quoted attributes alike. */
export function escapeHtml(text: string): string {
  const printable = replaceUnprintable(
    text,
    (character) => character === "\n" || character === "\t" ? character : " ",
  );
  return printable.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? "");
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
