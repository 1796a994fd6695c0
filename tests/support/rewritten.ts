import type { Fault } from "../simulator/faults.ts";
import type { SimRequest } from "../simulator/wire.ts";

/** A row of one of the broker's lists. */
export type Row = Readonly<Record<string, unknown>>;

/** A fault plan under which the broker's list at a path says something else; other requests pass. */
export function rewriteList(
  path: string,
  change: (rows: readonly Row[]) => readonly Row[],
): (request: SimRequest) => Fault | null {
  const rewrite = (body: string) => JSON.stringify(change(JSON.parse(body)));
  return (request) =>
    request.method === "GET" && request.path === path ? { kind: "rewritten", rewrite } : null;
}

/** A fault plan under which the rows of one symbol in the list at a path have these fields. */
export function breakRows(path: string, symbol: string, change: Row) {
  return rewriteList(
    path,
    (rows) => rows.map((row) => row["symbol"] === symbol ? { ...row, ...change } : row),
  );
}

/** A fault plan under which the broker's clock has these fields. */
export function rewriteClock(change: Row): (request: SimRequest) => Fault | null {
  const rewrite = (body: string) => JSON.stringify({ ...JSON.parse(body), ...change });
  return ({ path }) => path === "/v2/clock" ? { kind: "rewritten", rewrite } : null;
}
