import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import type { Host } from "./host.ts";
import { withInstalled } from "./installed.ts";

const BUILT = "/root/scan/state";
const MONEY = `${BUILT}/money`;

async function hasSwitch(host: Host, dir: string): Promise<boolean> {
  for await (const { name } of Deno.readDir(`${host.root}${dir}`)) {
    if (name === "KILL_SWITCH") return true;
  }
  return false;
}

/** The service's own directory, below the one that the binary was built for. */
async function moveService(host: Host): Promise<void> {
  await Deno.mkdir(`${host.root}${MONEY}`);
  await host.write(
    "/etc/systemd/system/execution.service.d/55-money.conf",
    `[Service]\nEnvironment=AVWAP_STATE_DIR=${MONEY}\n`,
  );
}

/** A process that stands for the engine that runs. */
async function withEngine(host: Host, dir: string, act: () => Promise<void>): Promise<void> {
  const engine = new Deno.Command("cat", { env: { AVWAP_STATE_DIR: dir }, stdin: "piped" }).spawn();
  try {
    await Deno.writeTextFile(`${host.root}.main-pid`, `${engine.pid}\n`);
    await act();
  } finally {
    await engine.stdin.close();
    await engine.status;
  }
}

for (const kill of [0, 1]) {
  Deno.test(`kill passes on that it ended with ${kill}, whatever is asked of systemd afterwards`, () =>
    withInstalled(async (host) => {
      await moveService(host);
      await withEngine(host, MONEY, async () => {
        const { status, stdout } = await host.command("kill");
        assertEquals([status, stdout], [kill, `kill in ${MONEY}\n`]);
      });
      assertEquals([await hasSwitch(host, MONEY), await hasSwitch(host, BUILT)], [true, false]);
    }, { kill }));
}

Deno.test("kill reaches the engine that runs in another directory than the unit says, and ends with 1", () =>
  withInstalled(async (host) => {
    await moveService(host);
    await withEngine(host, BUILT, async () => {
      const { status, stdout } = await host.command("kill");
      assertEquals(status, 1);
      assertStringIncludes(stdout, "the engine that runs has another state directory");
    });
    assert(await hasSwitch(host, MONEY) && await hasSwitch(host, BUILT));
  }));

Deno.test("kill is made without the service where nothing can be run as it, and ends with 1", () =>
  withInstalled(async (host) => {
    await Deno.writeTextFile(`${host.root}.cannot-run`, "");
    const { status, stdout } = await host.command("kill", "--reason", "quotes look wrong");
    assertEquals(status, 1);
    assertStringIncludes(stdout, `it could not be run as the service; without it, in ${BUILT}`);
    assert(await hasSwitch(host, BUILT));
  }));

Deno.test("kill is tried once more without the service where that can't make the file", () =>
  withInstalled(async (host) => {
    const { status, stdout } = await host.command("kill");
    assertEquals([status, await hasSwitch(host, BUILT)], [1, false]);
    assertEquals(stdout.split(`kill in ${BUILT}`).length, 3);
  }, { kill: null }));

Deno.test("every other command passes its status on, and needs no root for help, version and completion", () =>
  withInstalled(async (host) => {
    const checked = await host.command("check");
    assertEquals([checked.status, checked.stdout], [78, ""]);
    for (const words of [["--version"], ["status", "-V"], ["help"], ["completion"]]) {
      assertEquals((await host.command(...words)).status, 0, words.join(" "));
    }
    await Deno.writeTextFile(`${host.root}.cannot-run`, "");
    const { status, stderr } = await host.command("status", "--version");
    assertEquals([status, stderr], [0, ""]);
  }, { check: 78 }));

const MISTYPED = 'Unknown command "chekc"; did you mean check?';

for (const words of [["chekc"], ["kill", "--raeson", "x"]]) {
  Deno.test(`a typo in ${words.join(" ")} is said before root is asked for, and before anything is run`, () =>
    withInstalled(async (host) => {
      const { status, stdout, stderr } = await host.command(...words);
      assertEquals([status, stdout, stderr], [64, "", `${MISTYPED}\n`]);
      assertFalse(await hasSwitch(host, BUILT));
    }, { usage: MISTYPED }));
}

for (
  const { what, usage } of [
    { what: "finds nothing wrong with its words", usage: "" },
    { what: "is of a release that can't say what is wrong with its words", usage: undefined },
  ]
) {
  Deno.test(`a command that ${what} is run`, () =>
    withInstalled(async (host) => {
      const { status, stderr } = await host.command("check");
      assertEquals([status, stderr], [5, ""]);
      assertEquals((await host.command("kill")).status, 0);
    }, { check: 5, ...(usage === undefined ? {} : { usage }) }));
}

Deno.test("where the state directory is missing nothing can be run, and what helps is said", () =>
  withInstalled(async (host) => {
    await Deno.remove(`${host.root}${BUILT}`, { recursive: true });
    await Deno.writeTextFile(`${host.root}.cannot-run`, "");
    const { status, stderr } = await host.command("token");
    assertEquals(status, 70);
    const remedy = /remedy: (.*)\n$/.exec(stderr)?.[1] ?? "";
    assertStringIncludes(remedy, `install -d -m 0700 -o "$(systemctl show execution.service`);
    assert(remedy.endsWith(` ${BUILT}`), stderr);
    await Deno.mkdir(`${host.root}${BUILT}`);
    assertFalse((await host.command("token")).stderr.includes("remedy"));
  }));

Deno.test("completion proposes the symbols of the engine that runs", () =>
  withInstalled(async (host) => {
    assertEquals((await host.command("completion", "symbols")).stdout, "symbols of nowhere\n");
    await withEngine(host, MONEY, async () => {
      for (const kind of ["symbols", "adoptable"]) {
        const { stdout } = await host.command("completion", kind);
        assertEquals(stdout, `symbols of ${MONEY}\n`);
      }
      assertFalse((await host.command("completion", "bash")).stdout.includes(MONEY));
    });
  }));

Deno.test("the operator's command without a word starts no engine, and says how one is started", () =>
  withInstalled(async (host) => {
    const { status, stdout, stderr } = await host.command();
    assertEquals([status, stdout], [64, ""]);
    assertStringIncludes(stderr, "systemctl start execution.service");
    assertStringIncludes(stderr, "avwap-execution --help");
  }, { run: 3 }));

Deno.test("a directory or a broken link with the name of a drop-in keeps no command from running", () =>
  withInstalled(async (host) => {
    await Deno.mkdir(`${host.dropIns}/60-dir.conf`);
    await host.link("/nowhere", `${host.dropIns}/61-broken.conf`);
    const { status, stderr } = await host.command("check");
    assertEquals([status, stderr], [5, ""]);
    assertEquals((await host.command("kill")).status, 0);
  }, { check: 5 }));
