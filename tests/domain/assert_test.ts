import { assertInvariant, InvariantError, unreachable } from "../../src/domain/assert.ts";
import { assertEquals, assertThrows } from "../assert.ts";

Deno.test("assertInvariant() says nothing when the belief holds", () => {
  assertInvariant(1 + 1 === 2, "arithmetic is broken");
});

Deno.test("assertInvariant() throws its one class with the message when the belief is wrong", () => {
  const error = assertThrows(() => assertInvariant(false, "qty is negative"), InvariantError);
  assertEquals([error.name, error.message], ["InvariantError", "qty is negative"]);
});

Deno.test("unreachable() throws what it was given when a value of no arm gets through", () => {
  const foreign: unknown = { kind: "new_arm" };
  // Only a cast can build what the compiler rules out: foreign data that passed as one of the arms.
  assertThrows(() => unreachable(foreign as never), InvariantError, `{"kind":"new_arm"}`);
});
