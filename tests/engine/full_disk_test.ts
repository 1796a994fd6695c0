import { RESERVE_FILE } from "../../src/state/state_disk.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import {
  AAPL,
  at,
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  NVDA,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  TEST_RESERVE_BYTES,
  World,
} from "./support.ts";

const RESERVE_PATH = `${STATE_DIR}/${RESERVE_FILE}`;

/** Ten shares bought, and the disk full to the last byte but for the reserve. */
async function boughtOnFullDisk(rows = [NVDA]): Promise<World> {
  const world = new World({ rows });
  await world.buy();
  fill(world);
  return world;
}

function fill(world: World, freeBytes = 0): void {
  world.disk.capacityBytes = world.disk.usedBytes + freeBytes;
}

/** What the reserve holds, bytes. */
async function readReserve(world: World): Promise<number> {
  return (await world.disk.lstat(RESERVE_PATH))?.sizeBytes ?? 0;
}

Deno.test("on a full disk an exit is recorded from the reserve, sent and protected like any other", async () => {
  const world = await boughtOnFullDisk();
  assertEquals(await readReserve(world), TEST_RESERVE_BYTES);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  assertEquals(world.entries("r1_trim").map((entry) => entry.status), ["accepted"]);
  assert(await readReserve(world) < TEST_RESERVE_BYTES);
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.held(), 0);
  assertEquals(world.entries("r1_trim").length, 1);
});

Deno.test("a full disk lets no entry leave: what is due waits, is said, and goes when there is room again", async () => {
  const world = new World({ rows: [NVDA] });
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: "120", ENTRY_DELAY_MAX_SECONDS: "120" });
  await world.cycle();
  await world.cycle();
  assertEquals(world.engine.state.intents.length, 1);
  fill(world);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.buys(), []);
  assertEquals(world.said(LIVE_PASS).length > 0, true, "the gate itself blocks nothing");
  const [alert, ...more] = world.alerted("Disk full");
  assertEquals(more, [], "once");
  assertEquals([alert?.level, alert?.title], ["ERROR", "Disk full"]);
  assertStringIncludes(
    alert?.text ?? "",
    `The disk of ${STATE_DIR} is full (free space not known)`,
  );
  assertStringIncludes(alert?.text ?? "", "Do: make room (df -h '/state'");
  assertEquals(world.said("Disk full: The disk of /state is full").length, 1);
  fill(world, TEST_RESERVE_BYTES);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.buys().length, 1);
  assertEquals(await readReserve(world), TEST_RESERVE_BYTES);
  assertEquals(world.said("takes records again").length, 1);
  assertEquals(world.alerted("Execution recovered").length, 1);
});

Deno.test("an entry whose own record met the full disk is not sent, and settles as not sent", async () => {
  const world = new World({ rows: [NVDA] });
  await world.restart();
  await world.cycle();
  // From the moment at which the verdict has been given, so that nothing else meets it first.
  world.onEvent = (event) => {
    if (event.type === "verdict") fill(world);
  };
  await world.cycle();
  assertEquals(world.buys(), []);
  const [entry, ...others] = world.entries();
  assertEquals(others, []);
  assertEquals([entry?.status, entry?.reason], ["rejected", "not sent"]);
  assertEquals(world.said("NVDA not sent: disk full").length, 1);
});

Deno.test("a full disk is said again on the next NY day, and not every cycle or at every start", async () => {
  const world = await boughtOnFullDisk();
  await world.cycles(3, MINUTE_MS);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Disk full:").length, 1);
  world.goTo(at("09:31", "2026-11-24"));
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Disk full:").length, 2);
});

Deno.test("a device that fails is said with another remedy, gives up no reserve, and lets no entry leave", async () => {
  const world = new World({ rows: [NVDA] });
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: "120", ENTRY_DELAY_MAX_SECONDS: "120" });
  await world.cycle();
  await world.cycle();
  world.disk.fault = ({ op }) => op === "open" ? "EROFS" : null;
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.buys(), world.alerted("Disk full")], [[], []]);
  assertEquals(world.said("takes no records").length, 1);
  assertStringIncludes(world.said("takes no records")[0] ?? "", "mount it writable again");
  world.disk.fault = () => null;
  assertEquals(await readReserve(world), TEST_RESERVE_BYTES);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.buys().length, 1);
});

