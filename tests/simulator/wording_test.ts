import { assertEquals, assertMatch } from "../assert.ts";
import { BRACKET, buildMarket, type Market, readText, STOP } from "./harness.ts";
import { type Duplicate, DUPLICATES, REPLACE_FAULTS, type ReplaceFault } from "./wording.ts";

const WORDINGS: readonly Duplicate[] = ["underscores", "words", "exists", "capital"];

Deno.test("every wording of a duplicate is tried", () => {
  assertEquals(WORDINGS.toSorted(), Object.keys(DUPLICATES).sort());
});

for (const duplicateWording of WORDINGS) {
  Deno.test(`a client order id that exists is a 422 in other words: ${duplicateWording}`, () => {
    const market = buildMarket({ duplicateWording });
    const body = { ...BRACKET, client_order_id: "avwap-1" };
    assertEquals(market.call("POST", "/v2/orders", "", body).status, 200);
    const { status, json } = market.call("POST", "/v2/orders", "", body);
    assertEquals(status, 422);
    assertMatch(
      readText(json, "message"),
      /^client[ _]order[ _]id (must be unique|already exists)\.?$/i,
    );
    assertEquals(market.exchange.orders.length, 3);
  });
}

function buildStop(fault: ReplaceFault): Market & { path: string } {
  const market = buildMarket({ replaceFault: () => fault });
  market.exchange.setPosition("NVDA", 10, 100);
  const { json } = market.call("POST", "/v2/orders", "", { ...STOP, client_order_id: "avwap-1" });
  market.pass(1000);
  return { ...market, path: `/v2/orders/${readText(json, "id")}` };
}

const REFUSED: Readonly<Partial<Record<ReplaceFault, readonly [number, string]>>> = {
  chain: [422, "order chain not fully replaced"],
  status: [422, "cannot replace order in accepted status"],
  unchanged: [422, "order parameters are not changed"],
  forbidden: [403, "order is not replaceable"],
};
for (const fault of REPLACE_FAULTS) {
  const refused = REFUSED[fault];
  if (refused === undefined) continue;
  Deno.test(`a replacement is refused for good and the order stays as it is: ${fault}`, () => {
    const market = buildStop(fault);
    for (let time = 0; time < 3; time++) {
      const { status, json } = market.call("PATCH", market.path, "", { stop_price: "96" });
      assertEquals([status, json["message"]], [...refused]);
    }
    const { json } = market.call("GET", market.path);
    assertEquals([json["status"], json["stop_price"]], ["new", "95"]);
    assertEquals(market.exchange.orders.length, 1);
  });
}

Deno.test("a replacement can be done although it was refused", () => {
  const market = buildStop("done_though_refused");
  assertEquals(market.call("PATCH", market.path, "", { stop_price: "96" }).status, 422);
  const { json } = market.call("GET", market.path);
  assertEquals(json["status"], "replaced");
  const fresh = market.call("GET", `/v2/orders/${readText(json, "replaced_by")}`).json;
  assertEquals([fresh["status"], fresh["stop_price"]], ["new", "96"]);
});

Deno.test("a replacement can be taken and then rejected, while the old order lives on", () => {
  const market = buildStop("rejected_later");
  const { status, json } = market.call("PATCH", market.path, "", { stop_price: "96" });
  assertEquals([status, json["status"]], [200, "pending_new"]);
  assertEquals(market.call("GET", market.path).json["status"], "pending_replace");
  market.pass(1000);
  const fresh = market.call("GET", `/v2/orders/${readText(json, "id")}`).json;
  assertEquals(fresh["status"], "rejected");
  const old = market.call("GET", market.path).json;
  assertEquals([old["status"], old["stop_price"], old["replaced_by"]], ["new", "95", null]);
  market.exchange.setPrice("NVDA", 90);
  market.pass(10_000);
  assertEquals(market.call("GET", market.path).json["status"], "filled");
});

const NO_ORDERS: readonly string[] = [
  "INACTIVE",
  "ONBOARDING",
  "SUBMISSION_FAILED",
  "SUBMITTED",
  "APPROVAL_PENDING",
  "REJECTED",
  "ACCOUNT_CLOSED",
  "ACCOUNT_CLOSED_PENDING",
];
for (const accountStatus of [...NO_ORDERS, "ACTIVE", "PAPER_ONLY", "LIMITED", "SOMETHING_NEW"]) {
  const isTaking = !NO_ORDERS.includes(accountStatus);
  Deno.test(`an account in ${accountStatus} ${isTaking ? "takes" : "takes no"} orders`, () => {
    const market = buildMarket({ accountStatus });
    assertEquals(market.call("GET", "/v2/account").json["status"], accountStatus);
    assertEquals(market.call("POST", "/v2/orders", "", BRACKET).status, isTaking ? 200 : 403);
  });
}

Deno.test("a blocked account says so and takes no order", () => {
  const market = buildMarket({ isAccountBlocked: true });
  assertEquals(market.call("GET", "/v2/account").json["account_blocked"], true);
  assertEquals(market.call("POST", "/v2/orders", "", BRACKET).status, 403);
});
