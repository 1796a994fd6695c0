import { checkDiskSpace, checkTimeZone } from "../../src/cli/check_host.ts";
import { type Remedy, REMEDY_NAMES, type RemedyName } from "../../src/cli/check_remedies.ts";
import type { ProgramHost } from "../../src/cli/command.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { listMisspelt } from "../../src/runtime/misspelt.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { makeLinks } from "../state/real_disk.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import type { Host } from "./host.ts";
import { withInstalled } from "./installed.ts";

// Each remedy of `check` is pasted: what it changes is changed by bash below a scratch root, where the files of the service
// make the environment of the program, which is then asked again. What needs the real systemd is seen in the lab too.

const START_MS = sampleOpenMs() + 40 * 60_000;
const TOKEN = "token-of-the-remedies-test";
const DROP_INS = "/etc/systemd/system/execution.service.d";
const KEYS = "/etc/avwap-execution/environment";
const BROKEN = `${DROP_INS}/61-broken.conf`;
const LEDGER = "live_orders_today.json";
const STATE = "execution_state.json";

interface Item {
  readonly name: string;
  readonly grade: string;
  readonly remedy: Remedy | null;
}

/** The operator's host with the program that it runs. */
class World {
  /** Where a stand-in for Slack listens. */
  slackUrl = "";
  isPermitted: ProgramHost["isPermitted"] = () => true;
  readonly #ends: (() => Promise<unknown>)[] = [];

  constructor(readonly host: Host, readonly program: SimulatedProgram) {}

  /** What is undone at the end. */
  later(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }
  async end(): Promise<void> {
    for (const end of this.#ends) await end();
  }

  /** The program with the environment that the files make; the broker's own hosts are the simulator. */
  async run(args: readonly string[]) {
    const { url } = this.program.simulator;
    const environment = await this.host.readEnvironment();
    return await this.program.run(args, { ...WITHOUT, ...environment }, {
      fetch: (input, init) =>
        fetch(
          String(input).replace(/^https:\/\/(data|api|paper-api)\.alpaca\.markets/, url),
          init,
        ),
      misspelt: listMisspelt((name) => environment[name]),
      isPermitted: this.isPermitted,
    });
  }

  async find(item: string, args: readonly string[] = []): Promise<Item | null> {
    const { lines } = await this.run(["check", "--json", ...args]);
    const { items }: { items: Item[] } = JSON.parse(lines.join("\n"));
    return items.find(({ name }) => name === item) ?? null;
  }

  /** Pastes a line, each part only where the one before ended well; returns what was printed. */
  async paste(line: string, editor?: string): Promise<string> {
    let said = "";
    for (const part of line.split(" && ")) {
      const words = part.replace(/ {2}# .*$/, "").split(" ").map((each) =>
        each.replaceAll("'", "")
      );
      const { status, text } = words[0] === "avwap-execution"
        ? await this.#runProgram(words.slice(1))
        : await this.#runShell(part, editor);
      // What only looks may find what is to be seen.
      const isLook = words.slice(0, 2).join(" ") === "avwap-execution check";
      assert(status === 0 || isLook, `${part}: ${status} ${text}`);
      said += text;
    }
    return said;
  }

  async #runProgram(args: readonly string[]) {
    const { status, lines, error } = await this.run(args);
    return { status, text: `${lines.join("\n")}${error}` };
  }

  async #runShell(part: string, editor?: string) {
    const { status, stdout, stderr } = await this.host.paste(part, editor);
    return { status, text: `${stdout}${stderr}` };
  }

  /** One variable in a drop-in of its own. */
  set(name: string, value: string): Promise<void> {
    return this.host.write(BROKEN, `[Service]\nEnvironment=${name}=${value}\n`);
  }

  /** Changes a file of the service. */
  async change(path: string, change: (text: string) => string): Promise<void> {
    await this.host.write(path, change(await Deno.readTextFile(`${this.host.root}${path}`)));
  }

  /** Changes a record. */
  async rewrite(name: string, change: (text: string) => string): Promise<void> {
    const path = `${this.program.stateDir}/${name}`;
    await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
  }
}

/** What the simulated program has by default and only the service's files are to say here. */
const WITHOUT = {
  APCA_API_KEY_ID: "",
  APCA_API_SECRET_KEY: "",
  APCA_API_BASE_URL: "",
  APCA_API_DATA_URL: "",
};

/** Makes of an installed host one that is ready for LIVE, by the files that the runbook has for it. */
async function withWorld(host: Host, act: (world: World) => Promise<void>): Promise<void> {
  await withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const world = new World(host, program);
    await prepare(world);
    try {
      await act(world);
    } finally {
      await world.end();
    }
  });
}

