import { type AlpacaClient, createAlpacaClient } from "../broker/alpaca_client.ts";
import { createFetchSend } from "../broker/fetch_transport.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import type {
  EventPort,
  Listing,
  LiveLedgerPort,
  OperatorFilesPort,
  StatePort,
} from "../engine/ports.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { createHttp } from "../runtime/http.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createExecutionState } from "../state/execution_state.ts";
import type { FileSystem } from "../state/file_system.ts";
import { createLiveLedger } from "../state/live_ledger.ts";
import { createOperatorFiles } from "../state/operator_files.ts";
import type { SwitchPlaces } from "../state/switch_files.ts";
import { REQUEST_TIMEOUT_MS } from "./adapters.ts";
import type { ProgramHost } from "./command.ts";
import { createErrorLog } from "./operator_config.ts";
import { buildTellingFetch } from "./progress.ts";

/** The files of a state directory, for a command that does not hold it. */
export interface OperatorFiles {
  readonly fs: FileSystem;
  readonly stateDir: string;
  readonly places: SwitchPlaces;
  readonly ledger: LiveLedgerPort;
  readonly state: StatePort;
  readonly operatorFiles: OperatorFilesPort;
}

/** Opens nothing: each call of the ports does. */
export function buildOperatorFiles({ stateDir, otherStateDirs }: SwitchPlaces): OperatorFiles {
  const fs = createDenoFileSystem();
  const places = { stateDir, otherStateDirs };
  return {
    fs,
    stateDir,
    places,
    ledger: createLiveLedger({ fs, stateDir }),
    state: createExecutionState({ fs, stateDir }),
    operatorFiles: createOperatorFiles({ fs, ...places }),
  };
}

/** Events of a command that changes nothing. */
const NO_EVENTS: EventPort = { record: () => Promise.resolve() };

/** The broker, for a command of the operator; each order-changing exchange is kept in `events`. */
export function buildOperatorBroker(
  host: ProgramHost,
  config: ProgramConfig,
  events: EventPort = NO_EVENTS,
): AlpacaClient {
  return createAlpacaClient({
    tradingUrl: config.endpoint.tradingUrl,
    dataUrl: config.endpoint.dataUrl,
    keyId: config.keyId,
    secretKey: config.secretKey,
    send: createFetchSend(createHttp(buildTellingFetch(host, { timeoutMs: REQUEST_TIMEOUT_MS }))),
    clock: host.clock,
    chance: host.chance,
    feed: config.feed,
    timeoutMs: REQUEST_TIMEOUT_MS,
    log: createErrorLog(host),
    // Not awaited: the log writes in turn, and the last event of a command is waited for.
    onExchange: (exchange) =>
      void events.record({
        type: "exchange",
        method: exchange.method,
        path: exchange.path,
        request_body: exchange.requestBody,
        http_status: exchange.httpStatus,
        failure: exchange.failure,
        answer_body: exchange.answerBody,
        took_ms: exchange.tookMs,
      }),
  });
}

/** The broker's orders of one New York date, nested; what can't be read among them is of that date or later. @throws {BrokerError} */
export async function listOrdersOfDay(
  broker: Pick<AlpacaClient, "listOrders">,
  dateNy: string,
): Promise<Listing<BrokerOrder>> {
  const afterMs = nyToMs(dateNy, "00:00");
  const { rows, unreadable } = await broker.listOrders({ status: "all", afterMs });
  return { rows: rows.filter((order) => dateNyOf(order.submittedAtMs) === dateNy), unreadable };
}
