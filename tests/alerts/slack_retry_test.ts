import {
  ATTEMPTS_MAX,
  BACKOFF_MAX_MS,
  decideRetry,
  type DeliveryOutcome,
  PAUSE_DEFAULT_MS,
  PAUSE_MAX_MS,
  readOutcome,
} from "../../src/alerts/slack_retry.ts";
import { assertEquals } from "../assert.ts";

function outcomeOf(status: number, body = "", retryAfter: string | null = null): DeliveryOutcome {
  return readOutcome({ status, body, header: () => retryAfter });
}

const answers: { status: number; body?: string; outcome: DeliveryOutcome }[] = [
  { status: 200, body: "ok", outcome: { kind: "delivered" } },
  { status: 204, outcome: { kind: "delivered" } },
  { status: 302, outcome: { kind: "refused", why: "HTTP 302, redirect not followed" } },
  {
    status: 400,
    body: "invalid_payload",
    outcome: { kind: "refused", why: "HTTP 400 invalid_payload" },
  },
  { status: 403, body: "T0SECRET/B0", outcome: { kind: "refused", why: "HTTP 403" } },
  { status: 404, body: "<html>no</html>", outcome: { kind: "refused", why: "HTTP 404" } },
  { status: 404, body: `a_${"b".repeat(40)}`, outcome: { kind: "refused", why: "HTTP 404" } },
  { status: 404, body: "no_service", outcome: { kind: "refused", why: "HTTP 404 no_service" } },
  { status: 408, outcome: { kind: "failed", why: "HTTP 408" } },
  { status: 500, body: "rollup_error", outcome: { kind: "failed", why: "HTTP 500" } },
  { status: 503, outcome: { kind: "failed", why: "HTTP 503" } },
  { status: 199, outcome: { kind: "refused", why: "HTTP 199" } },
];
for (const { status, body, outcome } of answers) {
  Deno.test(`readOutcome() says ${JSON.stringify(outcome)} of HTTP ${status} ${body ?? ""}`, () => {
    assertEquals(outcomeOf(status, body), outcome);
  });
}

const pauses: { header: string | null; pauseMs: number }[] = [
  { header: "3", pauseMs: 3000 },
  { header: " 3 ", pauseMs: 3000 },
  { header: "0", pauseMs: 1000 },
  { header: "999999", pauseMs: PAUSE_MAX_MS },
  { header: "9999999999999999999999", pauseMs: PAUSE_DEFAULT_MS },
  { header: "-5", pauseMs: PAUSE_DEFAULT_MS },
  { header: "1.5", pauseMs: PAUSE_DEFAULT_MS },
  { header: "Wed, 21 Oct 2026 07:28:00 GMT", pauseMs: PAUSE_DEFAULT_MS },
  { header: "", pauseMs: PAUSE_DEFAULT_MS },
  { header: null, pauseMs: PAUSE_DEFAULT_MS },
];
for (const { header, pauseMs } of pauses) {
  Deno.test(`readOutcome() pauses ${pauseMs} ms for Retry-After ${JSON.stringify(header)}`, () => {
    assertEquals(outcomeOf(429, "", header), { kind: "rate_limited", why: "HTTP 429", pauseMs });
  });
}

const FAILED = { kind: "failed", why: "timeout" } as const;
const REFUSED = { kind: "refused", why: "HTTP 404" } as const;
const LIMITED = { kind: "rate_limited", why: "HTTP 429", pauseMs: 7000 } as const;

Deno.test("decideRetry() gives an ordinary alert its attempts and no more", () => {
  const decisions = [1, 2, ATTEMPTS_MAX].map((attempts) =>
    decideRetry(FAILED, { attempts, isState: false })
  );
  assertEquals(decisions, [
    { kind: "retry", waitMs: 2000 },
    { kind: "retry", waitMs: 8000 },
    { kind: "give_up" },
  ]);
});

Deno.test("decideRetry() gives an ordinary alert up at a refusal", () => {
  assertEquals(decideRetry(REFUSED, { attempts: 1, isState: false }), { kind: "give_up" });
});

Deno.test("decideRetry() counts a rate limit as an attempt, after the pause that Slack asked for", () => {
  assertEquals(decideRetry(LIMITED, { attempts: 1, isState: false }), {
    kind: "retry",
    waitMs: 7000,
  });
  assertEquals(decideRetry(LIMITED, { attempts: ATTEMPTS_MAX, isState: false }), {
    kind: "give_up",
  });
});

for (const outcome of [FAILED, REFUSED, LIMITED]) {
  Deno.test(`decideRetry() never gives a state alert up when it ${outcome.kind}, and waits a bounded time`, () => {
    for (const attempts of [1, 3, 10, 1000, 1_000_000]) {
      const decision = decideRetry(outcome, { attempts, isState: true });
      assertEquals(decision.kind, "retry");
      const waitMs = decision.kind === "retry" ? decision.waitMs : 0;
      assertEquals(waitMs >= 1000 && waitMs <= BACKOFF_MAX_MS, true, `waits ${waitMs} ms`);
    }
  });
}
