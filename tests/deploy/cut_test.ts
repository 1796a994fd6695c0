import { assert, assertEquals } from "../assert.ts";
import { type Cut, type Host, type Ran, withHost } from "./host.ts";
import { withInstalled } from "./installed.ts";
import { UNIT_PATH, writeOldService } from "./old_service.ts";

// Each script is cut short before each of its steps: what is left must be one or the other, and a second run must get to
// where an undisturbed one gets.

const STEPS_MAX = 120;

/** What is installed; stand-ins that a power cut leaves are gone with the next start of the host. */
async function readInstalled(host: Host): Promise<string[]> {
  return (await host.listTree()).filter((line) => !line.startsWith(`${host.root}/run`));
}

/** All that another run could go by: what is installed, and the process of the service. */
async function readLeft(host: Host): Promise<string> {
  const process = await host.listTree(`${host.root}.proc`);
  const active = await Deno.readTextFile(`${host.root}.active`);
  return [...await readInstalled(host), ...process, active].join("\n");
}

/** Whether what `current` names can be started, and the operator's command run. */
async function assertStartable(host: Host, when: string): Promise<void> {
  const prefix = `${host.root}/opt/avwap-execution`;
  const { status, stdout } = await host.withLibraries(
    `is_whole "${prefix}/current" && [ -x "$ROOT$(readlink "$ROOT$COMMAND")" ] && ` +
      `[ "$(sum_scripts "${prefix}/host")" = "$(sum_scripts "$HERE")" ] && echo fine`,
  );
  assertEquals([status, stdout], [0, "fine\n"], when);
}

async function listReleases(host: Host): Promise<string[]> {
  const releases = Deno.readDir(`${host.root}/opt/avwap-execution/releases`);
  return (await Array.fromAsync(releases)).map(({ name }) => name);
}

interface Plan {
  readonly act: () => Promise<Ran>;
  readonly how: Cut;
  /** What must hold of each half that is left. */
  readonly half: (when: string, ran: Ran) => Promise<void>;
  /** How it is gone on with; absent: the same once more. */
  readonly again?: () => Promise<Ran>;
}

/** Cuts before the first step, then before the second, and so on, until one run comes to its end. */
async function cutEachStep(host: Host, { act, how, half, again = act }: Plan): Promise<number> {
  await host.keep();
  await host.cut({ step: 0, how });
  const whole = await act();
  assertEquals(whole.status, 0, whole.stdout + whole.stderr);
  const steps = await host.readSteps();
  const end = await readInstalled(host);
  const active = await Deno.readTextFile(`${host.root}.active`);
  assert(steps < STEPS_MAX);
  // Many a step changes nothing that was not so: from one and the same half it is gone on only once.
  const halves = new Set<string>();
  for (let step = 1; step <= steps; step++) {
    await host.restore();
    await host.cut({ step, how });
    const ran = await act();
    const when = `${how} before step ${step} of ${steps}:\n${ran.stdout}${ran.stderr}`;
    await host.cut(null);
    await half(when, ran);
    const left = await readLeft(host);
    if (halves.has(left)) continue;
    halves.add(left);
    const { status, stdout, stderr } = await again();
    assertEquals(status, 0, `${when}\nagain:\n${stdout}${stderr}`);
    assertEquals(await readInstalled(host), end, `${when}\nagain:\n${stdout}${stderr}`);
    assertEquals(await Deno.readTextFile(`${host.root}.active`), active, when);
  }
  return steps;
}

