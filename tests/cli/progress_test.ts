import { buildTellingFetch } from "../../src/cli/progress.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

const URL_TEXT = "https://paper-api.alpaca.markets/v2/positions/PKTEST1?x=1";

Deno.test("a broker that takes long is spoken of, with what it is asked and how long that may take", async () => {
  const told = Promise.withResolvers<string>();
  const telling = buildTellingFetch({
    environment: { APCA_API_KEY_ID: "PKTEST1" },
    writeError: told.resolve,
    // It answers once that was said.
    fetch: async () => new Response(await told.promise),
  }, { timeoutMs: 10_000, patienceMs: 0 });
  const answer = await telling(URL_TEXT, { method: "DELETE" });
  assertEquals(
    await answer.text(),
    "avwap-execution: waiting for paper-api.alpaca.markets to answer DELETE " +
      "/v2/positions/[redacted], at most 10 s more\n",
  );
});

Deno.test("a broker that answers in time is not spoken of, and no timer is left behind", () =>
  inOperatorDir(async (dir) => {
    const { status, error } = await runOperator(["status", "--broker"], {
      AVWAP_STATE_DIR: dir,
      APCA_API_KEY_ID: "key-of-nobody",
      APCA_API_SECRET_KEY: "secret-of-nobody",
    }, { fetch: () => Promise.resolve(new Response("no", { status: 403 })) });
    assertEquals(status, 69);
    assertStringIncludes(error, "broker unreachable");
    assertEquals(error.includes("waiting for"), false);
  }));