Deno.test("the audit trail leaves the reserve to the records", async () => {
  const world = await boughtOnFullDisk();
  const before = world.disk.namesIn(STATE_DIR).filter((name) => name.startsWith("events-"));
  const sizeBytes = async () => {
    let sum = 0;
    for (const name of before) {
      sum += (await world.disk.lstat(`${STATE_DIR}/${name}`))?.sizeBytes ?? 0;
    }
    return sum;
  };
  await world.cycles(1, MINUTE_MS);
  const atFull = await sizeBytes();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells(), await sizeBytes()], [["5 filled"], atFull]);
});

const WRITES = ["open", "write", "sync", "rename", "syncDir", "mkdir", "truncate"];

/** A trim from the bracket, with nothing writable from the given write of a record on. */
async function trimWithout(
  code: string,
  fromWrite: number,
): Promise<{ world: World; writes: number }> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  let writes = 0;
  let isBroken = false;
  world.disk.fault = ({ op, path }) => {
    if (!WRITES.includes(op)) return null;
    // The trail's and the reserve's are not counted; not even the reserve can be had once it is broken.
    if (path.startsWith(LEDGER_PATH) || path.startsWith(STATE_PATH)) {
      isBroken ||= writes++ >= fromWrite;
    }
    return isBroken ? code : null;
  };
  world.exchange.setPrice("NVDA", 106);
  world.pass(MINUTE_MS);
  await world.cycle();
  return { world, writes };
}

for (const code of ["ENOSPC", "EDQUOT", "EROFS", "EIO"]) {
  Deno.test(`${code} at whatever write of an exit leaves all shares protected, by the bracket or by the stop for the rest`, async () => {
    const { writes: allWrites } = await trimWithout(code, Infinity);
    assert(allWrites > 10, `${allWrites}`);
    const ends = new Set<string>();
    for (let fromWrite = 0; fromWrite <= allWrites; fromWrite++) {
      const { world } = await trimWithout(code, fromWrite);
      const end = `sold ${world.sells()}, stops ${world.stops()}`;
      assert(
        end === "sold , stops 10@95 day" || end === "sold 5 filled, stops 5@99 gtc",
        `broken from write ${fromWrite} on: ${end}; ${world.log.lines.slice(-5).join("\n")}`,
      );
      ends.add(end);
    }
    assertEquals(ends.size, 2, "both ends were seen");
  });
}

Deno.test("after an exit that no record could be made of any more, the next process finds it at the broker", async () => {
  const { writes } = await trimWithout("ENOSPC", Infinity);
  for (let fromWrite = 0; fromWrite <= writes; fromWrite += 3) {
    const { world } = await trimWithout("ENOSPC", fromWrite);
    world.disk.fault = () => null;
    await world.restart();
    await world.cycles(4, 10 * SECOND_MS);
    assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]], `${fromWrite}`);
  }
});

Deno.test("with the disk full all day the overnight stop is recorded and placed all the same", async () => {
  const world = await boughtOnFullDisk([NVDA, AAPL]);
  world.goTo(at("15:51"));
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.stops("NVDA"), world.stops("AAPL")], [["10@95 gtc"], ["10@95 gtc"]]);
});

Deno.test("quiet cycles on a disk that others go on filling leave the reserve to the next exit", async () => {
  const world = await boughtOnFullDisk();
  for (let cycle = 0; cycle < 60; cycle++) {
    await world.cycles(1, MINUTE_MS);
    fill(world); // Whatever a replacement left free is somebody else's now.
  }
  assert(await readReserve(world) >= TEST_RESERVE_BYTES / 2, `${await readReserve(world)}`);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  assertEquals(world.entries("r1_trim").map((entry) => entry.status), ["accepted"]);
});
