/** A build that can't go on; its message says why and what to do. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}