async function prepare({ host, program }: World): Promise<void> {
  const { dir, stateDir, environment } = program;
  const keys = ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "APCA_API_BASE_URL", "APCA_API_DATA_URL"];
  await host.write(
    KEYS,
    Object.entries(environment).filter(([name]) => keys.includes(name))
      .map(([name, value]) => `${name}=${value}\n`).join(""),
  );
  const settings = {
    ...SAMPLE_SETTINGS,
    AVWAP_BASE_DIR: dir,
    AVWAP_STATE_DIR: stateDir,
    LIVE_TRADING: "1",
    LIVE_CONFIRM_TOKEN: TOKEN,
  };
  await host.write(
    `${DROP_INS}/60-live.conf`,
    `[Service]\n${
      Object.entries(settings).map(([name, value]) => `Environment=${name}=${value}\n`).join("")
    }`,
  );
  await host.write(`${DROP_INS}/50-dry-run.conf`, "[Service]\nEnvironment=DRY_RUN=0\n");
  for (const name of ["curl", "chown", "timedatectl"]) {
    await Deno.writeTextFile(`${host.dir}/bin/${name}`, `#!/bin/sh\necho "${name} $*"\n`, {
      mode: 0o755,
    });
  }
  await Deno.mkdir(stateDir, { mode: 0o700 });
  await Deno.chmod(stateDir, 0o700);
  await Deno.writeTextFile(`${stateDir}/live_confirm_token.txt`, TOKEN);
  await Deno.chmod(`${stateDir}/live_confirm_token.txt`, 0o600);
  await program.run(["--run-once", "--ignore-market-hours"], settings);
}

/** What makes `check` name a remedy, and what comes of pasting it. */
interface Run {
  readonly item: string;
  readonly make: (world: World) => unknown;
  /** How the item is had where no `check` here can be made to say it. */
  readonly say?: () => Item;
  readonly args?: readonly string[];
  /** What the operator does in the editor: bash, with the files as its arguments. */
  readonly editor?: (world: World) => string;
  /** Where the line is to show something: a part of that. Else `check` names it no more afterwards. */
  readonly shows?: string;
  readonly after?: (world: World) => Promise<void>;
}

const takeOut = (name: string) => () => `sed -i '/${name}=/d' "$@"`;
const give = (name: string, value: string) => () =>
  `sed -i 's|\\(${name}\\)=[^ ]*|\\1=${value}|' "$@"`;
const set = (name: string, value: string) => (world: World) => world.set(name, value);

