import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;

function spawn(...args: string[]): Deno.ChildProcess {
  const flags = ["run", "--no-prompt", "--allow-net=127.0.0.1", "--allow-read"];
  return new Deno.Command(Deno.execPath(), {
    args: [...flags, MAIN, ...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function readFirstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return text.split("\n")[0] ?? "";
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`the program says its port, answers, and ends with 0 on ${signal}`, async () => {
    const child = spawn();
    const line = await readFirstLine(child.stdout);
    assertMatch(line, /^simulator port=\d+ url=http:\/\/127\.0\.0\.1:\d+$/);
    const client = Deno.createHttpClient({});
    const response = await fetch(`${line.split("url=")[1]}/sim/state`, { client });
    assertStringIncludes(await response.text(), '"is_open":true');
    child.kill(signal);
    const { code } = await child.status;
    await child.stderr.cancel();
    client.close();
    assertEquals(code, 0);
  });
}

Deno.test("a scenario file that is missing ends the program with 78 and one line", async () => {
  const { code, stderr } = await spawn("/nowhere/scenario.json").output();
  const text = new TextDecoder().decode(stderr);
  assertEquals(code, 78);
  assertMatch(text, /^Cannot use scenario "\/nowhere\/scenario\.json": [^\n]+\n$/);
});
