import { buildRefusal, type SimResponse } from "./wire.ts";

const INVALID = 40010001;
const UNPROCESSABLE = 42210000;
const FORBIDDEN = 40310000;

/** How the broker says that a client order id exists (broker.md, the 422 rows): code and message. */
export const DUPLICATES = {
  underscores: [INVALID, "client_order_id must be unique"],
  words: [UNPROCESSABLE, "client order id must be unique"],
  exists: [INVALID, "client_order_id already exists"],
  capital: [null, "Client Order ID already exists."],
} as const;
/** One of those wordings. */
export type Duplicate = keyof typeof DUPLICATES;

/** The refusal of a client order id that exists. */
export function refuseDuplicate(wording: Duplicate): SimResponse {
  const [code, message] = DUPLICATES[wording];
  return buildRefusal(422, code, message);
}

/** What becomes of a replacement besides being done: refused for good, done although refused, taken and then rejected. */
export const REPLACE_FAULTS = [
  "chain",
  "status",
  "unchanged",
  "forbidden",
  "done_though_refused",
  "rejected_later",
] as const;
/** One of those faults. */
export type ReplaceFault = typeof REPLACE_FAULTS[number];

/** The refusal of a replacement; `null` where it is taken, and only rejected afterwards. */
export function refuseReplace(fault: ReplaceFault): SimResponse | null {
  switch (fault) {
    case "chain":
    case "done_though_refused":
      return buildRefusal(422, UNPROCESSABLE, "order chain not fully replaced");
    case "status":
      return buildRefusal(422, UNPROCESSABLE, "cannot replace order in accepted status");
    case "unchanged":
      return buildRefusal(422, UNPROCESSABLE, "order parameters are not changed");
    case "forbidden":
      return buildRefusal(403, FORBIDDEN, "order is not replaceable");
    case "rejected_later":
      return null;
  }
}
