import { EXIT_REASONS } from "../../src/domain/exit/exit_rules.ts";
import { assert } from "../assert.ts";
import { readText } from "./texts.ts";

for (const page of ["deploy/spec/pipeline.md", "deploy/TRADING.md", "deploy/REFERENCE.md"]) {
  Deno.test(`${page} names every reason to sell at once`, async () => {
    const text = await readText(page);
    for (const reason of EXIT_REASONS) assert(text.includes(reason), reason);
  });
}
