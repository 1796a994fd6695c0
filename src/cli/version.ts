import { BUILD_COMMIT } from "./build_info.ts";

/** The program's name, as it is installed. */
export const PROGRAM = "avwap-execution";

/** The release that `--version` and the start line print. */
export const VERSION = "0.1.0";

/** What `--version` prints: the release, and the commit that it was built from. */
export function formatVersion(): string {
  return `${PROGRAM} ${VERSION} (${BUILD_COMMIT})`;
}
