import { rememberAnswers } from "../../src/broker/repeated_answer.ts";
import { assertEquals, assertStrictEquals, assertThrows } from "../assert.ts";

Deno.test("rememberAnswers() parses a text once while it is among the last ones, and each other text by itself", () => {
  const parsed: string[] = [];
  const parse = rememberAnswers((body) => {
    parsed.push(body);
    return { body };
  });
  const first = parse("a");
  assertEquals(["b", "c", "d"].map((body) => parse(body).body), ["b", "c", "d"]);
  assertStrictEquals(parse("a"), first);
  // What was asked for last stays: "b" has to go.
  assertEquals(["e", "a", "b"].map((body) => parse(body).body), ["e", "a", "b"]);
  assertEquals(parsed, ["a", "b", "c", "d", "e", "b"]);
});

Deno.test("rememberAnswers() tries a text again that could not be parsed", () => {
  let tries = 0;
  const parse = rememberAnswers((body) => {
    tries++;
    throw new RangeError(body);
  });
  assertThrows(() => parse("a"), RangeError);
  assertThrows(() => parse("a"), RangeError);
  assertEquals(tries, 2);
});
