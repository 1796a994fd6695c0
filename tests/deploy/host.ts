import {
  CHANGING,
  FAKE_CHANGE,
  FAKE_SYNC,
  FAKE_SYSTEMCTL,
  FAKE_SYSTEMD_RUN,
} from "./fake_systemd.ts";

// A droplet in a directory: a scratch root, binaries that answer as they are told, and stand-ins for systemd's programs.

const DEPLOY = new URL("../../deploy/", import.meta.url).pathname;

/** How a stand-in binary answers. */
export interface BinaryPlan {
  readonly version?: string;
  /** Exit status of `check`. */
  readonly check?: number;
  /** What `check` prints, without a quote. */
  readonly checkSays?: string;
  /** Exit status of the service's main process; 0: it comes up. */
  readonly run?: number;
  readonly baseDir?: string;
  readonly stateDir?: string;
  readonly runtime?: string;
  /** What `--version` says instead. */
  readonly says?: string;
  /** Commands that its help lists, beside `check`. */
  readonly commands?: readonly string[];
  /** Exit status of `kill`, which makes its file; `null`: it can make none. */
  readonly kill?: number | null;
  /** What `--help` says instead. */
  readonly help?: string;
  /** Variables that it may read. */
  readonly variables?: readonly string[];
  /** What it says of any words with `usage` before them; "": that they are a command line; absent: it does not know it. */
  readonly usage?: string;
  /** What `status --json` says, where it answers at all. */
  readonly status?: string;
}

/** What a script printed and how it ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const output = await new Deno.Command(program, {
    args: [...args],
    env,
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: output.code, stdout: decode(output.stdout), stderr: decode(output.stderr) };
}

/** How a script is cut short; `full`: one of its programs fails, as on a full disk. */
export type Cut = "power" | "terminal" | "full";

/** One droplet of the test's own. */
export class Host {
  readonly root: string;
  readonly unit: string;
  readonly dropIns: string;
  #count = 0;

  constructor(readonly dir: string) {
    this.root = `${dir}/root`;
    this.unit = `${this.root}/etc/systemd/system/execution.service`;
    this.dropIns = `${this.unit}.d`;
  }

