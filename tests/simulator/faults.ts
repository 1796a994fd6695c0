import type { Exchange } from "./exchange.ts";
import type { SimRequest, SimResponse } from "./wire.ts";

/** What the network or the broker's front does to one request. Milliseconds of virtual time. */
export type Fault =
  /** Answered by a front that the request never passes; without a body, one that fits. */
  | {
    readonly kind: "status";
    readonly status: number;
    readonly body?: string;
    readonly retryAfter?: string;
  }
  /** Answered 502 with an HTML page; `isAccepted`: the broker had taken the request. */
  | { readonly kind: "html"; readonly isAccepted?: boolean }
  /** Reaches the broker late, and is answered then; also if the client has gone meanwhile. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Reaches the broker at once, the answer comes late. */
  | { readonly kind: "late"; readonly ms: number }
  /** No answer ever; `isAccepted`: the broker has it. */
  | { readonly kind: "hang"; readonly isAccepted?: boolean }
  /** The connection breaks before the broker has it. */
  | { readonly kind: "lost_before" }
  /** The broker has it, the connection breaks before the answer. */
  | { readonly kind: "lost_after" }
  /** The broker has it, the answer is cut in the middle or is what `body` says. */
  | { readonly kind: "malformed"; readonly body?: string }
  /** The broker has it, and its answer says something else. */
  | { readonly kind: "rewritten"; readonly rewrite: (body: string) => string }
  /** A proxy delivers it twice; the client sees the answer to the second, or to the first. */
  | { readonly kind: "duplicate"; readonly answer?: "first" | "second" }
  /** The broker has it and the connection breaks; whoever is in between sends it again so much later, and passes on that answer. */
  | { readonly kind: "repeat"; readonly ms: number };

/** Decides what happens to a request; `null`: nothing. @param count Requests asked about so far, from 1. */
export type FaultPlan = (request: SimRequest, count: number) => Fault | null;

/** What the client is to see. */
export type Outcome =
  /** `read` gives the answer once virtual time has passed by `afterMs`. */
  | { readonly kind: "answer"; readonly afterMs: number; readonly read: () => SimResponse }
  | { readonly kind: "broken" }
  | { readonly kind: "hang" };

const HTML =
  "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";

function buildAnswer(response: SimResponse, afterMs = 0): Outcome {
  return { kind: "answer", afterMs, read: () => response };
}

function buildFront(status: number, body: string | undefined, retryAfter?: string): SimResponse {
  const text = body ?? JSON.stringify({ message: `status ${status}` });
  const headers = { "content-type": "application/json" };
  if (retryAfter === undefined) return { status, headers, body: text };
  return { status, headers: { ...headers, "retry-after": retryAfter }, body: text };
}

function buildHtml(): SimResponse {
  return { status: 502, headers: { "content-type": "text/html" }, body: HTML };
}

function buildMalformed(response: SimResponse, body: string | undefined): SimResponse {
  const cut = response.body.slice(0, Math.floor(response.body.length / 2));
  return { ...response, body: body ?? (cut === "" ? "{" : cut) };
}

function deliverLate(exchange: Exchange, request: SimRequest, afterMs: number): Outcome {
  let response: SimResponse | null = null;
  exchange.deliverAt(exchange.nowMs + afterMs, () => {
    response = exchange.handle(request);
  });
  const read = (): SimResponse => {
    if (response === null) throw new RangeError("virtual time has not come to the late request");
    return response;
  };
  return { kind: "answer", afterMs, read };
}

/** Passes a request to the exchange through a fault, or straight where it is `null`. */
export function deliver(exchange: Exchange, request: SimRequest, fault: Fault | null): Outcome {
  if (fault === null) return buildAnswer(exchange.handle(request));
  switch (fault.kind) {
    case "status":
      return buildAnswer(buildFront(fault.status, fault.body, fault.retryAfter));
    case "html":
      if (fault.isAccepted === true) exchange.handle(request);
      return buildAnswer(buildHtml());
    case "delay":
      return deliverLate(exchange, request, fault.ms);
    case "late":
      return buildAnswer(exchange.handle(request), fault.ms);
    case "hang":
      if (fault.isAccepted === true) exchange.handle(request);
      return { kind: "hang" };
    case "lost_before":
      return { kind: "broken" };
    case "lost_after":
      exchange.handle(request);
      return { kind: "broken" };
    case "malformed":
      return buildAnswer(buildMalformed(exchange.handle(request), fault.body));
    case "rewritten": {
      const response = exchange.handle(request);
      return buildAnswer({ ...response, body: fault.rewrite(response.body) });
    }
    case "duplicate": {
      const first = exchange.handle(request);
      const second = exchange.handle(request);
      return buildAnswer(fault.answer === "first" ? first : second);
    }
    case "repeat":
      exchange.handle(request);
      return deliverLate(exchange, request, fault.ms);
  }
}

/** A fault for requests of a kind; used up after `times` of them. */
export interface FaultRule {
  readonly method?: string;
  /** The path begins with it. */
  readonly path?: string;
  /** The path, query or body contains it. */
  readonly contains?: string;
  /** Fitting requests that pass before the fault begins. */
  readonly skip?: number;
  /** Requests that it hits; absent: all. */
  readonly times?: number;
  readonly fault: Fault;
}

function isFitting(rule: FaultRule, request: SimRequest): boolean {
  if (rule.method !== undefined && rule.method !== request.method) return false;
  if (rule.path !== undefined && !request.path.startsWith(rule.path)) return false;
  if (rule.contains === undefined) return true;
  const text = `${request.path}?${request.query} ${request.body ?? ""}`;
  return text.includes(rule.contains);
}

/** A plan from rules: the first rule that fits and is neither waiting nor used up. */
export function buildFaultPlan(rules: readonly FaultRule[]): FaultPlan {
  const states = rules.map((rule) => ({
    rule,
    skipsLeft: rule.skip ?? 0,
    timesLeft: rule.times ?? Infinity,
  }));
  return (request) => {
    for (const state of states) {
      if (state.timesLeft === 0 || !isFitting(state.rule, request)) continue;
      if (state.skipsLeft > 0) {
        state.skipsLeft--;
        continue;
      }
      state.timesLeft--;
      return state.rule.fault;
    }
    return null;
  };
}
