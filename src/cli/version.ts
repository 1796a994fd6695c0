import { type BuildInfo, formatBuild } from "../runtime/build_facts.ts";
import { BUILD_INFO } from "../runtime/build_info.ts";

/** The program's name, as it is installed. */
export const PROGRAM = "avwap-execution";

/**
 * The release that `--version` and the start line print: the newest of `deploy/CHANGELOG.md`, from the first commit after the
 * one before it. Builds under way are told apart by their commits.
 */
export const VERSION = "0.2.0";

/**
 * What `--version` prints: the release and the commit that it was built from; a compiled binary adds, a line each, what
 * is inside and what it may reach.
 */
export function formatVersion(build: BuildInfo | null = BUILD_INFO): string {
  const first = `${PROGRAM} ${VERSION} (${build?.commit ?? "source"})`;
  return build === null ? first : [first, ...formatBuild(build)].join("\n");
}