  /** Path of a new stand-in binary with its manifest. */
  async makeBinary(plan: BinaryPlan = {}): Promise<string> {
    const { version = "0.1.0", check = 0, run = 0, runtime = "deno" } = plan;
    const { baseDir = "/root/scan", stateDir = "/root/scan/state", commands = ["release"] } = plan;
    const { variables = [], status = "", kill = 0 } = plan;
    const isUsageKnown = plan.usage === undefined ? "false" : "true";
    const { help = ["check", ...commands].map((each) => `  ${each}  does it`).join("\n") } = plan;
    const dir = `${this.dir}/incoming-${++this.#count}`;
    const path = `${dir}/avwap-execution`;
    await Deno.mkdir(dir);
    // The number in it makes each one another file, so another release.
    const script = `#!/bin/sh
# ${this.#count}
case "$1" in
  --version) echo "${plan.says ?? `avwap-execution ${version} (0123456789ab)`}" ;;
  --help) echo '${help}' ;;
  status) cat <<'END'
${status}
END
  ;;
  check)
    printf %s '${plan.checkSays === undefined ? "" : `${plan.checkSays}\n`}'
    exit ${check}
    ;;
  usage)
    ${isUsageKnown} && [ $# = 1 ] && exit 0
    said='${plan.usage ?? "Unknown command"}'
    [ -z "$said" ] || { echo "$said" >&2; exit 64; }
    ;;
  run) exit ${run} ;;
  kill)
    echo "kill in $AVWAP_STATE_DIR"
    ${kill === null ? "exit 1" : `: > "${this.root}$AVWAP_STATE_DIR/KILL_SWITCH"; exit ${kill}`}
    ;;
  completion) echo "symbols of \${AVWAP_STATE_DIR:-nowhere}" ;;
esac
`;
    await Deno.writeTextFile(path, script, { mode: 0o755 });
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script));
    const manifest = {
      name: "avwap-execution",
      version,
      runtime,
      base_dir: baseDir,
      state_dir: stateDir,
      sha256: new Uint8Array(digest).toHex(),
      flags: [`--allow-env=${variables.join(",")}`],
    };
    await Deno.writeTextFile(`${path}.manifest.json`, JSON.stringify(manifest, null, 2));
    return path;
  }

  /** Below the scratch root, without systemd. */
  install(...args: string[]): Promise<Ran> {
    return run("bash", [`${DEPLOY}install.sh`, "--root", this.root, ...args]);
  }

  /** Below the scratch root, where the stand-ins answer as systemd. */
  installWithSystem(...args: string[]): Promise<Ran> {
    return this.#withSystem("install.sh", args);
  }

  uninstall(...args: string[]): Promise<Ran> {
    return this.#withSystem("uninstall.sh", args);
  }

  upgrade(...args: string[]): Promise<Ran> {
    return this.#withSystem("upgrade.sh", args);
  }

  rollback(...args: string[]): Promise<Ran> {
    return this.#withSystem("rollback.sh", args);
  }

  /** The operator's command, as it is installed. */
  async command(...args: string[]): Promise<Ran> {
    return run("bash", [await this.bindToRoot("command.sh"), ...args], this.#systemEnv());
  }

  /**
   * Makes an installed script, which in its place below the root would look at the host's own files, look below it.
   * @returns Its path.
   */
  async bindToRoot(script: string): Promise<string> {
    const path = `${this.root}/opt/avwap-execution/host/${script}`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace("\nROOT=\n", `\nROOT=${this.root}\n`));
    return path;
  }

  /**
   * A line that is pasted into root's shell, where the host's own paths are those below the root.
   * @param editor Program text that stands for the operator's editor: it gets the files as its arguments.
   */
  async paste(line: string, editor = "exit 1"): Promise<Ran> {
    await this.bindToRoot("edit.sh");
    await Deno.writeTextFile(`${this.dir}/bin/editor-of-test`, `#!/bin/bash\n${editor}\n`, {
      mode: 0o755,
    });
    const text = line.replaceAll(/(?<=^|[\s>])\/(opt|etc)\//g, `${this.root}/$1/`);
    return run("bash", ["-c", text], { ...this.#systemEnv(), EDITOR: "editor-of-test" });
  }

  /** The environment that systemd makes of the service's files. */
  async readEnvironment(): Promise<Record<string, string>> {
    const { stdout } = await this.withLibraries(
      'declare -A now=(); read_unit_files; probe_environment now "$ROOT$FRAGMENT" "${DROP_IN_FILES[@]}"; ' +
        'for name in "${!now[@]}"; do printf "%s=%s\\0" "$name" "${now[$name]}"; done',
    );
    return Object.fromEntries(
      stdout.split("\0").filter((each) => each !== "").map((each) => {
        const at = each.indexOf("=");
        return [each.slice(0, at), each.slice(at + 1)];
      }),
    );
  }

  /** What the libraries of the scripts do, asked directly. */
  withLibraries(text: string): Promise<Ran> {
    const load = ["common", "as_service", "releases", "sources"].map((name) =>
      `. "$HERE/${name}.sh"`
    );
    const script = [
      "set -euo pipefail",
      `PROGRAM_CALL=test IS_DRY_RUN=0 ROOT="$FAKE_ROOT" HERE=${DEPLOY}`,
      ...load,
      text,
    ].join("\n");
    return run("bash", ["-c", script], this.#systemEnv());
  }

  #systemEnv(): Record<string, string> {
    const bin = `${this.dir}/bin`;
    return {
      SYSTEMCTL: `${bin}/systemctl`,
      SYSTEMD_RUN: `${bin}/systemd-run`,
      FAKE_ROOT: this.root,
      PROC_DIR: `${this.root}.proc`,
      PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`,
    };
  }

  #withSystem(script: string, args: readonly string[]): Promise<Ran> {
    const words = [`${DEPLOY}${script}`, "--root", this.root, ...args];
    // Alone in its group, so that what ends it ends nothing else.
    return run("bash", ["-c", 'exec setsid --wait bash "$@"', "bash", ...words], this.#systemEnv());
  }

  /** Counts the steps of the scripts from now on, and cuts the next one short before one of them; `null`: no more. */
  async cut(at: { readonly step: number; readonly how: Cut } | null): Promise<void> {
    await Deno.writeTextFile(`${this.root}.steps`, "0");
    await Deno.writeTextFile(`${this.root}.cut`, at === null ? "" : `${at.step} ${at.how}\n`);
  }

  /** Puts the programs in place that count. @param part Of what they change, the paths that hold it. */
  async countSteps(part = ""): Promise<void> {
    const bin = `${this.dir}/bin`;
    await Deno.writeTextFile(`${this.root}.part`, part);
    await Deno.mkdir(`${bin}/real`);
    for (const name of CHANGING) {
      const real = `${bin}/real/${name}`;
      if (name === "sync" || name === "systemctl") await Deno.rename(`${bin}/${name}`, real);
      else {await Deno.writeTextFile(real, `#!/bin/sh\nexec /usr/bin/${name} "$@"\n`, {
          mode: 0o755,
        });}
      await Deno.writeTextFile(`${bin}/${name}`, FAKE_CHANGE, { mode: 0o755 });
    }
    await this.cut(null);
  }

  /** How many steps there were since `cut`. */
  async readSteps(): Promise<number> {
    return Number(await Deno.readTextFile(`${this.root}.steps`));
  }

  /** Keeps the host as it is now, and makes it so again. */
  async keep(): Promise<void> {
    await this.#shell("mkdir kept && cp -a root* kept/");
  }
  async restore(): Promise<void> {
    await this.#shell("rm -rf root* && cp -a kept/. .");
  }

  async #shell(text: string): Promise<void> {
    const { status, stderr } = await run("bash", ["-c", `cd "$1" && ${text}`, "bash", this.dir]);
    if (status !== 0) throw new Error(stderr);
  }

  /** A systemd that starts what `current` points to, and remembers how that ended; what it keeps is beside the root. */
  async makeSystemd({ isRunning = true, statusText = "" } = {}): Promise<void> {
    const bin = `${this.dir}/bin`;
    await Deno.mkdir(bin, { recursive: true });
    await Deno.mkdir(this.root, { recursive: true });
    await Deno.writeTextFile(`${bin}/systemctl`, FAKE_SYSTEMCTL, { mode: 0o755 });
    await Deno.writeTextFile(`${bin}/systemd-run`, FAKE_SYSTEMD_RUN, { mode: 0o755 });
    await Deno.writeTextFile(`${bin}/sync`, FAKE_SYNC, { mode: 0o755 });
    await Deno.writeTextFile(`${this.root}.active`, isRunning ? "active\n" : "inactive\n");
    const release = await this.readLink("current");
    if (isRunning && release !== null) await this.#writeProcess(release);
    await Deno.writeTextFile(`${this.root}.status-text`, statusText);
  }

  /** The process of the service, that of one release; no process of this host has so high a number. */
  async #writeProcess(release: string): Promise<void> {
    const process = `${this.root}.proc/999999999`;
    await Deno.mkdir(process, { recursive: true });
    const exe = `${this.root}/opt/avwap-execution/releases/${release}/avwap-execution`;
    await this.link(exe, `${process}/exe`);
    await Deno.writeTextFile(`${this.root}.main-pid`, "999999999\n");
  }

  /** A symbolic link, which the runtime would make only where it may write everything. */
  async link(target: string, path: string): Promise<void> {
    await this.#shell(`ln -sfn '${target}' '${path}'`);
  }

  /** What was in place at each `sync`, a line each. */
  listSyncs(): Promise<string[]> {
    return this.#readLines(`${this.root}.syncs`);
  }

  /** The files that were to be on the disk by themselves, in order. */
  listSyncedFiles(): Promise<string[]> {
    return this.#readLines(`${this.root}.synced-files`);
  }

  /** Writes a file below the root, with the directories above it. */
  async write(path: string, text: string): Promise<void> {
    await Deno.mkdir(`${this.root}${path.replace(/[^/]*$/, "")}`, { recursive: true });
    await Deno.writeTextFile(`${this.root}${path}`, text);
  }

  /** Commands that systemctl was given, those that only ask left out. */
  listControls(): Promise<string[]> {
    return this.#readLines(`${this.root}.controls`);
  }

  async #readLines(path: string): Promise<string[]> {
    try {
      return (await Deno.readTextFile(path)).trimEnd().split("\n");
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Release that a link names, or `null`. */
  async readLink(name: "current" | "previous"): Promise<string | null> {
    try {
      const target = await Deno.readLink(`${this.root}/opt/avwap-execution/${name}`);
      return target.replace("releases/", "");
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  }

  /** Every path below the root with mode and content. */
  async listTree(dir = this.root): Promise<string[]> {
    const found: string[] = [];
    try {
      for await (const { name, isDirectory, isSymlink } of Deno.readDir(dir)) {
        const path = `${dir}/${name}`;
        const mode = (((await Deno.lstat(path)).mode ?? 0) & 0o777).toString(8);
        if (isSymlink) found.push(`${path} -> ${await Deno.readLink(path)}`);
        else if (isDirectory) found.push(`${path} ${mode}`, ...await this.listTree(path));
        else found.push(`${path} ${mode} ${await Deno.readTextFile(path)}`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return found.toSorted();
  }
}

/** A host for one test. */
export async function withHost(act: (host: Host) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-deploy-" });
  try {
    await act(new Host(dir));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
