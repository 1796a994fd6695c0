import { z } from "zod";
import type { OptionSpec } from "../src/cli/command.ts";
import { parseOptions, UsageError } from "../src/cli/options.ts";
import { createTextWriter } from "../src/runtime/standard_stream.ts";
import { listPinned, PINS_FILE, readSha256 } from "./base_runtime.ts";
import { BuildError } from "./build_error.ts";
import { createKeyText, formatPublicKey, formatSignature, parseKeyText } from "./minisign.ts";

// `deno task sign`: signs the manifest of a release, whose sum stands for the binary (RELEASING.md).

const SPECS: readonly OptionSpec[] = [
  { name: "new-key", valueName: "FILE", help: "make a key: FILE (keep it secret) and FILE.pub" },
  { name: "key", valueName: "FILE", help: "sign with this key" },
  {
    name: "manifest",
    valueName: "FILE",
    help: "what to sign (dist/avwap-execution.manifest.json)",
  },
  {
    name: "rehearsal",
    valueName: null,
    help: "sign what is not for production too; the signature says so",
  },
  {
    name: "pins",
    valueName: "FILE",
    help: `sums of official runtimes (${PINS_FILE})`,
  },
  { name: "help", valueName: null, help: "print this help and exit" },
];

const HELP = [
  "Usage: deno task sign --new-key FILE | --key FILE [--manifest FILE] [--rehearsal]",
  "",
  "Signs a release's manifest in minisign's format, beside it. Exit status: 0 done, 1 refused, 64 usage.",
  "",
  ...SPECS.map(({ name, valueName, help }) =>
    `  ${`--${name}${valueName === null ? "" : ` ${valueName}`}`.padEnd(24)}${help}`
  ),
  "",
].join("\n");

const SUFFIX = ".manifest.json";

/** What of a manifest a signature depends on. */
const Signed = z.looseObject({
  name: z.string(),
  version: z.string(),
  commit: z.string(),
  runtime: z.string(),
  deno_version: z.string(),
  runtime_sha256: z.string(),
  extra_hosts: z.array(z.string()),
  has_self_test: z.boolean(),
  sha256: z.string(),
});

const writeOut = createTextWriter(Deno.stdout);

async function makeKey(path: string): Promise<void> {
  const text = createKeyText();
  const key = await parseKeyText(text);
  if (key === null) throw new BuildError("Cannot read back the key that was made");
  try {
    await Deno.writeTextFile(path, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    throw new BuildError(`${path} is there already: a key is never overwritten`);
  }
  await Deno.writeTextFile(`${path}.pub`, await formatPublicKey(key));
  writeOut(`${path}: the key, keep it off the servers; ${path}.pub goes to each host\n`);
}

async function sign(
  { keyPath, manifestPath, pins, isRehearsal }: {
    readonly keyPath: string;
    readonly manifestPath: string;
    /** Text of the file of pinned runtimes. */
    readonly pins: string;
    readonly isRehearsal: boolean;
  },
): Promise<void> {
  const { mode } = await Deno.stat(keyPath);
  if (((mode ?? 0) & 0o077) !== 0) {
    throw new BuildError(`${keyPath} can be read by others: chmod 600 ${keyPath}`);
  }
  const key = await parseKeyText(await Deno.readTextFile(keyPath));
  if (key === null) {
    throw new BuildError(`${keyPath} is no Ed25519 key in PKCS #8 without a password`);
  }
  const message = await Deno.readFile(manifestPath);
  const manifest = Signed.safeParse(JSON.parse(new TextDecoder().decode(message)));
  if (!manifest.success) throw new BuildError(`${manifestPath} is no manifest of this build`);
  const { name, version, commit, sha256 } = manifest.data;
  const binary = manifestPath.slice(0, -SUFFIX.length);
  const found = await readSha256(binary);
  if (found !== sha256) {
    throw new BuildError(`${binary} has SHA-256 ${found}, its manifest says ${sha256}`);
  }
  const doubts = listDoubts(manifest.data, pins);
  if (doubts.length > 0 && !isRehearsal) {
    throw new BuildError(`Not signed, since it is not for production: ${doubts.join(", ")}`);
  }
  const comment = [
    `${name} ${version}, commit ${commit}, SHA-256 ${sha256}`,
    ...(doubts.length > 0 ? ["rehearsal, not for production"] : []),
  ].join(", ");
  const signature = await formatSignature({ key, message, comment });
  await Deno.writeTextFile(`${manifestPath}.minisig`, signature);
  writeOut(`${manifestPath}.minisig: ${comment}\n`);
}

/** Why a binary is none to trade money with. */
function listDoubts(manifest: z.output<typeof Signed>, pins: string): string[] {
  const { runtime, deno_version, runtime_sha256, extra_hosts, has_self_test, commit } = manifest;
  const isPinned = listPinned(pins, deno_version).includes(runtime_sha256);
  return [
    ...(runtime === "deno" ? [] : [`its runtime is ${runtime}`]),
    ...(isPinned ? [] : [`nobody has compared its runtime with the publisher's (${PINS_FILE})`]),
    ...extra_hosts.map((host) => `it may connect to ${host}`),
    ...(has_self_test ? ["the self-test is inside"] : []),
    ...(/^[0-9a-f]{40}$/.test(commit) ? [] : [`its commit is ${commit}`]),
  ];
}

async function main(): Promise<void> {
  const { flags, values } = parseOptions(Deno.args, SPECS);
  if (flags.has("help")) return writeOut(HELP);
  const newKey = values.get("new-key");
  if (newKey !== undefined) return await makeKey(newKey);
  const keyPath = values.get("key");
  const manifestPath = values.get("manifest") ?? `dist/avwap-execution${SUFFIX}`;
  if (keyPath === undefined) throw new UsageError("Option --key is missing: which key signs?");
  if (!manifestPath.endsWith(SUFFIX)) {
    throw new UsageError(
      `Option --manifest is ${JSON.stringify(manifestPath)}: it ends with ${SUFFIX}`,
    );
  }
  const pinsPath = values.get("pins") ?? new URL(`../${PINS_FILE}`, import.meta.url);
  const pins = await Deno.readTextFile(pinsPath);
  await sign({ keyPath, manifestPath, pins, isRehearsal: flags.has("rehearsal") });
}

try {
  await main();
} catch (error) {
  const isExpected = error instanceof BuildError || error instanceof Deno.errors.NotFound ||
    error instanceof SyntaxError;
  if (!(error instanceof UsageError) && !isExpected) throw error;
  createTextWriter(Deno.stderr)(`sign: ${error.message}\n`);
  Deno.exit(error instanceof UsageError ? 64 : 1);
}
