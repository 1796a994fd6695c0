export function assert(condition: unknown, message?: string): asserts condition;
export function assertFalse(condition: unknown, message?: string): void;
export function assertEquals<T>(actual: T, expected: T, message?: string): void;
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void;
export function assertStrictEquals<T>(actual: T, expected: T, message?: string): void;
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number): void;
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
export function assertStringIncludes(actual: string, expected: string, message?: string): void;
export function assertMatch(actual: string, expected: RegExp, message?: string): void;
export function assertNotMatch(actual: string, expected: RegExp, message?: string): void;
export function assertArrayIncludes<T>(actual: readonly T[], expected: readonly T[]): void;
export function assertObjectMatch(actual: object, expected: object, message?: string): void;
export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any -- any constructor, of whatever arguments
  expected: abstract new (...args: any[]) => T,
): asserts actual is T;
export function assertLess(actual: number, expected: number, message?: string): void;
export function assertLessOrEqual(actual: number, expected: number, message?: string): void;
export function assertGreater(actual: number, expected: number, message?: string): void;
export function assertGreaterOrEqual(actual: number, expected: number, message?: string): void;
export function assertThrows(
  run: () => unknown,
  // deno-lint-ignore no-explicit-any -- any error class
  errorClass?: abstract new (...args: any[]) => Error,
  includes?: string,
): Error;
export function assertRejects(
  run: () => Promise<unknown>,
  // deno-lint-ignore no-explicit-any -- any error class
  errorClass?: abstract new (...args: any[]) => Error,
  includes?: string,
): Promise<Error>;
export function fail(message?: string): never;
