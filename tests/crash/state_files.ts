import { z } from "zod";

const EntryWire = z.looseObject({
  client_order_id: z.string().nullable(),
  symbol: z.string(),
  side: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  qty: z.number().nullable(),
  notional: z.number(),
});
const LedgerWire = z.looseObject({ date_ny: z.string(), entries: z.array(EntryWire) });
const StateWire = z.looseObject({
  positions: z.array(z.looseObject({ symbol: z.string(), position_id: z.string() })),
  intents: z.array(z.looseObject({ symbol: z.string(), client_order_id: z.string() })),
  ledger: LedgerWire.nullable(),
});

/** An entry of the live ledger, as the file has it. */
export type FileEntry = z.output<typeof EntryWire>;

export const LEDGER_NAME = "live_orders_today.json";
export const STATE_NAME = "execution_state.json";

/** What a file is read as: absent, whole, or what is wrong with it. */
type FileRead<T> =
  | { readonly kind: "absent" }
  | { readonly kind: "whole"; readonly value: T }
  | { readonly kind: "broken"; readonly why: string };

/** The files of the state directory, read without the program's own code and at once: the program does not wait. */
export class StateFiles {
  /** Characters of each audit trail that were found whole; it only grows. */
  readonly #seenChars = new Map<string, number>();

  constructor(readonly stateDir: string) {}

  /** Entries of today's ledger; empty where there is none. */
  listEntries(): readonly FileEntry[] {
    const read = this.#read(LEDGER_NAME, LedgerWire);
    return read.kind === "whole" ? read.value.entries : [];
  }

  /** The same as the document has them. */
  listDocumentEntries(): readonly FileEntry[] {
    const read = this.#read(STATE_NAME, StateWire);
    return read.kind === "whole" ? read.value.ledger?.entries ?? [] : [];
  }

  /** Entries of the past days. */
  listArchived(): readonly FileEntry[] {
    return this.#listNames("archive")
      .filter((name) => /^live_orders_\d{4}-\d\d-\d\d\.json$/.test(name))
      .flatMap((name) => {
        const read = this.#read(`archive/${name}`, LedgerWire);
        return read.kind === "whole" ? read.value.entries : [];
      });
  }

  /** The ids of the intents that wait. */
  listIntentIds(): readonly string[] {
    const read = this.#read(STATE_NAME, StateWire);
    return read.kind === "whole" ? read.value.intents.map((each) => each.client_order_id) : [];
  }

  /** What the audit trail holds, oldest first; a torn last line is left out. */
  readTrail(): string {
    const names = this.#listNames("").filter((name) => name.startsWith("events-")).sort();
    return names.map((name) => this.#text(name) ?? "").join("");
  }

  /** Whether a file is there, whatever is in it. */
  has(name: string): boolean {
    return this.#text(name) !== null;
  }

  /** What is wrong with the files as a killed program left them: half ones, open ones, ones with a secret. */
  findFaults(secrets: readonly string[]): readonly string[] {
    const faults: string[] = [];
    const check = (name: string, schema: z.ZodType) => {
      const read = this.#read(name, schema);
      if (read.kind === "broken") faults.push(`${name} is no whole file: ${read.why}`);
    };
    check(LEDGER_NAME, LedgerWire);
    check(STATE_NAME, StateWire);
    for (const name of this.#listNames("archive")) {
      if (!name.endsWith(".json")) continue;
      check(`archive/${name}`, name.startsWith("execution_state_") ? StateWire : LedgerWire);
    }
    for (const name of this.#listAll()) faults.push(...this.#findFault(name, secrets));
    return faults;
  }

  #findFault(name: string, secrets: readonly string[]): readonly string[] {
    const faults: string[] = [];
    const text = this.#text(name) ?? "";
    if (name !== "live_confirm_token.txt" && secrets.some((secret) => text.includes(secret))) {
      faults.push(`${name} holds a credential`);
    }
    const mode = (Deno.statSync(`${this.stateDir}/${name}`).mode ?? 0) & 0o777;
    if (mode !== 0o600) faults.push(`${name} has mode ${mode.toString(8)}`);
    if (name.endsWith(".jsonl")) faults.push(...this.#findTorn(name, text));
    return faults;
  }

  /** A kill may tear the last line, which the next start ends with a line feed: so one line since the last kill. */
  #findTorn(name: string, text: string): readonly string[] {
    const lines = text.slice(this.#seenChars.get(name) ?? 0).split("\n");
    const openChars = lines.pop()?.length ?? 0;
    this.#seenChars.set(name, text.length - openChars);
    const torn = lines.filter((line) => line !== "" && !isJson(line));
    return torn.length <= 1 ? [] : [`${name} has ${torn.length} lines that do not parse`];
  }

  #listAll(): readonly string[] {
    const archived = this.#listNames("archive").map((name) => `archive/${name}`);
    return [...this.#listNames(""), ...archived];
  }

  #listNames(below: string): readonly string[] {
    try {
      return [...Deno.readDirSync(`${this.stateDir}/${below}`)].filter(({ isFile }) => isFile)
        .map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  #text(name: string): string | null {
    try {
      return new TextDecoder().decode(Deno.readFileSync(`${this.stateDir}/${name}`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  #read<T>(name: string, schema: z.ZodType<T>): FileRead<T> {
    const text = this.#text(name);
    if (text === null) return { kind: "absent" };
    if (!isJson(text)) return { kind: "broken", why: "it is not JSON" };
    const read = schema.safeParse(JSON.parse(text));
    return read.success
      ? { kind: "whole", value: read.data }
      : { kind: "broken", why: z.prettifyError(read.error) };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
