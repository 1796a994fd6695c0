import { PROGRAM, VERSION } from "../src/cli/version.ts";
import type { BuildInfo } from "../src/runtime/build_facts.ts";
import type { Compiled } from "./compile.ts";
import type { Component } from "./components.ts";
import { decodeBase64, encodeHex } from "./encoding.ts";

/** What a binary is, what is in it, and what it may do: the file beside it, and what a release's signature signs. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** The whole hash of the commit, marked where the source differed from it. */
  readonly commit: string;
  readonly runtime: string;
  readonly deno_version: string;
  /** Of the runtime as it was fetched: of the official one's archive. */
  readonly runtime_sha256: string;
  readonly base_dir: string;
  readonly state_dir: string;
  readonly extra_hosts: readonly string[];
  /** Where `HEALTHCHECK_URL` may lead; `null` where the build named no host. */
  readonly healthcheck_host: string | null;
  readonly has_self_test: boolean;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly flags: readonly string[];
  /** In CycloneDX, so that tools which look for known faults can read it. */
  readonly sbom: Sbom;
}

interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.5";
  readonly version: 1;
  readonly components: readonly SbomComponent[];
}

interface SbomComponent {
  readonly type: "application" | "library" | "platform";
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes: readonly { readonly alg: "SHA-256" | "SHA-512"; readonly content: string }[];
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

/** @param sum Size and SHA-256 of the binary. */
export function buildManifest(
  { facts, commit, flags, compiled, sum }: {
    readonly facts: BuildInfo;
    readonly commit: string;
    readonly flags: readonly string[];
    readonly compiled: Compiled;
    readonly sum: { readonly sizeBytes: number; readonly sha256: string };
  },
): Manifest {
  return {
    name: PROGRAM,
    version: VERSION,
    commit,
    runtime: facts.runtime === "npm" ? "npm, not for production" : facts.runtime,
    deno_version: facts.denoVersion,
    runtime_sha256: compiled.runtimeSha256,
    base_dir: facts.baseDir,
    state_dir: facts.stateDir,
    extra_hosts: facts.extraHosts,
    healthcheck_host: facts.healthcheckHost,
    has_self_test: facts.hasSelfTest,
    size_bytes: sum.sizeBytes,
    sha256: sum.sha256,
    flags,
    sbom: {
      bomFormat: "CycloneDX",
      specVersion: "1.5",
      version: 1,
      components: [
        {
          type: "platform",
          name: "denort",
          version: facts.denoVersion,
          hashes: [{ alg: "SHA-256", content: compiled.runtimeSha256 }],
          properties: [],
        },
        ...compiled.components.map((component) => buildComponent(component, commit)),
      ],
    },
  };
}

function buildComponent(component: Component, commit: string): SbomComponent {
  const { source, fileCount, sizeBytes, sha256 } = component;
  const properties = [
    { name: "embedded:files", value: `${fileCount}` },
    { name: "embedded:bytes", value: `${sizeBytes}` },
    { name: "embedded:sha256", value: sha256 },
  ];
  if (source === null) {
    return {
      type: "application",
      name: PROGRAM,
      version: VERSION,
      hashes: [],
      properties: [{ name: "commit", value: commit }, ...properties],
    };
  }
  const { name, version, integrity } = source;
  return {
    type: "library",
    name,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    hashes: [{
      alg: "SHA-512",
      content: encodeHex(decodeBase64(integrity.slice("sha512-".length))),
    }],
    properties,
  };
}

/** What the build prints. */
export function formatManifest(output: string, manifest: Manifest): string {
  const { version, commit, runtime, size_bytes, sha256, flags, sbom } = manifest;
  return [
    `${output}: ${PROGRAM} ${version} (${commit}), runtime ${runtime}`,
    `size: ${(size_bytes / 1e6).toFixed(1)} MB`,
    `sha256: ${sha256}`,
    `made of: ${sbom.components.map(({ name, version }) => `${name} ${version}`).join(", ")}`,
    "flags:",
    ...flags.map((flag) => `  ${flag}`),
    "",
  ].join("\n");
}
