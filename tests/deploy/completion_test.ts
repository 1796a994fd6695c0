import { SHELLS } from "../../src/cli/completion_scripts.ts";
import { runOperator } from "../cli/operator_host.ts";
import { assertEquals } from "../assert.ts";
import { COMPLETING_SHELLS } from "./completion_shells.ts";
import { run } from "./host.ts";

/** What a shell proposes for the words, the last of which is being typed; sorted. */
async function complete(
  shell: (typeof SHELLS)[number],
  words: readonly string[],
): Promise<string[]> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-completion-" });
  try {
    const { out } = await runOperator(["completion", shell], {});
    const { program, build } = COMPLETING_SHELLS[shell];
    await Deno.writeTextFile(`${dir}/script`, out);
    await Deno.writeTextFile(`${dir}/afile`, "");
    await Deno.writeTextFile(`${dir}/try`, build(dir, words));
    const { status, stdout, stderr } = await run(program, [`${dir}/try`], { HOME: dir });
    assertEquals([status, stderr], [0, ""]);
    return stdout.split("\n").filter((line) => line !== "").toSorted();
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const COMMON = ["--help", "--version"];
const CASES: { words: string[]; proposes: string[] }[] = [
  { words: ["ki"], proposes: ["kill"] },
  { words: ["--ver"], proposes: ["--version"] },
  { words: ["ledger", ""], proposes: ["rebuild", "show", "verify"] },
  { words: ["ledger", "verify", "--j"], proposes: ["--json"] },
  { words: ["ledger", "rebuild", "--"], proposes: [...COMMON, "--yes"] },
  { words: ["resume", "--"], proposes: ["--all", "--help", "--paused", "--version"] },
  { words: ["release", "N"], proposes: ["NVDA"] },
  { words: ["adopt", "T"], proposes: ["TSLA"] },
  { words: ["adopt", "N"], proposes: [] },
  { words: ["release", "NVDA", "--y"], proposes: ["--yes"] },
  { words: ["flatten", "--symbol", ""], proposes: ["AAPL", "NVDA"] },
  { words: ["report", "--out", "af"], proposes: ["afile"] },
  { words: ["kill", "--reason", ""], proposes: [] },
  { words: ["completion", "z"], proposes: ["zsh"] },
  { words: ["help", "unp"], proposes: ["unpause"] },
  { words: ["help", "ledger", "v"], proposes: ["verify"] },
];

/** Whether this machine has the shell; `.ci/run` fetches those that it lacks. */
async function isThere(program: string): Promise<boolean> {
  const { status } = await run("bash", ["-c", `command -v ${program} > /dev/null`]);
  return status === 0;
}

for (const shell of SHELLS) {
  const ignore = !(await isThere(COMPLETING_SHELLS[shell].program));
  const name = (text: string) =>
    `${shell}${ignore ? ", which is not installed here," : ""} ${text}`;
  for (const { words, proposes } of CASES) {
    const said = proposes.length === 0 ? "nothing" : proposes.join(" ");
    Deno.test({
      name: name(`proposes ${said} for "${words.join(" ")}"`),
      ignore,
      fn: async () => {
        assertEquals(await complete(shell, ["avwap-execution", ...words]), proposes);
      },
    });
  }
}
