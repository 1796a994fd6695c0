import type { BuildInfo } from "./build_facts.ts";

/** What this binary was built from and for; the build puts it here. A run from the checkout is of no build. */
export const BUILD_INFO: BuildInfo | null = null;
