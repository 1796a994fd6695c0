import { START_LISTS } from "../src/runtime/permissions.ts";
import { createTextWriter } from "../src/runtime/standard_stream.ts";

// One list of permissions of `deno task start`, for its command line: `start_list.ts env`. Where it fails the list is empty,
// which the runtime refuses.

const [name] = Deno.args;
const list = Object.entries(START_LISTS).find(([each]) => each === name)?.[1] ?? [];
createTextWriter(Deno.stdout)(list.join());
