import { assertEquals, assertStringIncludes } from "../assert.ts";

const MAIN = new URL("main.ts", import.meta.url);

async function explore(...args: readonly string[]): Promise<{ code: number; text: string }> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--allow-read", "--allow-write", MAIN.href, ...args],
    stderr: "null",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

Deno.test("a bound goes on where it was left: what was complete, or cut off at as many states, is not made again", async () => {
  const folder = await Deno.makeTempDir();
  const log = `${folder}/log.json`;
  const run = (states: string) =>
    explore("--bound", "standard", "--only", "quiet lag+", "--states", states, "--log", log);
  try {
    const first = await run("500");
    assertEquals(first.code, 2);
    assertStringIncludes(first.text, "quiet lag+hand: ");
    assertStringIncludes(first.text, "CUT OFF at 500 states");
    assertStringIncludes(
      first.text,
      "quiet lag+cross: ",
    );
    const again = await run("500");
    assertStringIncludes(again.text, "0 searches, ");
    assertEquals(again.code, 2);
    const more = await run("1000");
    assertStringIncludes(more.text, "quiet lag+hand: ");
    assertEquals(more.text.includes("quiet lag+cross: "), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("parts of a bound are all of its searches, each once", async () => {
  const run = async (...args: readonly string[]) => {
    const { code, text } = await explore("--only", "switch", "--json", ...args);
    assertEquals(code, 0);
    return Object.keys(JSON.parse(text));
  };
  const [all, one, other] = await Promise.all([run(), run("--part", "1/2"), run("--part", "2/2")]);
  assertEquals([...one, ...other].sort(), all.sort());
  assertEquals(one.filter((name) => other.includes(name)), []);
});

Deno.test("a limit that is no number is refused with the usage", async () => {
  const { code, text } = await explore("--states", "many");
  assertEquals(code, 64);
  assertStringIncludes(text, "usage: deno task explore");
});
