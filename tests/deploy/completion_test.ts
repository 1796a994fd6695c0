import { runOperator } from "../cli/operator_host.ts";
import { assertEquals } from "../assert.ts";
import { run } from "./host.ts";

/** What bash proposes for the words, the last of which is being typed. */
async function complete(dir: string, words: readonly string[]): Promise<string[]> {
  const { out } = await runOperator(["completion", "bash"], {});
  const script = [
    // The managed symbols, as the program would say them.
    "avwap-execution() { printf '%s\\n' AAPL NVDA; }",
    out,
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
    `COMP_CWORD=${words.length - 1}`,
    "_avwap_execution",
    "printf '%s\\n' \"${COMPREPLY[@]}\"",
  ].join("\n");
  await Deno.writeTextFile(`${dir}/try.sh`, script);
  const { status, stdout, stderr } = await run("bash", [`${dir}/try.sh`]);
  assertEquals([status, stderr], [0, ""], script);
  return stdout.trim().split("\n");
}

const CASES: { words: string[]; proposes: string[] }[] = [
  { words: ["avwap-execution", "ki"], proposes: ["kill"] },
  { words: ["avwap-execution", "--ver"], proposes: ["--version"] },
  { words: ["avwap-execution", "ledger", ""], proposes: ["show", "verify", "rebuild"] },
  { words: ["avwap-execution", "ledger", "verify", "--j"], proposes: ["--json"] },
  {
    words: ["avwap-execution", "resume", "--"],
    proposes: ["--paused", "--all", "--help", "--version"],
  },
  { words: ["avwap-execution", "release", "N"], proposes: ["NVDA"] },
  { words: ["avwap-execution", "release", "NVDA", "--y"], proposes: ["--yes"] },
  { words: ["avwap-execution", "flatten", "--symbol", ""], proposes: ["AAPL", "NVDA"] },
  { words: ["avwap-execution", "help", "unp"], proposes: ["unpause"] },
];
for (const { words, proposes } of CASES) {
  Deno.test(`bash proposes ${proposes.join(" ")} for "${words.join(" ")}"`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "avwap-completion-" });
    try {
      assertEquals(await complete(dir, words), proposes);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}
