import { listFillSteps } from "../../../src/domain/day/day_trail.ts";
import { listUnopened } from "../../../src/domain/day/unopened.ts";
import { nyToMs } from "../../../src/domain/time/ny_time.ts";
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

Deno.test("listUnopened() misses the day of fills that another tells again, until it is read", () => {
  // The records were lost in the night, and what the broker shows of the day before is told as new.
  const filled = { filled_at: new Date(nyToMs(DATE_NY, "10:00")).toISOString() };
  const sold = { filled_at: new Date(nyToMs(DATE_NY, "11:00")).toISOString() };
  const again = {
    dateNy: NEXT_NY,
    events: [
      fill("09:25", "entry", 7, 100, { ...filled, order_id: "entry-10:00" }, NEXT_NY),
      fill("09:25", "stop", 7, 90, { ...sold, order_id: "stop-11:00" }, NEXT_NY),
    ],
  };
  assertEquals(listUnopened([again], again), ["NVDA"]);
  const before = { dateNy: DATE_NY, events: [...BEFORE.events, fill("11:00", "stop", 7, 90)] };
  assertEquals(listUnopened([before, again], again), []);
  assertEquals(listFillSteps([before, again]).map(({ dateNy }) => dateNy), [DATE_NY, DATE_NY]);
});
