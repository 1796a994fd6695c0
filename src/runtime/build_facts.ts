/** What a compiled binary was built from and for: the facts behind `--version`, its manifest and its refusals. */
export interface BuildInfo {
  /** Git commit, with `+changes` where the source differed from it; `unknown` outside a repository. */
  readonly commit: string;
  /** Version of the runtime that is inside. */
  readonly denoVersion: string;
  /** `npm`: the substitute for networks that can't reach the official one, never for production. */
  readonly runtime: "deno" | "npm";
  /** The only directory, absolute, that it may read beside its state directory. */
  readonly baseDir: string;
  /** The only directory, absolute, that it may write. */
  readonly stateDir: string;
  /** `HOST:PORT` that were allowed beside the broker's and Slack's: tests and proxies. */
  readonly extraHosts: readonly string[];
  /** The one host that `HEALTHCHECK_URL` may name; `null` where the build named none. */
  readonly healthcheckHost: string | null;
  /** Whether the hidden self-test of the sandbox is inside. */
  readonly hasSelfTest: boolean;
}

/** What a binary says of itself after its release and commit: what is inside, and what it may reach. */
export function formatBuild(build: BuildInfo): string[] {
  const runtime = build.runtime === "npm" ? "npm, not for production" : "deno";
  return [
    `runtime: ${runtime} (Deno ${build.denoVersion})`,
    `base directory: ${build.baseDir}`,
    `state directory: ${build.stateDir}`,
    ...build.extraHosts.map((host) => `extra host: ${host}, not for production`),
    ...(build.healthcheckHost === null ? [] : [`healthcheck host: ${build.healthcheckHost}`]),
    ...(build.hasSelfTest ? ["self-test: inside, not for production"] : []),
  ];
}
