import { z } from "zod";
import type { OperatorRequest } from "../domain/account/operator_request.ts";
import { formatUtc } from "../domain/time/ny_time.ts";
import { isTicker } from "../domain/order/symbol.ts";
import { type RequestRead, StateError } from "../engine/ports.ts";
import { replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { parseIsoTime, PriceWire } from "./ledger_schema.ts";
import { decodeUtf8 } from "./text_file.ts";

const REQUEST_BYTES_MAX = 4096;
const FILE_NAME = /^(release|adopt)-([A-Z0-9.]+)\.json$/;

const ReleaseWire = z.strictObject({
  symbol: z.string(),
  position_id: z.string().min(1),
  time: z.string(),
});
const AdoptWire = z.strictObject({
  symbol: z.string(),
  time: z.string(),
  plan: z.strictObject({
    stop: PriceWire,
    r1: PriceWire.nullable(),
    r2: PriceWire.nullable(),
  }).nullable(),
});

/** Name of the file that holds a request (interface, Files). */
export function buildRequestName(
  { kind, symbol }: Pick<OperatorRequest, "kind" | "symbol">,
): string {
  return `${kind}-${symbol}.json`;
}

/** The operator's requests in the state directory, each for itself; none where it can't be listed. */
export async function listRequests(fs: FileSystem, stateDir: string): Promise<RequestRead[]> {
  try {
    const names = (await fs.listDir(stateDir)).filter((name) => FILE_NAME.test(name)).sort();
    const requests: RequestRead[] = [];
    for (const name of names) requests.push(await readRequest(fs, stateDir, name));
    return requests;
  } catch (error) {
    // It is looked at again in a moment.
    if (error instanceof StateError) return [];
    throw error;
  }
}

async function readRequest(fs: FileSystem, stateDir: string, name: string): Promise<RequestRead> {
  try {
    const text = decodeUtf8(await fs.readBytes(joinPath(stateDir, name), REQUEST_BYTES_MAX));
    const request = parseRequest(name, text ?? "");
    return request === null ? { kind: "damaged", name } : { kind: "ok", name, request };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { kind: "unreadable", name, message: error.message };
  }
}

function parseRequest(name: string, text: string): OperatorRequest | null {
  const match = FILE_NAME.exec(name);
  const symbol = match?.[2] ?? "";
  if (!isTicker(symbol)) return null;
  const json = parseJsonOrNull(text);
  if (match?.[1] === "release") {
    const wire = ReleaseWire.safeParse(json);
    const atMs = wire.success ? parseIsoTime(wire.data.time) : null;
    if (!wire.success || atMs === null || wire.data.symbol !== symbol) return null;
    return { kind: "release", symbol, positionId: wire.data.position_id, atMs };
  }
  const wire = AdoptWire.safeParse(json);
  const atMs = wire.success ? parseIsoTime(wire.data.time) : null;
  if (!wire.success || atMs === null || wire.data.symbol !== symbol) return null;
  const { plan } = wire.data;
  return {
    kind: "adopt",
    symbol,
    atMs,
    plan: plan === null ? null : { stopUsd: plan.stop, r1Usd: plan.r1, r2Usd: plan.r2 },
  };
}

function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Writes a request, mode 0600, for the engine that holds the directory. @throws {StateError} */
export async function writeRequest(
  fs: FileSystem,
  stateDir: string,
  request: OperatorRequest,
): Promise<void> {
  const { symbol, atMs } = request;
  const time = formatUtc(atMs);
  const wire = request.kind === "release"
    ? { symbol, position_id: request.positionId, time }
    : { symbol, time, plan: buildPlanWire(request.plan) };
  const text = `${JSON.stringify(wire)}\n`;
  await replaceFile(
    fs,
    joinPath(stateDir, buildRequestName(request)),
    new TextEncoder().encode(text),
  );
}

function buildPlanWire(plan: Extract<OperatorRequest, { kind: "adopt" }>["plan"]) {
  return plan === null ? null : { stop: plan.stopUsd, r1: plan.r1Usd, r2: plan.r2Usd };
}

/** Removes a request that was dealt with. @throws {StateError} */
export async function removeRequest(fs: FileSystem, stateDir: string, name: string): Promise<void> {
  const path = joinPath(stateDir, name);
  if (await fs.lstat(path) === null) return;
  await fs.remove(path);
  await fs.syncDir(stateDir);
}
