/** What `branches_test.ts` watches. */
export interface Sample {
  readonly qty: number;
  readonly isOpen?: boolean;
}

/** Has a word for an order, by three conditions. */
export function describeSample({ qty, isOpen = false }: Sample): string {
  if (qty < 2) return "small";
  const word = isOpen ? "open" : "over";
  return qty > 2 && isOpen ? describeOpen(word) : word;
}

function describeOpen(word: string): string {
  return `still ${word}`;
}
