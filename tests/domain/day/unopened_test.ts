import { listUnopened } from "../../../src/domain/day/unopened.ts";
import { assertEquals } from "../../assert.ts";
import { DATE_NY, fill, look, NEXT_NY } from "./trail_fixtures.ts";

const BEFORE = { dateNy: DATE_NY, events: [fill("10:00", "entry", 7, 100)] };
const ANEW = { order_id: "second", client_order_id: "avwap-2-entry" };

Deno.test("listUnopened() misses the entry of what was held as the day began, also where the symbol was entered anew in it", () => {
  const day = {
    dateNy: NEXT_NY,
    events: [
      look("09:31", 7, 101, {}, NEXT_NY),
      fill("10:00", "other", 7, 102, {}, NEXT_NY),
      fill("11:00", "entry", 5, 103, ANEW, NEXT_NY),
      look("11:01", 5, 103, {}, NEXT_NY),
    ],
  };
  assertEquals(listUnopened([day], day), ["NVDA"]);
  assertEquals(listUnopened([BEFORE, day], day), []);
});

Deno.test("listUnopened() misses nothing of what was entered on the day alone", () => {
  const events = [
    fill("11:00", "entry", 5, 103, ANEW, NEXT_NY),
    look("11:01", 5, 103, {}, NEXT_NY),
  ];
  const day = { dateNy: NEXT_NY, events };
  assertEquals(listUnopened([day], day), []);
});
