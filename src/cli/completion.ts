import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createExecutionState } from "../state/execution_state.ts";
import type { Command, OptionSpec, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { COMMON_OPTIONS } from "./help.ts";
import { readStateDir } from "./operator_config.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import { PROGRAM } from "./version.ts";

/** What a shell is told of one command. */
interface Entry {
  /** One or two words. */
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  /** Whether the word after it is a symbol. */
  readonly takesSymbol: boolean;
}

const SHELLS = { bash: buildBash, zsh: buildZsh, fish: buildFish } as const;
/** What the scripts ask for the managed symbols with. */
const SYMBOLS = "symbols";

/** `completion SHELL`: a completion script (interface, Commands). @param list Every command, asked when it runs. */
export function buildCompletionCommand(list: () => readonly Command[]): Command {
  return {
    name: "completion",
    argument: Object.keys(SHELLS).join("|"),
    summary: "a completion script for bash, zsh or fish",
    description:
      "Prints a completion script: commands, their options, and the managed symbols where a symbol\n" +
      "belongs, which the script asks for with `completion symbols`.",
    options: [],
    examples: [
      `${PROGRAM} completion bash > /etc/bash_completion.d/${PROGRAM}`,
      `${PROGRAM} completion zsh > "\${fpath[1]}/_${PROGRAM}"`,
      `${PROGRAM} completion fish > ~/.config/fish/completions/${PROGRAM}.fish`,
    ],
    statuses: { [EXIT.done]: "printed" },
    run: (host, options) => runCompletion(host, options, list()),
  };
}

async function runCompletion(
  host: ProgramHost,
  { argument }: ParsedOptions,
  commands: readonly Command[],
): Promise<number> {
  if (argument === SYMBOLS) {
    host.writeOut((await listSymbols(host)).map((symbol) => `${symbol}\n`).join(""));
    return EXIT.done;
  }
  const shell = Object.entries(SHELLS).find(([name]) => name === argument);
  if (shell === undefined) {
    throw new UsageError(`Command completion needs one of: ${Object.keys(SHELLS).join(", ")}`);
  }
  const [, build] = shell;
  host.writeOut(`${build(commands.map(buildEntry)).join("\n")}\n`);
  return EXIT.done;
}

function buildEntry({ name, summary, options, argument }: Command): Entry {
  return {
    name,
    summary,
    options: [...options, ...COMMON_OPTIONS],
    takesSymbol: argument === "SYMBOL",
  };
}

/** The managed symbols, from the state file alone; none where it can't be read: a shell has no use for a reason. */
async function listSymbols(host: ProgramHost): Promise<string[]> {
  const stateDir = readStateDir(host.environment);
  const read = await createExecutionState({ fs: createDenoFileSystem(), stateDir }).read();
  return read.kind === "ok" ? read.state.positions.map(({ symbol }) => symbol).sort() : [];
}

const ASK_SYMBOLS = `${PROGRAM} completion ${SYMBOLS} 2>/dev/null`;

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

function buildBash(entries: readonly Entry[]): string[] {
  const word = (text: string) => `    ${JSON.stringify(text)}) `;
  return [
    `# bash completion of ${PROGRAM}`,
    "_avwap_execution() {",
    '  local cur=${COMP_WORDS[COMP_CWORD]} before="${COMP_WORDS[*]:1:COMP_CWORD-1}" words=',
    '  case "${COMP_WORDS[COMP_CWORD-1]}" in',
    `    --symbol) words=$(${ASK_SYMBOLS}) before=- ;;`,
    '    --candidates-csv | --out) COMPREPLY=($(compgen -f -- "$cur")); return ;;',
    "  esac",
    '  case "$before" in',
    "    -) ;;",
    `    "") words="${listFirst(entries).join(" ")} ${listDashed(COMMON_OPTIONS)}" ;;`,
    `${word("help")}words="${listFirst(entries).join(" ")}" ;;`,
    ...[...listFamilies(entries)].map(([first, seconds]) =>
      `${word(first)}words="${seconds.join(" ")}" ;;`
    ),
    ...entries.map(({ name, options, takesSymbol }) => {
      const symbols = takesSymbol ? ` $(${ASK_SYMBOLS})` : "";
      const first = takesSymbol ? `${word(name)}words="${listDashed(options)}${symbols}" ;;\n` : "";
      return `${first}    ${JSON.stringify(name)}${takesSymbol ? '" "*' : "*"}) ` +
        `words="${listDashed(options)}" ;;`;
    }),
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    "}",
    `complete -F _avwap_execution ${PROGRAM}`,
  ];
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

function buildZsh(entries: readonly Entry[]): string[] {
  const spec = ({ name, valueName, help }: OptionSpec) => {
    const value = valueName === null
      ? ""
      : `:${escapeZsh(valueName)}:${name === "symbol" ? "_avwap_execution_symbols" : "_files"}`;
    return quote(`--${name}[${escapeZsh(help)}]${value}`, "zsh");
  };
  return [
    `#compdef ${PROGRAM}`,
    `# zsh completion of ${PROGRAM}`,
    `_avwap_execution_symbols() { compadd -- $(${ASK_SYMBOLS}) }`,
    "_avwap_execution() {",
    "  if (( CURRENT == 2 )); then",
    `    compadd -- ${listFirst(entries).join(" ")} ${listDashed(COMMON_OPTIONS)}`,
    "    return",
    "  fi",
    "  local name=$words[2]",
    '  case "$name" in',
    ...[...listFamilies(entries)].flatMap(([first, seconds]) => [
      `    ${first})`,
      `      if (( CURRENT == 3 )); then compadd -- ${seconds.join(" ")}; return; fi`,
      '      name="$name $words[3]"',
      "      ;;",
    ]),
    "  esac",
    '  case "$name" in',
    ...entries.map(({ name, options, takesSymbol }) =>
      `    ${quote(name, "zsh")}) _arguments ${
        takesSymbol ? "'*:symbol:_avwap_execution_symbols' " : ""
      }` +
      `${options.map(spec).join(" ")} ;;`
    ),
    `    help) compadd -- ${listFirst(entries).join(" ")} ;;`,
    "  esac",
    "}",
    '_avwap_execution "$@"',
  ];
}

function buildFish(entries: readonly Entry[]): string[] {
  const families = listFamilies(entries);
  const after = (name: string) => {
    const [first = "", second] = name.split(" ");
    return second === undefined
      ? `__fish_seen_subcommand_from ${first}`
      : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
  };
  const line = (condition: string, rest: string) =>
    `complete -c ${PROGRAM} -n ${quote(condition, "fish")} ${rest}`;
  return [
    `# fish completion of ${PROGRAM}`,
    `complete -c ${PROGRAM} -f`,
    line("__fish_use_subcommand", `-a ${quote(listFirst(entries).join(" "), "fish")}`),
    ...[...families].map(([first, seconds]) =>
      line(
        `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${
          seconds.join(" ")
        }`,
        `-a ${quote(seconds.join(" "), "fish")}`,
      )
    ),
    ...entries.flatMap(({ name, options, takesSymbol }) => [
      ...(takesSymbol ? [line(after(name), `-a ${quote(`(${ASK_SYMBOLS})`, "fish")}`)] : []),
      ...options.map((option) => {
        const values = option.name === "symbol" ? ` -a ${quote(`(${ASK_SYMBOLS})`, "fish")}` : "";
        const value = option.valueName === null ? "" : ` -r${values === "" ? "F" : ""}${values}`;
        return line(after(name), `-l ${option.name}${value} -d ${quote(option.help, "fish")}`);
      }),
    ]),
  ];
}
