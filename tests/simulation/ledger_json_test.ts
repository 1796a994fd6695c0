import * as fc from "fast-check";
import { assert, assertEquals } from "../assert.ts";
import { NO_ENTRIES, parseLedgerJson } from "./ledger_json.ts";

const entry = fc.record({
  client_order_id: fc.oneof(fc.constantFrom("a", "b"), fc.constantFrom('},\n    {"', "\n  ]")),
  legs: fc.array(fc.record({ order_id: fc.string({ maxLength: 3 }) }), { maxLength: 2 }),
  broker: fc.option(fc.record({ filled_qty: fc.nat(9) })),
});
const ledger = fc.record({ date_ny: fc.string({ maxLength: 4 }), entries: fc.array(entry) });
const document = fc.record({ host: fc.string({ maxLength: 4 }), ledger: fc.option(ledger) });

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

Deno.test("parseLedgerJson() gives what JSON.parse gives, whatever it knew before and is cut off", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(ledger, document), { minLength: 1, maxLength: 5 }),
      fc.nat(2_000),
      (values, cut) => {
        let known = NO_ENTRIES;
        for (const value of values) {
          const whole = JSON.stringify(value, null, 2);
          for (const text of [whole, whole.slice(0, cut), JSON.stringify(value)]) {
            const read = parseLedgerJson(text, known);
            assertEquals(read.value, parse(text));
            known = read.entries;
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("parseLedgerJson() parses an entry once for as long as the file has it", () => {
  const build = (qty: number) =>
    JSON.stringify({ ledger: { entries: [{ id: "a" }, { id: "b", qty }] } }, null, 2);
  const first = parseLedgerJson(build(1), NO_ENTRIES);
  const second = parseLedgerJson(build(2), first.entries);
  const [before, after] = [[...first.entries.values()], [...second.entries.values()]];
  assert(before[0] === after[0]);
  assertEquals([before[1], after[1]], [{ id: "b", qty: 1 }, { id: "b", qty: 2 }]);
});
