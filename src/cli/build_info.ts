/** The commit that a binary was built from; the build puts it here. A run from the checkout is of no commit. */
export const BUILD_COMMIT: string = "source";
