import type { OptionSpec } from "../src/cli/command.ts";
import { parseOptions, UsageError } from "../src/cli/options.ts";
import { DEFAULT_BASE_DIR, DEFAULT_STATE_DIR } from "../src/runtime/config.ts";
import type { BuildInfo } from "../src/runtime/build_facts.ts";

/** What the operator asked `deno task compile` for. */
export interface BuildOptions extends
  Pick<
    BuildInfo,
    "runtime" | "baseDir" | "stateDir" | "extraHosts" | "healthcheckHost" | "hasSelfTest"
  > {
  /** Where the binary goes; its manifest goes beside it. */
  readonly output: string;
  readonly isHelp: boolean;
}

const SPECS: readonly OptionSpec[] = [
  { name: "base-dir", valueName: "DIR", help: `base directory, read only (${DEFAULT_BASE_DIR})` },
  { name: "state-dir", valueName: "DIR", help: `state directory (${DEFAULT_STATE_DIR})` },
  {
    name: "allow-host",
    valueName: "HOST:PORT",
    help: "also connect there: tests and proxies; several with commas",
  },
  {
    name: "healthcheck-host",
    valueName: "HOST",
    help: "also connect there over TLS: the host of HEALTHCHECK_URL",
  },
  { name: "output", valueName: "PATH", help: "the binary (dist/avwap-execution)" },
  {
    name: "runtime",
    valueName: "WHICH",
    help: "deno, or npm: for tests where the official runtime can't be reached",
  },
  { name: "self-test", valueName: null, help: "put the sandbox's self-test inside: for tests" },
  { name: "help", valueName: null, help: "print this help and exit" },
];

/** The help of the build. */
export const BUILD_HELP = [
  "Usage: deno task compile [options]",
  "",
  "Compiles the program with its permissions into one file, and writes what is in it beside it.",
  "",
  ...SPECS.map(({ name, valueName, help }) =>
    `  ${`--${name}${valueName === null ? "" : ` ${valueName}`}`.padEnd(24)}${help}`
  ),
  "",
].join("\n");

/** @throws {UsageError} For an option that is unknown, or that a permission could not be made of. */
export function parseBuildOptions(args: readonly string[]): BuildOptions {
  const { flags, values } = parseOptions(args, SPECS);
  return {
    baseDir: parseDir("--base-dir", values.get("base-dir") ?? DEFAULT_BASE_DIR),
    stateDir: parseDir("--state-dir", values.get("state-dir") ?? DEFAULT_STATE_DIR),
    extraHosts: parseHosts(values.get("allow-host")),
    healthcheckHost: parseHost(values.get("healthcheck-host")),
    output: values.get("output") ?? "dist/avwap-execution",
    runtime: parseRuntime(values.get("runtime") ?? "deno"),
    hasSelfTest: flags.has("self-test"),
    isHelp: flags.has("help"),
  };
}

/** A permission's path: absolute and plain, since a comma would begin a second one and `..` another place. */
const PLAIN_DIR = /^(\/[\w.@+-]+)+$/;

function parseDir(option: string, text: string): string {
  const dir = text.replace(/(?<=.)\/+$/, "");
  const isPlain = PLAIN_DIR.test(dir) &&
    !dir.split("/").some((part) => part === ".." || part === ".");
  if (isPlain) return dir;
  throw new UsageError(
    `Option ${option} is ${
      JSON.stringify(text)
    }: give an absolute path of letters, digits and . _ - @ + only`,
  );
}

const HOST_AND_PORT = /^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/;

function parseHosts(text: string | undefined): string[] {
  const hosts = text === undefined ? [] : text.split(",");
  for (const host of hosts) {
    if (HOST_AND_PORT.test(host)) continue;
    throw new UsageError(`Option --allow-host has ${JSON.stringify(host)}: give HOST:PORT`);
  }
  return hosts;
}

/** A name alone: an address, a port or a wildcard is no host of a service. */
const HOST_NAME = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/;

function parseHost(text: string | undefined): string | null {
  if (text === undefined || HOST_NAME.test(text)) return text ?? null;
  throw new UsageError(
    `Option --healthcheck-host is ${JSON.stringify(text)}: give a host's name, as hc-ping.com`,
  );
}

function parseRuntime(text: string): BuildOptions["runtime"] {
  if (text === "deno" || text === "npm") return text;
  throw new UsageError(`Option --runtime is ${JSON.stringify(text)}: give deno or npm`);
}