const RUNS: Readonly<Record<RemedyName, Run>> = {
  correct_variables: {
    item: "configuration",
    make: set("EXECUTION_POLL_SECONDS", "soon"),
    editor: takeOut("EXECUTION_POLL_SECONDS"),
  },
  settle_doubts: {
    item: "configuration",
    make: set("EXEC_V2_IGNORE_MARKET_HOURS", "perhaps"),
    editor: give("EXEC_V2_IGNORE_MARKET_HOURS", "no"),
  },
  rename_variables: {
    item: "variables",
    make: set("MAX_LIVE_ORDER_PER_DAY", "1"),
    editor: () => "sed -i 's/MAX_LIVE_ORDER_PER_DAY/MAX_LIVE_ORDERS_PER_DAY/' \"$@\"",
  },
  take_out_network: {
    item: "network",
    make: ({ host }) =>
      host.write(
        BROKEN,
        "[Service]\nUnsetEnvironment=\nEnvironment=SSLKEYLOGFILE=/root/keys-of-connections\n",
      ),
    editor: takeOut("SSLKEYLOGFILE"),
  },
  set_keys: {
    item: "credentials",
    make: (world) => world.change(KEYS, (text) => text.replace(/^APCA_API_SECRET_KEY.*\n/m, "")),
    editor: () => 'echo APCA_API_SECRET_KEY=sim-secret-key >> "$1"',
  },
  correct_caps: {
    item: "caps",
    make: set("MAX_LIVE_GROSS_NOTIONAL", "500x"),
    editor: give("MAX_LIVE_GROSS_NOTIONAL", "500"),
  },
  set_caps: {
    item: "caps",
    make: set("MAX_LIVE_POSITIONS", ""),
    editor: give("MAX_LIVE_POSITIONS", "1"),
  },
  set_allowlist: {
    item: "allowlist",
    make: set("ALLOWLIST_SYMBOLS", ""),
    editor: give("ALLOWLIST_SYMBOLS", "NVDA"),
  },
  set_slack: {
    item: "slack",
    make: () => {},
    editor: () => 'echo SLACK_WEBHOOK_URL=http://127.0.0.1:1/hook >> "$1"',
  },
  renew_webhook: {
    item: "slack",
    args: ["--slack-test"],
    make: (world) => {
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen: () => {} },
        async (request) => {
          await request.text();
          const isOld = request.url.endsWith("/old");
          return new Response(isOld ? "no_service" : "ok", { status: isOld ? 404 : 200 });
        },
      );
      world.later(() => server.shutdown());
      world.slackUrl = `http://127.0.0.1:${server.addr.port}`;
      return world.change(KEYS, (text) => `${text}SLACK_WEBHOOK_URL=${world.slackUrl}/old\n`);
    },
    editor: ({ slackUrl }) => give("SLACK_WEBHOOK_URL", `${slackUrl}/new`)(),
  },
  set_token: {
    item: "token",
    make: set("LIVE_CONFIRM_TOKEN", "another"),
    editor: give("LIVE_CONFIRM_TOKEN", TOKEN),
  },
  take_out_kill_switch: {
    item: "kill switch",
    // As the runbook has it (7).
    make: ({ host }) =>
      host.write(
        `${DROP_INS}/zz-kill.conf`,
        "[Service]\nEnvironmentFile=/etc/avwap-execution/kill-switch-on\n",
      ),
    editor: takeOut("EnvironmentFile"),
    // The emergency step works again.
    after: async ({ host }) => {
      const path = `${host.root}/etc/avwap-execution/kill-switch-on`;
      assertEquals(await Deno.readTextFile(path), "KILL_SWITCH=1\n");
    },
  },
  choose_mode: {
    item: "mode",
    make: ({ host }) =>
      host.write(`${DROP_INS}/50-dry-run.conf`, "[Service]\nEnvironment=DRY_RUN=1\n"),
    editor: give("DRY_RUN", "0"),
  },
  match_keys: {
    item: "endpoint",
    make: (world) => world.change(KEYS, (text) => text.replace("sim-secret-key", "another-key")),
    editor: give("APCA_API_SECRET_KEY", "sim-secret-key"),
  },
  match_records: {
    item: "endpoint",
    make: (world) => world.rewrite(LEDGER, (text) => text.replace(/"account_id": "/, "$&other-")),
    editor: ({ program }) => give("AVWAP_STATE_DIR", `${program.stateDir}/another`)(),
  },
  take_out_endpoint: { item: "endpoint", make: () => {}, editor: takeOut("APCA_API_BASE_URL") },
  choose_feed: {
    item: "market data",
    make: async (world) => {
      world.program.simulator.exchange.behaviour.hasRealTimeSip = false;
      await world.set("ALPACA_DATA_FEED", "sip");
    },
    editor: give("ALPACA_DATA_FEED", "auto"),
  },
  choose_state_dir: {
    item: "lock",
    make: async (world) => {
      const dir = `${world.program.stateDir}/money`;
      await Deno.mkdir(dir, { mode: 0o700 });
      const path = `${dir}/execution.lock`;
      const lock = await acquireLock({ path, pid: 99, clock: createClock() });
      assert(lock.kind === "held");
      world.later(() => lock.release());
    },
    editor: ({ program }) => give("AVWAP_STATE_DIR", `${program.stateDir}/money`)(),
  },
  place_dry_run_ledger: {
    item: "DRY_RUN ledger",
    make: async (world) => {
      const path = `${world.program.dir}/elsewhere.json`;
      await Deno.mkdir(`${path}.check-${Deno.pid}/deep`, { recursive: true });
      await world.set("DRY_RUN_LEDGER_PATH", path);
    },
    editor: takeOut("DRY_RUN_LEDGER_PATH"),
  },
  set_healthcheck: {
    item: "healthcheck",
    make: (world) => world.change(KEYS, (text) => `${text}HEALTHCHECK_URL=http://hc.example/x\n`),
    editor: takeOut("HEALTHCHECK_URL"),
  },
  force_dry_run: {
    item: "overnight",
    make: ({ program }) => program.simulator.advanceTo(sampleOpenMs() + 7 * 3_600_000),
    after: async ({ host }) => {
      assertEquals(await host.listControls(), [
        "daemon-reload",
        "try-restart execution.service",
      ]);
    },
  },
  show_places: {
    item: "switch places",
    make: async (world) => {
      const base = `${world.program.dir}/a loop`;
      await makeLinks({ [base]: base });
      await world.host.write(
        BROKEN,
        `[Service]\nEnvironment="AVWAP_BASE_DIR=${base}" WATCHLIST_FILE=${world.program.dir}/daily_candidates.csv\n`,
      );
    },
    // What systemd makes of it is seen in the lab.
    shows: "",
    after: async ({ host, program }) => {
      assertEquals(
        await Deno.readTextFile(`${host.dropIns}/zx-switch-places.conf`),
        `[Service]\nProtectHome=tmpfs\nBindPaths="-${program.dir}/a loop/state"\n` +
          `ReadWritePaths="-${program.dir}/a loop/state"\n`,
      );
      assertEquals(await host.listControls(), [
        "daemon-reload",
        "try-restart execution.service",
      ]);
    },
  },
  make_token: {
    item: "token",
    make: ({ program }) => Deno.remove(`${program.stateDir}/live_confirm_token.txt`),
  },
  close_token: {
    item: "token",
    make: ({ program }) => Deno.chmod(`${program.stateDir}/live_confirm_token.txt`, 0o644),
  },
  resume: {
    item: "kill switch",
    make: ({ program }) => Deno.writeTextFile(`${program.stateDir}/KILL_SWITCH`, ""),
  },
  unpause: {
    item: "entries",
    make: ({ program }) => Deno.writeTextFile(`${program.stateDir}/ENTRIES_PAUSED`, ""),
  },
  make_state_dir: {
    item: "state directory",
    make: ({ program }) => Deno.remove(program.stateDir, { recursive: true }),
  },
  replace_state_dir: {
    item: "state directory",
    make: async ({ program }) => {
      await Deno.remove(program.stateDir, { recursive: true });
      await Deno.writeTextFile(program.stateDir, "");
    },
  },
  close_state_dir: {
    item: "state directory",
    make: ({ program }) => Deno.chmod(program.stateDir, 0o770),
  },
  give_to_service: {
    item: "state directory",
    make: ({ program }) =>
      Deno.mkdir(`${program.stateDir}/.check-${Deno.pid}/deep`, { recursive: true }),
    // Whose it is then is seen in the lab.
    shows: "chown -R root: /",
  },
  move_away: {
    item: "archive",
    make: ({ program }) =>
      Deno.writeTextFile(`${program.stateDir}/archive/live_orders_2026-11-20.json`, "{"),
  },
  rebuild_ledger: {
    item: "live ledger",
    make: ({ program }) => Deno.remove(`${program.stateDir}/${LEDGER}`),
  },
  rebuild_state: {
    item: "engine state",
    make: (world) => world.rewrite(STATE, () => "{"),
  },
  name_account: {
    item: "record owner",
    make: async (world) => {
      for (const name of [LEDGER, STATE]) {
        await world.rewrite(
          name,
          (text) => JSON.stringify({ ...JSON.parse(text), account_id: null, host: null }),
        );
      }
      await world.change(
        KEYS,
        (text) => `${text.replaceAll(/^APCA_API_\w+_URL=.*\n/gm, "")}ALPACA_PAPER=0\n`,
      );
    },
  },
  set_clock: {
    item: "clock",
    make: ({ program }) => void (program.simulator.exchange.behaviour.clockSkewMs = 40_000),
    shows: "timedatectl set-ntp true",
  },
  ask_broker: {
    item: "broker",
    make: ({ program }) => program.simulator.setFaults(() => ({ kind: "status", status: 503 })),
    shows: "/v2/clock",
  },
  look_at_disk: {
    item: "disk space",
    make: () => {},
    say: () => checkDiskSpace({ freeBytes: 1, reserveBytes: null }, "/"),
    shows: "%",
  },
  look_at_list: {
    item: "watchlist",
    make: ({ program }) => Deno.utime(`${program.dir}/daily_candidates.csv`, 0, 0),
    shows: "daily_candidates.csv",
  },
  look_at_broker: {
    item: "account",
    make: ({ program }) => void (program.simulator.exchange.behaviour.isTradingBlocked = true),
    shows: "Mode ",
  },
  look_again: {
    item: "calendar",
    make: ({ program }) =>
      program.simulator.setFaults(({ path }) =>
        path === "/v2/calendar" ? { kind: "status", status: 500 } : null
      ),
    shows: "WARN calendar",
  },
  look_at_build: {
    item: "permissions",
    make: (world) => void (world.isPermitted = ({ name }) => name !== "write"),
    shows: "avwap-execution ",
  },
  verify_binary: {
    item: "time zone",
    make: () => {},
    say: () => checkTimeZone(() => "noon"),
    shows: "verified: ",
  },
};

Deno.test("each remedy that check knows can be pasted, and does what it is for", (test) =>
  withInstalled(async (host) => {
    await host.keep();
    for (const [name, run] of Object.entries(RUNS)) {
      await host.restore();
      await test.step(name, () => withWorld(host, (world) => follow(world, name, run)));
    }
    assertEquals(Object.keys(RUNS).sort(), [...REMEDY_NAMES].sort());
  }));

async function follow(world: World, name: string, run: Run): Promise<void> {
  await run.make(world);
  const found = run.say?.() ?? await world.find(run.item, run.args);
  assertEquals([found?.remedy?.name, found?.grade === "PASS"], [name, false], run.item);
  const said = await world.paste(found?.remedy?.text ?? "", run.editor?.(world));
  if (run.shows !== undefined) assertStringIncludes(said, run.shows);
  else assert((await world.find(run.item, run.args))?.remedy?.name !== name, said);
  await run.after?.(world);
}
