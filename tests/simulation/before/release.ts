import type { HttpSend } from "../../../src/broker/transport.ts";
import type { ChancePort, ClockPort, LogPort } from "../../../src/engine/ports.ts";
import type { FileSystem } from "../../../src/state/file_system.ts";

/** Of a configuration of 0.1.0's what its ports are built from. */
interface Config {
  readonly endpoint: { readonly tradingUrl: string; readonly dataUrl: string };
  readonly keyId: string;
  readonly secretKey: string;
  readonly feed: unknown;
  readonly stateDir: string;
  readonly dryRunLedgerPath: string;
  readonly watchlist: { readonly path: string };
  readonly secrets: readonly string[];
  readonly engine: object;
}

/** An answer of the broker's, for the audit trail. */
interface HttpExchange {
  readonly method: string;
  readonly path: string;
  readonly requestBody: unknown;
  readonly httpStatus: unknown;
  readonly answerBody: unknown;
}

/** A port of 0.1.0's that is only handed on. */
type Port = object;

/** The parts of release 0.1.0 that a process is made of, as far as they are called from here. */
export interface Release {
  readonly RUN_ONCE_MS: number;
  readonly NO_RUN_FLAGS: object;
  buildConfig(
    environment: Readonly<Record<string, string>>,
    flags: object,
  ): { readonly config: Config };
  createAlpacaClient(options: {
    readonly tradingUrl: string;
    readonly dataUrl: string;
    readonly keyId: string;
    readonly secretKey: string;
    readonly send: HttpSend;
    readonly clock: ClockPort;
    readonly chance: ChancePort;
    readonly feed: unknown;
    readonly timeoutMs: number;
    readonly endMs: number;
    readonly log: LogPort;
    readonly onExchange: (exchange: HttpExchange) => void;
  }): Port;
  createEventLog(options: {
    readonly fs: FileSystem;
    readonly clock: ClockPort;
    readonly log: LogPort;
    readonly stateDir: string;
    readonly secrets: readonly string[];
  }): {
    record(event: object): Promise<void>;
    listDay(query: object): Promise<unknown>;
  };
  createLiveLedger(options: { readonly fs: FileSystem; readonly stateDir: string }): Port;
  createExecutionState(options: { readonly fs: FileSystem; readonly stateDir: string }): Port;
  createDryRunLedger(options: { readonly fs: FileSystem; readonly path: string }): Port;
  createOperatorFiles(options: { readonly fs: FileSystem; readonly stateDir: string }): Port;
  createWatchlistFile(options: { readonly fs: FileSystem; readonly path: string }): Port;
  runLoop(ports: object, stop: AbortSignal, options: { readonly lookMs: number }): Promise<number>;
  readonly HttpFailure: new (failure: "timeout" | "network", message: string) => Error;
  readonly StateError: new (message: string) => Error;
}

const MODULES = [
  "broker/alpaca_client.ts",
  "broker/transport.ts",
  "engine/engine.ts",
  "engine/loop.ts",
  "engine/ports.ts",
  "runtime/config.ts",
  "state/dry_run_ledger.ts",
  "state/event_log.ts",
  "state/execution_state.ts",
  "state/live_ledger.ts",
  "state/operator_files.ts",
  "state/watchlist_file.ts",
] as const;

/** Loads release 0.1.0 from the directory in which its source lies. */
export async function loadRelease(dir: string): Promise<Release> {
  const release: Release = Object.assign(
    {},
    ...await Promise.all(MODULES.map((path) => import(`file://${dir}/src/${path}`))),
  );
  return release;
}
