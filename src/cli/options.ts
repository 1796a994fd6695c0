import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import type { OptionSpec } from "./command.ts";
import { findNearest } from "./suggest.ts";

/** A command line that means nothing: exit 64. `message` is one line that names the word. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The options that were given, by name without the dashes. */
export interface ParsedOptions {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, string>;
  /** The word beside the options, for a command that takes one. */
  readonly argument?: string;
}

const parsedText = z.record(z.string(), z.array(z.union([z.string(), z.boolean(), z.number()])));

/** What a command takes beside its options, and what an operator may have meant by a word that is no option here. */
export interface Words {
  readonly hasArgument?: boolean;
  readonly meant?: Meant;
}

/**
 * Parses what follows the command word. Nothing is ever ignored: an unknown option, one given twice, one without its
 * value or with one that it does not take, and any word beside the one argument of a command that has it, wherever that
 * stands, are errors (interface, Commands).
 * @throws {UsageError}
 */
export function parseOptions(
  args: readonly string[],
  specs: readonly OptionSpec[],
  { hasArgument = false, meant = {} }: Words = {},
): ParsedOptions {
  const unknown: string[] = [];
  const words = buildJoined(args.map((word) => spellOut(word, specs)), specs);
  const at = hasArgument ? words.findIndex((word) => !word.startsWith("-")) : -1;
  const argument = words[at];
  const raw: unknown = parseArgs(words.filter((_, index) => index !== at), {
    string: specs.filter((spec) => spec.valueName !== null).map((spec) => spec.name),
    boolean: specs.filter((spec) => spec.valueName === null).map((spec) => spec.name),
    collect: specs.map((spec) => spec.name),
    unknown: (word: string) => {
      unknown.push(word);
      return false;
    },
  });
  if (unknown[0] !== undefined) throw buildUnknown(unknown[0], specs, meant);
  const parsed = parsedText.parse(raw);
  const extra = parsed["_"]?.[0];
  if (extra !== undefined) {
    throw new UsageError(`Unexpected argument ${JSON.stringify(`${extra}`)}`);
  }
  const flags = new Set<string>();
  const values = new Map<string, string>();
  for (const { name } of specs) {
    const given = parsed[name] ?? [];
    if (given.length > 1) throw new UsageError(`Option --${name} is given twice`);
    const [value] = given;
    if (typeof value === "string") values.set(name, value);
    else if (value === true) flags.add(name);
  }
  return argument === undefined ? { flags, values } : { flags, values, argument };
}

/** A letter after a single dash stands for an option's name. */
function spellOut(word: string, specs: readonly OptionSpec[]): string {
  const spec = specs.find(({ letter }) => letter !== undefined && word === `-${letter}`);
  return spec === undefined ? word : `--${spec.name}`;
}

/** Words that are no options, by what they look like, each with what is proposed for it. */
export type Meant = Readonly<Record<string, string>>;

function buildUnknown(word: string, specs: readonly OptionSpec[], meant: Meant): UsageError {
  const isOption = word.startsWith("-");
  const [name = ""] = isOption ? word.split("=") : [word];
  // With its dashes forgotten an option looks like an argument, and a command with dashes like an option.
  const proposals = new Map(
    specs.map((spec) => [isOption ? `--${spec.name}` : spec.name, `--${spec.name}`]),
  );
  for (const [text, proposal] of Object.entries(meant)) proposals.set(text, proposal);
  const nearest = findNearest(name, [...proposals.keys()]);
  const hint = nearest === null ? "" : `; did you mean ${proposals.get(nearest)}?`;
  const what = isOption ? "Unknown option" : "Unexpected argument";
  return new UsageError(`${what} ${JSON.stringify(name)}${hint}`);
}

/**
 * Writes each option with its value as one word, and refuses what the library reads generously: a value where none
 * belongs (`--dry-run=0`, or `--dry-run false`, which would quietly turn a safety off) and none where one does.
 */
function buildJoined(args: readonly string[], specs: readonly OptionSpec[]): string[] {
  const byWord = new Map(specs.map((spec) => [`--${spec.name}`, spec]));
  const joined: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    const next = args[index + 1];
    if (word === "--") return [...joined, ...args.slice(index)];
    const [name = "", ...rest] = word.split("=");
    const spec = byWord.get(name);
    if (spec?.valueName === null) {
      const hasValue = rest.length > 0 || next === "true" || next === "false";
      if (hasValue) throw new UsageError(`Option ${name} takes no value`);
    }
    if (spec === undefined || spec.valueName === null || rest.length > 0) {
      joined.push(word);
      continue;
    }
    // A lone dash is a value: standard output.
    if (next === undefined || (next.startsWith("-") && next !== "-")) {
      throw new UsageError(`Option ${name} needs a value: ${name} ${spec.valueName}`);
    }
    joined.push(`${name}=${next}`);
    index++;
  }
  return joined;
}
