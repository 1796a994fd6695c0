/** A word for the shell: quoted where it must be. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_.,:/@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What moves a path out of the way under a name that is no record, whatever an earlier move left there. */
export function moveAway(path: string): string {
  return `mv -T --backup=numbered ${quoteForShell(path)} ${quoteForShell(`${path}.old`)}`;
}
