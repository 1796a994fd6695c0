// What each shell proposes for words of which the last is being typed, asked of the shell itself. The managed symbols are
// what the program would say; `read` is one word a line.

/** A shell's program, to run with the completion script's path and the words. */
export interface CompletingShell {
  readonly program: string;
  /** What it is to run: `DIR/script` is the completion script, and `DIR/afile` the only file that there is. */
  readonly build: (dir: string, words: readonly string[]) => string;
}

function quote(word: string): string {
  return `'${word}'`;
}

const SYMBOLS = "test \"$2\" = adoptable && printf '%s\\n' TSLA || printf '%s\\n' AAPL NVDA";

const BASH: CompletingShell = {
  program: "bash",
  build: (dir, words) =>
    [
      `cd ${dir}`,
      `avwap-execution() { ${SYMBOLS}; }`,
      ". ./script",
      `COMP_WORDS=(${words.map(quote).join(" ")})`,
      `COMP_CWORD=${words.length - 1}`,
      "_avwap_execution",
      `[ \${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`,
    ].join("\n"),
};

/** It completes only where it has a terminal: one of its own, in which what is added is written to a file. */
const ZSH: CompletingShell = {
  program: "zsh",
  build: (dir, words) =>
    [
      `cd ${dir}`,
      "mkdir functions && cp script functions/_avwap-execution",
      `cat > inner <<'END'`,
      "PS1= PS2= LISTMAX=9999",
      `avwap-execution() { ${SYMBOLS} }`,
      `fpath=(${dir}/functions $fpath)`,
      "autoload -Uz compinit && compinit -u -D",
      "compadd() {",
      "  local -a added",
      '  if [[ " $* " == *" -"[OAD]" "* ]]; then builtin compadd "$@"; return; fi',
      '  builtin compadd -O added "$@"',
      `  print -rl -- $added >> ${dir}/added`,
      '  builtin compadd "$@"',
      "}",
      `look() { _main_complete; compstate[insert]= compstate[list]=; print -r -- LOOK'ED' }`,
      "zle -C look complete-word look",
      "bindkey '^T' look",
      "print -r -- RE'ADY'",
      "END",
      "zmodload zsh/zpty",
      "zpty inner zsh -f -i",
      `zpty -w inner 'source ${dir}/inner'`,
      "zpty -r inner said '*READY*'",
      `zpty -w -n inner ${quote(words.join(" "))}$'\\x14'`,
      "zpty -r inner said '*LOOKED*'",
      "zpty -d inner",
      "[[ ! -e added ]] || cat added",
    ].join("\n"),
};

const FISH: CompletingShell = {
  program: "fish",
  build: (dir, words) =>
    [
      `cd ${dir}`,
      `function avwap-execution; ${SYMBOLS.replace('"$2"', '"$argv[2]"')}; end`,
      "source script; or exit 1",
      // A replacement that replaced nothing is no failure.
      `complete -C ${quote(words.join(" "))} | string replace -r '\\t.*' ''; or true`,
    ].join("\n"),
};

/** The shells that `completion` writes for. */
export const COMPLETING_SHELLS = { bash: BASH, zsh: ZSH, fish: FISH } as const;
