/** What the entries of a ledger's text mean, by their texts without the closing brace. */
export type KnownEntries = ReadonlyMap<string, unknown>;

/** A file's JSON; `value` is `undefined` where it is none. */
export interface LedgerJson {
  readonly value: unknown;
  readonly entries: KnownEntries;
}

/** Of a file that holds no ledger, or was not read before. */
export const NO_ENTRIES: KnownEntries = new Map();

/**
 * The value that `JSON.parse` gives, with the entries of a ledger parsed alone: hardly any differs from what the same file said
 * before, and a day of a thousand orders would be parsed whole at each look.
 * @param known What came of the file's text before.
 */
export function parseLedgerJson(text: string, known: KnownEntries): LedgerJson {
  // The ledger's own file, and the document that holds it.
  return parseAt(text, known, "  ") ?? parseAt(text, known, "    ") ??
    { value: parseJson(text), entries: NO_ENTRIES };
}

/** No text within JSON holds a line end: what stands at this depth is a part of it. `null` where it is written otherwise. */
function parseAt(text: string, known: KnownEntries, blanks: string): LedgerJson | null {
  const opening = `\n${blanks}"entries": [`;
  const closing = `\n${blanks}  }`;
  const openAt = text.indexOf(opening);
  const from = openAt + opening.length;
  const end = text.indexOf(`\n${blanks}]`, from);
  if (openAt < 0 || end < 0 || text.indexOf(opening, from) >= 0) return null;
  const value = parseJson(text.slice(0, from) + text.slice(end));
  const place = findEntries(value, blanks);
  const body = text.slice(from, end);
  if (place === null || !body.endsWith(closing)) return null;
  const entries = new Map<string, unknown>();
  for (const part of body.slice(0, -closing.length).split(`${closing},`)) {
    const entry = known.get(part) ?? parseJson(part + closing);
    if (entry === undefined) return null;
    entries.set(part, entry);
    place.push(entry);
  }
  return { value, entries };
}

/** Where the entries belong, empty; `null` where there is no such place. */
function findEntries(value: unknown, blanks: string): unknown[] | null {
  const ledger = blanks === "  " ? value : readField(value, "ledger");
  const entries = readField(ledger, "entries");
  return Array.isArray(entries) && entries.length === 0 ? entries : null;
}

function readField(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
