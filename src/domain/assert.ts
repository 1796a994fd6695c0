/** A belief of this program about itself was wrong: a bug, never bad input. Only `main.ts` catches it. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}

/**
 * States a belief that must hold; stays on in production.
 * @throws {InvariantError} With `message` where `condition` is false.
 */
export function assertInvariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/**
 * Ends a `switch` over a union: the compiler refuses it while an arm is missing.
 * @throws {InvariantError} Always, if it is reached at run time.
 */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
