import type { Command, OptionSpec } from "./command.ts";
import { COMMON_OPTIONS } from "./help.ts";
import { PROGRAM } from "./version.ts";

/** What a shell is told of one command. */
interface Entry {
  /** One or two words. */
  readonly name: string;
  readonly options: readonly OptionSpec[];
  /** What may follow it; absent: it takes no word. */
  readonly word?: Proposal;
}

/** What is proposed for one word: fixed words, symbols of one kind, files, or nothing that a shell could know. */
type Proposal = readonly string[] | SymbolKind | "files" | "nothing";
/** `symbols`: those that the engine manages; `adoptable`: those that it could. */
type SymbolKind = "symbols" | "adoptable";

const BUILDERS = { bash: buildBash, zsh: buildZsh, fish: buildFish } as const;

/** A shell for which there is a script. */
export type Shell = keyof typeof BUILDERS;
/** Every one, in the order of the help. */
export const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];
/** What the scripts ask for symbols with, after `completion`. */
export const SYMBOL_KINDS: readonly SymbolKind[] = ["symbols", "adoptable"];

function isSymbolKind(proposal: Proposal): proposal is SymbolKind {
  return SYMBOL_KINDS.some((kind) => kind === proposal);
}

/** A script that proposes commands, their options, and what may follow those (interface, Commands). */
export function buildCompletionScript(shell: Shell, commands: readonly Command[]): string {
  return `${BUILDERS[shell](commands.map(buildEntry)).join("\n")}\n`;
}

function buildEntry({ name, options, argument }: Command): Entry {
  return {
    name,
    options: [...options, ...COMMON_OPTIONS],
    ...(argument !== undefined && {
      word: argument !== "SYMBOL"
        ? argument.split("|")
        : name === "adopt"
        ? "adoptable"
        : "symbols",
    }),
  };
}

/** What the option's value can be, by what the help calls it. */
function proposalOf(valueName: string): Proposal {
  switch (valueName) {
    case "SYM":
      return "symbols";
    case "FILE":
    case "PATH":
      return "files";
    default:
      return "nothing";
  }
}

function buildAsk(kind: SymbolKind): string {
  return `${PROGRAM} completion ${kind} 2>/dev/null`;
}

/** The words that come first, each once. */
function listFirst(entries: readonly Entry[]): string[] {
  const words = entries.map(({ name }) => name.split(" ", 1)[0] ?? "");
  return [...new Set([...words, "help", "version"])];
}

/** The words that come after a first one that begins several commands. */
function listFamilies(entries: readonly Entry[]): ReadonlyMap<string, readonly string[]> {
  const families = new Map<string, string[]>();
  for (const { name } of entries) {
    const [first = "", second] = name.split(" ");
    if (second !== undefined) families.set(first, [...families.get(first) ?? [], second]);
  }
  return families;
}

function listDashed(options: readonly OptionSpec[]): string {
  return options.map(({ name }) => `--${name}`).join(" ");
}

/** Names of the options, of whichever command, whose value is proposed in one way; with their dashes, each once. */
function listValued(entries: readonly Entry[], proposal: Proposal): string[] {
  const valued = entries.flatMap(({ options }) =>
    options.filter(({ valueName }) => valueName !== null && proposalOf(valueName) === proposal)
  );
  return [...new Set(valued.map(({ name }) => `--${name}`))];
}

function buildBash(entries: readonly Entry[]): string[] {
  const word = (text: string) => `    ${JSON.stringify(text)}) `;
  const valued = (proposal: Proposal) => `    ${listValued(entries, proposal).join(" | ")}) `;
  return [
    `# bash completion of ${PROGRAM}`,
    "_avwap_execution() {",
    '  local cur=${COMP_WORDS[COMP_CWORD]} before="${COMP_WORDS[*]:1:COMP_CWORD-1}" words=',
    '  case "${COMP_WORDS[COMP_CWORD-1]}" in',
    `${valued("symbols")}words=$(${buildAsk("symbols")}) before=- ;;`,
    `${valued("files")}COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    `${valued("nothing")}COMPREPLY=(); return ;;`,
    "  esac",
    '  case "$before" in',
    "    -) ;;",
    `    "") words="${listFirst(entries).join(" ")} ${listDashed(COMMON_OPTIONS)}" ;;`,
    `${word("help")}words="${listFirst(entries).join(" ")}" ;;`,
    ...[...listFamilies(entries)].map(([first, seconds]) =>
      `    ${JSON.stringify(first)} | "help ${first}") words="${seconds.join(" ")}" ;;`
    ),
    ...entries.flatMap((entry) => {
      const options = listDashed(entry.options);
      const more = entry.word === undefined ? "" : " ";
      return [
        ...(entry.word === undefined ? [] : [
          `${word(entry.name)}words="${options} ${formatWords(entry.word)}" ;;`,
        ]),
        `    ${JSON.stringify(`${entry.name}${more}`)}*) words="${options}" ;;`,
      ];
    }),
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    "}",
    `complete -F _avwap_execution ${PROGRAM}`,
  ];
}

/** Words for a shell's list of them; the symbols are asked for when it is needed. */
function formatWords(proposal: Proposal): string {
  if (typeof proposal !== "string") return proposal.join(" ");
  return isSymbolKind(proposal) ? `$(${buildAsk(proposal)})` : "";
}

/** A text within single quotes of zsh or fish. */
function quote(text: string, shell: "zsh" | "fish"): string {
  return shell === "fish"
    ? `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
    : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** In a specification of zsh's `_arguments` brackets and colons mean something. */
