import { ENVIRONMENT_VARIABLES } from "../../src/runtime/environment.ts";
import { START_LISTS } from "../../src/runtime/permissions.ts";

const ROOT = new URL("../../", import.meta.url);

/** Credentials and addresses that let the program start and reach nobody: nothing listens on port 9 of this machine. */
export const UNREACHABLE_BROKER = {
  APCA_API_KEY_ID: "PKPROCESSTEST",
  APCA_API_SECRET_KEY: "s3cr3t-of-a-process",
  APCA_API_BASE_URL: "http://127.0.0.1:9",
  APCA_API_DATA_URL: "http://127.0.0.1:9",
} as const;

/** One start of the real program. */
export interface ProgramStart {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What the runtime obeys whatever the program may read: proxies and the like. */
  readonly runtimeEnv?: Readonly<Record<string, string>>;
  /** The only place that it may write to. */
  readonly writeDir: string;
  /** Instead of the start task's own permissions. */
  readonly permissions?: readonly string[];
}

/** How it ended. */
export interface ProgramEnd {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The start task's own permissions, with `writeDir` in place of the operator's directories. */
function listPermissions(writeDir: string): string[] {
  const { env, net } = START_LISTS;
  return ["--no-prompt", `--allow-env=${env.join()}`, `--allow-net=${net.join()}`, "--allow-read"]
    .concat("--allow-sys=statfs", `--allow-write=${writeDir}`);
}

/** What the runtime itself needs to find its cache; the program may not read it. */
function readRuntimeEnv(): Record<string, string> {
  const names = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"] as const;
  const found = names.map((name) => [name, Deno.env.get(name) ?? ""] as const);
  return Object.fromEntries(found.filter(([, text]) => text !== ""));
}

/** Starts `main.ts` as a process of its own with nothing in its environment but `env`. */
export function spawnProgram(start: ProgramStart): Deno.ChildProcess {
  const { args = [], env = {}, permissions = listPermissions(start.writeDir) } = start;
  for (const name of Object.keys(env)) {
    if (!ENVIRONMENT_VARIABLES.some((each) => each === name)) throw new Error(`unknown: ${name}`);
  }
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, new URL("main.ts", ROOT).pathname, ...args],
    clearEnv: true,
    env: { ...readRuntimeEnv(), NO_COLOR: "1", ...start.runtimeEnv, ...env },
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** A program that was started with both outputs full; they are read from when `read` is called. */
export interface UnreadProgram {
  /** Asks it to stop. */
  stop(): void;
  /** Begins to read. @returns Everything from standard output until the program's end. */
  read(): Promise<string>;
  readonly ended: Promise<number>;
  /** Ends it and what it was started by, whatever state it is in. */
  close(): Promise<void>;
}

/** Starts it behind pipes that are full and that nobody reads. */
export async function startUnread(start: ProgramStart): Promise<UnreadProgram> {
  const { args = [], env = {}, permissions = listPermissions(start.writeDir) } = start;
  const startedFile = `${start.writeDir}/unread.started`;
  const appeared = Deno.watchFs(start.writeDir);
  const behind = new URL("behind_full_pipe.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", behind, startedFile, "run", ...permissions]
      .concat(new URL("main.ts", ROOT).pathname, args),
    clearEnv: true,
    env: { ...readRuntimeEnv(), NO_COLOR: "1", ...env },
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  for await (const { paths } of appeared) if (paths.includes(startedFile)) break;
  let output: Promise<string> | null = null;
  const read = async () => {
    const texts = [new Response(child.stdout).text(), new Response(child.stderr).text()];
    return (await Promise.all(texts))[0] ?? "";
  };
  let isEnded = false;
  const ended = child.status.then(({ code }) => {
    isEnded = true;
    return code;
  });
  return {
    stop: () => child.kill("SIGTERM"),
    read: () => output ??= read(),
    ended,
    close: async () => {
      if (!isEnded) child.kill("SIGINT");
      await ended;
      await (output ??= read());
    },
  };
}

/** Starts it and waits for its end. */
export async function runToEnd(start: ProgramStart): Promise<ProgramEnd> {
  const { code, stdout, stderr } = await spawnProgram(start).output();
  const decoder = new TextDecoder();
  return { status: code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A running program whose output can be waited for. */
export interface RunningProgram {
  readonly pid: number;
  /** Resolves once standard output holds `text`. @throws {Error} With what it said, where it ends before. */
  waitFor(text: string): Promise<void>;
  kill(signal: Deno.Signal): void;
  end(): Promise<ProgramEnd>;
}

/** Starts it and reads along. */
export function startProgram(start: ProgramStart): RunningProgram {
  const child = spawnProgram(start);
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  let isOver = false;
  let tell = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      stdout += chunk;
      tell.resolve();
      tell = Promise.withResolvers<void>();
    }
    isOver = true;
    tell.resolve();
  })();
  return {
    pid: child.pid,
    async waitFor(text) {
      while (!stdout.includes(text)) {
        if (isOver) throw new Error(`ended without ${text}: ${stdout} ${await stderr}`);
        await tell.promise;
      }
    },
    kill: (signal) => child.kill(signal),
    async end() {
      await reading;
      const { code } = await child.status;
      return { status: code, stdout, stderr: await stderr };
    },
  };
}
