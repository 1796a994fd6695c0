import { assertEquals } from "../assert.ts";
import { SECRET_KEY, STATE_DIR, World } from "./world.ts";

const PATH = `${STATE_DIR}/events.jsonl`;
/** Cut in the middle, as two writes leave it. */
const [HEAD, TAIL] = [SECRET_KEY.slice(0, 9), SECRET_KEY.slice(9)];

async function append(world: World, text: string): Promise<void> {
  const file = await world.disk.open(PATH, { kind: "append" });
  await file.write(new TextEncoder().encode(text));
  file.close();
}

function isFound(world: World): boolean {
  world.checkDisk();
  return world.violations.length > 0;
}

Deno.test("checkDisk() finds a credential that came in two parts, each after a search", async () => {
  const world = new World(1);
  world.disk.put(`${STATE_DIR}/other`, "{}");
  await append(world, `é ${"x".repeat(300)} ${HEAD}`);
  assertEquals(isFound(world), false);
  await append(world, `${TAIL} x`);
  assertEquals(isFound(world), true);
});

Deno.test("checkDisk() finds a credential in a file that was cut and has grown again", async () => {
  const world = new World(1);
  world.disk.put(`${STATE_DIR}/other`, "{}");
  await append(world, "x".repeat(300));
  assertEquals(isFound(world), false);
  await world.disk.truncate(PATH, 100);
  await append(world, `${SECRET_KEY}${"x".repeat(300)}`);
  assertEquals(isFound(world), true);
});

Deno.test("checkDisk() finds the token that the operator changed to in what was searched before", async () => {
  const world = new World(1);
  world.disk.put(`${STATE_DIR}/other`, "{}");
  await append(world, "one token and another");
  assertEquals(isFound(world), false);
  world.settings = { LIVE_CONFIRM_TOKEN: "one token" };
  assertEquals(isFound(world), true);
});
