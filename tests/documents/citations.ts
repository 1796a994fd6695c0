/** The texts that comments cite, by the word that they cite them with. */
export type Cited = Readonly<Record<"pipeline" | "interface" | "broker" | "runbook", string>>;

/** A citation of what is not there. */
export interface Miss {
  readonly citation: string;
  readonly why: string;
}

/** Words in quotes, words in code marks, or words that begin with a capital letter. */
const WORDS = String.raw`"[^"]+"|\`[^\`]+\`|[A-Z][a-z]+(?: [a-z]+)?`;
const NUMBERS = /(?:\bpipeline|\b(?:RUNBOOK|[Rr]unbook))(?:\.md)?,? §?\d[^;()\n]*/g;
const NAMED = new RegExp(
  String.raw`\b(?:interface(?:\.md)?, |broker\.md,? )(?=(?:${WORDS}))[^;()\n]*`,
  "g",
);
/** Texts that are not in the repository. */
const ELSEWHERE = /\b(?:architecture|style|planner)(?:\.md)?(?:,? (?:rule )?\d+\b|, "[^"]+"| §)/g;

/**
 * Finds the citations of a source, comments' line ends taken out, that cite nothing: a section without that number, a
 * heading or quoted words that do not stand in the text, a text that is not in the repository.
 * @returns How many there are, and those that are wrong.
 */
export function checkCitations(source: string, cited: Cited): { count: number; misses: Miss[] } {
  const text = source.replaceAll(/\n[ \t]*(?:\*(?!\/)|\/\/|#)[ \t]?/g, " ");
  const numbers = [...text.matchAll(NUMBERS)].map(([citation]) => citation);
  const named = [...text.matchAll(NAMED)].map(([citation]) => citation);
  const misses = [
    ...numbers.flatMap((citation) => checkNumbers(citation, cited)),
    ...named.flatMap((citation) => checkNamed(citation, cited)),
    ...[...text.matchAll(ELSEWHERE)].map(([citation]) => ({ citation, why: "is no text of ours" })),
  ];
  return { count: numbers.length + named.length, misses };
}

/** `pipeline 2, 3 and 4`, `pipeline 5, "Nothing waits in silence"`, `RUNBOOK §2`. */
function checkNumbers(citation: string, cited: Cited): Miss[] {
  const text = citation.startsWith("pipeline") ? cited.pipeline : cited.runbook;
  const list = /§?(\d+(?:\.\d+)?(?:(?:, | and | or |, and )§?\d+(?:\.\d+)?\b)*)(?:,? ("[^"]+"))?/
    .exec(citation);
  const numbers = (list?.[1] ?? "").match(/\d+(?:\.\d+)?/g) ?? [];
  const sections = numbers.map((number) => findSection(text, number));
  const absent = numbers.filter((_, index) => sections[index] === null);
  if (absent.length > 0) return [{ citation, why: `there is no section ${absent.join(", ")}` }];
  const quoted = list?.[2];
  const isThere = quoted === undefined || sections.some((section) => holds(section ?? "", quoted));
  return isThere ? [] : [{ citation, why: `${quoted} is not in that section` }];
}

/** A section from its heading to the next one of its level. */
function findSection(text: string, number: string): string | null {
  const lines = text.split("\n");
  const from = lines.findIndex((line) => {
    const heading = /^(#+) (\d+(?:\.\d+)?)[.)]? /.exec(line);
    return heading?.[2] === number;
  });
  if (from < 0) return null;
  const level = (lines[from] ?? "").indexOf(" ");
  const length = lines.slice(from + 1).findIndex((line) => {
    const marks = /^#+(?= )/.exec(line)?.[0].length ?? Infinity;
    return marks <= level;
  });
  return lines.slice(from, length < 0 ? undefined : from + 1 + length).join("\n");
}

/** `interface, Gate`, `interface, Commands \`release\` and \`adopt\``, `broker.md, Refusals, "Ambiguous"`. */
function checkNamed(citation: string, cited: Cited): Miss[] {
  const text = citation.startsWith("broker") ? cited.broker : cited.interface;
  const head = new RegExp(String.raw`(?:, | )((?:${WORDS})(?:(?:, | and | |, and )(?:${WORDS}))*)`)
    .exec(citation)?.[1] ?? "";
  return [...head.matchAll(new RegExp(WORDS, "g"))]
    .map(([words]) => words)
    .filter((words) => !(/^["`]/.test(words) ? holds(text, words) : isHeading(text, words)))
    .map((words) => ({ citation, why: `${words} is not there` }));
}

/** Whether a heading, or a line in bold or with a colon after it, begins with the words; a sentence may go on after them. */
function isHeading(text: string, words: string): boolean {
  const [first = ""] = words.split(" ");
  return [words, first].some((head) =>
    new RegExp(String.raw`^(?:#+ |\*\*)?${head}\b`, "m").test(text)
  );
}

/** Whether the words stand in the text, whatever their marks, case and line ends. */
function holds(text: string, words: string): boolean {
  const plain = (each: string) => each.replaceAll(/["\`*\s]+/g, " ").trim().toLowerCase();
  return plain(text).includes(plain(words));
}
