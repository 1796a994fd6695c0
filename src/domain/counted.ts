/**
 * A number with its noun in the form that goes with it: `1 share`, `7 shares`, `unknown shares`.
 * @param count `null` where it is not known. @param noun In the singular; its last word takes the plural.
 */
export function formatCounted(count: number | null, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count ?? "unknown"} ${noun.replace(/([^aeiou])y$/, "$1ie")}s`;
}
