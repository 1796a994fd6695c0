import { assert } from "../assert.ts";
import { mutate } from "../simulation/mutate.ts";
import { EXPLORED_BUGS } from "./bugs.ts";

const ROOT = new URL("../../", import.meta.url);

for (const bug of EXPLORED_BUGS) {
  Deno.test(`the text of "${bug.name}" stands in the source once`, async () => {
    for (const { file } of bug.edits) {
      const text = await Deno.readTextFile(new URL(file, ROOT));
      assert(mutate(text, bug, file) !== text, file);
    }
  });
}
