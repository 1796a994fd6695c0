import { assertEquals } from "../assert.ts";
import { isCounted, listMissing, parseMessage } from "./phone_rules.ts";

const ID = "9e3779b1-0001-4000-8000-000000000001";

const cases: { head: string; text: string; missing: string[] }[] = [
  {
    head: "[ERROR] Execution error",
    text: "NVDA entry rejected by the broker (403): no\nDo: look",
    missing: [],
  },
  {
    head: "[ERROR] Execution error",
    text: "NVDA was rejected",
    missing: ["what to do about an error"],
  },
  {
    head: "[ERROR] Execution error",
    text: "the broker refused something\nDo: look",
    missing: ["the symbol first, where it is about one"],
  },
  {
    head: "[ERROR] Execution error",
    text: `NVDA: order ${ID} hangs\nDo: look`,
    missing: ["no order id"],
  },
  {
    head: "[ERROR] Execution error",
    text: "NVDA: stop not put back yet, 14 times by now\nDo: look",
    missing: ["how often an error repeats, and since when, where it does"],
  },
  {
    head: "[ERROR] Position without stop",
    text: "NVDA: NO STOP\nDo: place one",
    missing: ["how many shares are bare, since when and why"],
  },
  {
    head: "[WARNING] Foreign position",
    text: "XYZ 10 shares: not bought by this engine",
    missing: ["what to do about a warning"],
  },
  {
    head: "[TRADE] NVDA bought 7 at 126.29",
    text: "NVDA 7 shares",
    missing: ["quantity, price and what protects it, or the result"],
  },
  {
    head: "[INFO] Execution heartbeat",
    text: "Gate mode=LIVE",
    missing: ["mode, market, list, equity, day result, caps and positions"],
  },
  {
    head: "[INFO] Execution recovered",
    text: "all is well",
    missing: ["what it has recovered from"],
  },
];
for (const { head, text, missing } of cases) {
  Deno.test(`listMissing() finds ${missing.join() || "nothing missing"} in ${JSON.stringify(text)}`, () => {
    const message = parseMessage(`[AVWAP][EXECUTION]${head}\nTEST paper: ${text}`);
    assertEquals(listMissing(message), missing);
  });
}

Deno.test("isCounted() finds a noun in the form of another number", () => {
  const texts = ["NVDA 1 shares", "5 candidates, 1 rows dropped", "1 open orders"];
  assertEquals(texts.filter(isCounted), []);
  const right = ["NVDA 1 share", "11 shares", "0.1 shares", "1 of 5 orders", "10:01 shares"];
  assertEquals(right.filter(isCounted), right);
});
