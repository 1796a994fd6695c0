import * as fc from "fast-check";
import { isSameBytes, LastContent } from "../../src/state/text_file.ts";
import { assertEquals, assertFalse } from "../assert.ts";

Deno.test("isSameBytes() finds a difference at every byte, wherever the two lie in memory", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(3),
    fc.nat(3),
    (bytes, leftOffset, rightOffset) => {
      const place = (offset: number) => {
        const placed = new Uint8Array(offset + bytes.length + 3).fill(7);
        placed.set(bytes, offset);
        return placed.subarray(offset, offset + bytes.length);
      };
      const [left, right] = [place(leftOffset), place(rightOffset)];
      assertEquals(isSameBytes(left, right), true);
      assertEquals(isSameBytes(left, left), true);
      assertFalse(isSameBytes(left, new Uint8Array([...bytes, 7])));
      for (const [index, byte] of bytes.entries()) {
        right[index] = byte ^ 0x80;
        assertFalse(isSameBytes(left, right), `at ${index}`);
        right[index] = byte;
      }
    },
  ));
});

Deno.test("LastContent knows the same content in whatever array it comes, and no other", () => {
  const last = new LastContent<string>();
  last.keep(new Uint8Array([1, 2, 3, 4, 5]), "kept");
  const again = new Uint8Array([1, 2, 3, 4, 5]);
  assertEquals([last.find(again), last.find(again)], ["kept", "kept"]);
  assertEquals(last.find(new Uint8Array([1, 2, 3, 4, 6])), null);
  assertEquals(last.find(again.slice()), "kept");
});
