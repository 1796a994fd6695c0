import { Session } from "node:inspector/promises";

/** A part of the source behind a condition, which nothing has come to. */
export interface Branch {
  /** Beneath the folder of `watchBranches`. */
  readonly file: string;
  /** In the source, or the nearest that is known. */
  readonly line: number;
  /** The function that it is in. */
  readonly within: string;
  /** What stands before it on its line, and it: `condition [what was not come to]`, in one line, cut off at the end. */
  readonly text: string;
}

/** A watch on the branches of this process's code; it ends with its list. */
export interface BranchWatch {
  /** The branches of these files that nothing has come to since the watch began. */
  list(files: readonly string[]): Promise<readonly Branch[]>;
}

interface Span {
  readonly startOffset: number;
  readonly endOffset: number;
}

const BEFORE_MAX = 60;
const TEXT_MAX = 50;

/**
 * Counts from now on which branches of the code run, as V8 tells blocks apart: what follows a condition, a `?`, an `&&`, a `??`,
 * a `case`, and what follows a block that may have left.
 * @param folder Where the files are.
 */
export async function watchBranches(folder: URL): Promise<BranchWatch> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: false, detailed: true });
  return {
    list: async (files) => {
      const { result } = await session.post("Profiler.takePreciseCoverage");
      await session.post("Debugger.enable");
      const lists = await Promise.all(files.map(async (file) => {
        const url = new URL(file, folder);
        const script = result.find((each) => each.url === url.href);
        if (script === undefined) throw new RangeError(`${file} was not loaded`);
        const { scriptId, functions } = script;
        const { scriptSource } = await session.post("Debugger.getScriptSource", { scriptId });
        const source = await Deno.readTextFile(url);
        return listBranches({ file, script: scriptSource, source }, functions);
      }));
      session.disconnect();
      return lists.flat();
    },
  };
}

/** A file as V8 has it, without its types, and as it was written. */
interface Code {
  readonly file: string;
  readonly script: string;
  readonly source: string;
}

interface FunctionRanges {
  readonly functionName: string;
  readonly ranges: readonly (Span & { readonly count: number })[];
}

function listBranches(code: Code, functions: readonly FunctionRanges[]): Branch[] {
  const spans = functions.flatMap(({ ranges }) => ranges.filter(({ count }) => count === 0));
  return spans
    .filter((span) => !spans.some((other) => other !== span && isWithin(span, other)))
    .filter((span) => /\w/.test(code.script.slice(span.startOffset, span.endOffset)))
    .toSorted((a, b) => a.startOffset - b.startOffset)
    .map((span) => ({
      file: code.file,
      line: findLine(code, span),
      within: nameFunction(functions, span),
      text: describe(code.script, span),
    }));
}

function isWithin(inner: Span, outer: Span): boolean {
  return inner.startOffset >= outer.startOffset && inner.endOffset <= outer.endOffset;
}

/** The innermost function with a name around it. */
function nameFunction(functions: readonly FunctionRanges[], span: Span): string {
  const around = functions.filter(({ functionName, ranges: [whole] }) =>
    functionName !== "" && whole !== undefined && isWithin(span, whole)
  );
  return around.at(-1)?.functionName ?? "";
}

function describe(script: string, { startOffset, endOffset }: Span): string {
  const untaken = script.slice(startOffset, endOffset);
  const at = startOffset + untaken.length - untaken.trimStart().length;
  const before = script.slice(script.lastIndexOf("\n", at - 1) + 1, at)
    .replace(/^.*\*\//, "").replace(/\bexport\b/, "").trim();
  const text = untaken.replace(/\/\/.*$/gm, "").replace(/\s+/g, " ").trim();
  return `${before.slice(-BEFORE_MAX)} [${text.slice(0, TEXT_MAX)}]`.trim();
}

/** How much of a branch is looked for in the source, where line ends and types are others. */
const FRAGMENTS = [24, 12, 6];

function findLine({ script, source }: Code, { startOffset }: Span): number {
  const before = script.slice(0, startOffset).replace(/\s+/g, "");
  const after = script.slice(startOffset).replace(/\s+/g, "");
  for (const length of FRAGMENTS) {
    const fragment = after.slice(0, length);
    const nth = before.split(fragment).length - 1;
    const line = findNthLine(source, fragment, nth);
    if (line !== null) return line;
  }
  return 1;
}

/** The line in which a text begins for the nth time, white space aside. */
function findNthLine(source: string, fragment: string, nth: number): number | null {
  const lines = source.split("\n").map((line) => line.replace(/\s+/g, ""));
  let at = -1;
  for (let count = 0; count <= nth; count++) {
    at = lines.join("").indexOf(fragment, at + 1);
    if (at < 0) return null;
  }
  let passed = 0;
  return lines.findIndex((line) => (passed += line.length) > at) + 1;
}