for (const how of ["power", "terminal", "full"] as const) {
  Deno.test(`upgrade.sh cut short anywhere (${how}) leaves a release that runs, and goes on when run again`, () =>
    withInstalled(async (host, first) => {
      await host.countSteps();
      const binary = await host.makeBinary();
      const steps = await cutEachStep(host, {
        act: () => host.upgrade(binary),
        how,
        half: async (when, { status }) => {
          await assertStartable(host, when);
          assertEquals(await Deno.readTextFile(`${host.root}.active`), "active\n", when);
          if (how === "power") return;
          const paths = (await readInstalled(host)).map((line) => line.split(" ", 1)[0] ?? "");
          assertEquals(paths.filter((path) => /\.(new|before)(\/|$)/.test(path)), [], when);
          const isOld = await host.readLink("current") === first;
          assert(isOld || status === 0 || how === "full", when);
          assert(!isOld || (await listReleases(host)).length === 1, when);
        },
      });
      assert(steps > 8);
    }));
}

/** What systemd makes of the service as it is: whose unit it is, and some of its variables. */
async function readService(host: Host): Promise<string> {
  const { stdout, stderr } = await host.withLibraries(`
    read_unit_files
    declare -A now=()
    probe_environment now "$ROOT$FRAGMENT" "\${DROP_IN_FILES[@]}"
    if grep -q 'Written by install.sh' "$ROOT$FRAGMENT"; then echo ours; else echo theirs; fi
    echo "DRY_RUN=\${now[DRY_RUN]-} KILL_SWITCH=\${now[KILL_SWITCH]-} key=\${now[APCA_API_SECRET_KEY]-}"`);
  return `${stdout}${stderr}`;
}

Deno.test("rollback.sh cut short anywhere never leaves an older release LIVE with what it does not know", () =>
  withInstalled(async (host, first) => {
    const newer = { commands: ["release", "pause"], variables: ["MAX_LIVE_LOSS_PER_DAY"] };
    assertEquals((await host.upgrade(await host.makeBinary(newer))).status, 0);
    await host.write("/etc/avwap-execution/environment", "MAX_LIVE_LOSS_PER_DAY=100\n");
    await Deno.writeTextFile(
      `${host.dropIns}/50-dry-run.conf`,
      "[Service]\nEnvironment=DRY_RUN=0\n",
    );
    await host.countSteps();
    await cutEachStep(host, {
      act: () => host.rollback(),
      how: "power",
      half: async (when) => {
        await assertStartable(host, when);
        if (await host.readLink("current") === first) {
          assert((await readService(host)).includes("DRY_RUN=1 "), when);
        }
      },
      // Which way it went nobody knows any more: it asks.
      again: () => host.rollback(first),
    });
  }));

Deno.test("install.sh cut short anywhere leaves no service that could start LIVE or lack a key, and goes on when run again", () =>
  withHost(async (host) => {
    await writeOldService(host);
    await host.write(
      `${UNIT_PATH}.d/41-address.conf`,
      "[Service]\nEnvironment=SLACK_WEBHOOK_URL=https://hooks.slack.com/s3cret\n",
    );
    // What it puts beside the releases is as in an upgrade.
    await host.countSteps("/etc/");
    const binary = await host.makeBinary();
    const before = await readService(host);
    const steps = await cutEachStep(host, {
      act: () => host.installWithSystem(binary),
      how: "power",
      half: async (when) => {
        const service = await readService(host);
        if (service.startsWith("theirs")) {
          const isOn = before.replace("DRY_RUN=0", "DRY_RUN=1");
          assert(service === before || service === isOn, `${when}\n${service}`);
        } else {
          assertEquals(service, "ours\nDRY_RUN=1 KILL_SWITCH=1 key=s3cret$x\n", when);
        }
      },
    });
    assert(steps > 12);
  }));

Deno.test("uninstall.sh cut short anywhere leaves the old unit in DRY_RUN, and goes on when run again", () =>
  withHost(async (host) => {
    await writeOldService(host);
    assertEquals((await host.installWithSystem(await host.makeBinary())).status, 0);
    await host.countSteps();
    await cutEachStep(host, {
      act: () => host.uninstall(),
      how: "power",
      half: async (when) => {
        assert((await readService(host)).includes("DRY_RUN=1 "), when);
      },
    });
  }));
