import type { FaultPlan } from "../simulator/faults.ts";
import type { SimRequest } from "../simulator/wire.ts";

/** How the data API words the refusal of a list. */
export type Wording = "named" | "unnamed";

/** A front of the data API that refuses each list with one of these symbols in it, at once. */
export function buildRefusal(
  refused: ReadonlySet<string>,
  { wording = "named" as Wording, status = 400, path = "/v2/stocks/" } = {},
): FaultPlan {
  return (request) => {
    const found = askedIn(request).find((symbol) => refused.has(symbol));
    if (!request.path.startsWith(path) || found === undefined) return null;
    const message = wording === "named"
      ? `invalid symbol: ${found}`
      : "one of the request parameters is invalid";
    return { kind: "status", status, body: JSON.stringify({ code: status, message }) };
  };
}

/** The symbols that a request asks for. */
export function askedIn({ query }: SimRequest): string[] {
  return (query.get("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
}

/** The lists that went to a path, in the order in which they left. */
export function listsSent(sent: readonly SimRequest[], path: string): string[][] {
  return sent.filter((request) => request.path === path).map(askedIn);
}
