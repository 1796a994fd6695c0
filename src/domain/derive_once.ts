/**
 * Remembers what a pure function made of a value, for as long as the value lives: a value never changes, so what was derived
 * from it can't go stale. What is derived is shared, and never changed either.
 * @param build Pure; a source that somebody changes would be answered with what it was.
 */
export function deriveOnce<Source extends object, Derived>(
  build: (source: Source) => Derived,
): (source: Source) => Derived {
  const known = new WeakMap<Source, { readonly derived: Derived }>();
  return (source) => {
    const found = known.get(source);
    if (found !== undefined) return found.derived;
    const derived = build(source);
    known.set(source, { derived });
    return derived;
  };
}