function escapeZsh(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, (each) => `\\${each}`);
}

/** What `_arguments` is to do for a word. */
function buildZshAction(proposal: Proposal): string {
  if (typeof proposal !== "string") return `(${proposal.join(" ")})`;
  if (proposal === "nothing") return " ";
  return isSymbolKind(proposal) ? `_avwap_execution_${proposal}` : "_files";
}

function buildZsh(entries: readonly Entry[]): string[] {
  const spec = ({ name, valueName, help }: OptionSpec) => {
    const value = valueName === null
      ? ""
      : `:${escapeZsh(valueName)}:${buildZshAction(proposalOf(valueName))}`;
    return quote(`--${name}[${escapeZsh(help)}]${value}`, "zsh");
  };
  const first = ({ word }: Entry) =>
    word === undefined ? [] : [quote(`1:word:${buildZshAction(word)}`, "zsh")];
  // What was read of the words is shifted away, so that `_arguments` takes the command for the program.
  const shift = "shift words; (( CURRENT-- ))";
  return [
    `#compdef ${PROGRAM}`,
    `# zsh completion of ${PROGRAM}`,
    ...SYMBOL_KINDS.map((kind) => `_avwap_execution_${kind}() { compadd -- $(${buildAsk(kind)}) }`),
    "_avwap_execution() {",
    "  local name is_help=",
    `  if [[ $words[2] == help ]] && (( CURRENT > 2 )); then is_help=1; ${shift}; fi`,
    "  if (( CURRENT == 2 )); then",
    `    compadd -- ${listFirst(entries).join(" ")} ${listDashed(COMMON_OPTIONS)}`,
    "    return",
    "  fi",
    `  name=$words[2]; ${shift}`,
    '  case "$name" in',
    ...[...listFamilies(entries)].flatMap(([word, seconds]) => [
      `    ${word})`,
      `      if (( CURRENT == 2 )); then compadd -- ${seconds.join(" ")}; return; fi`,
      `      name="$name $words[2]"; ${shift}`,
      "      ;;",
    ]),
    "  esac",
    "  [[ -z $is_help ]] || return",
    '  case "$name" in',
    ...entries.map((entry) =>
      `    ${quote(entry.name, "zsh")}) _arguments ${
        [...first(entry), ...entry.options.map(spec)].join(" ")
      } ;;`
    ),
    "  esac",
    "}",
    '_avwap_execution "$@"',
  ];
}

function buildFish(entries: readonly Entry[]): string[] {
  const after = (name: string) =>
    name.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
  const line = (condition: string, rest: string) =>
    `complete -c ${PROGRAM} -n ${quote(condition, "fish")} ${rest}`;
  const words = (proposal: Proposal) => `-a ${quote(formatFishWords(proposal), "fish")}`;
  const option = (condition: string, { name, valueName, help }: OptionSpec) => {
    const value = valueName === null ? "" : ` ${buildFishValue(proposalOf(valueName))}`;
    return line(condition, `-l ${name}${value} -d ${quote(help, "fish")}`);
  };
  const isFirst = "__fish_use_subcommand";
  return [
    `# fish completion of ${PROGRAM}`,
    `complete -c ${PROGRAM} -f`,
    line(isFirst, words(listFirst(entries))),
    ...COMMON_OPTIONS.map((each) => option(isFirst, each)),
    line("__fish_prev_arg_in help", words(listFirst(entries))),
    ...[...listFamilies(entries)].map(([first, seconds]) =>
      line(
        `${after(first)}; and not __fish_seen_subcommand_from ${seconds.join(" ")}`,
        words(seconds),
      )
    ),
    ...entries.flatMap((entry) => [
      ...(entry.word === undefined ? [] : [line(after(entry.name), words(entry.word))]),
      ...entry.options.map((each) => option(after(entry.name), each)),
    ]),
  ];
}

function formatFishWords(proposal: Proposal): string {
  return isSymbolKind(proposal) ? `(${buildAsk(proposal)})` : formatWords(proposal);
}

/** An option's value: it is needed, and only a file is looked for on the disk. */
function buildFishValue(proposal: Proposal): string {
  if (proposal === "files") return "-rF";
  return isSymbolKind(proposal) ? `-x -a ${quote(formatFishWords(proposal), "fish")}` : "-x";
}
