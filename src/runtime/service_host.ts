// @ts-types="./node_fs.d.ts"
import { fstatSync } from "node:fs";
import type { Notify } from "./service_manager.ts";

/** Variables by which systemd tells a service what it offers; read beside the operator's own. */
export const SERVICE_VARIABLES = ["NOTIFY_SOCKET", "JOURNAL_STREAM"] as const;

/** Where systemd 252 and later listen for a service's messages. */
export const SYSTEMD_NOTIFY_PATH = "/run/systemd/notify";
/** Our own end of that conversation, in the unit's `RuntimeDirectory=`. */
export const NOTIFY_PATH = "/run/avwap-execution/notify.sock";

const STDOUT = 1;

/** What the service manager offers to this process. */
export interface ServiceHost {
  /** Carries a message to it, or `null` where nobody listens. */
  readonly notify: Notify | null;
  /** Whether standard output goes straight to the journal, which takes a line's priority from its beginning. */
  readonly isJournal: boolean;
}

/** As much of a datagram socket as is needed. */
export interface Datagrams {
  send(bytes: Uint8Array): Promise<unknown>;
}

/** How the host is asked; `main.ts` gives the real one. */
export interface ServiceProbe {
  /** The variable's text, `undefined` also where it may not be read. */
  readonly get: (name: typeof SERVICE_VARIABLES[number]) => string | undefined;
  /** `DEVICE:INODE` of standard output, or `null` where that can't be known. */
  readonly readOutputId: () => string | null;
  readonly open: () => Datagrams;
}

/** Finds out what the service manager offers. An address that we have no permission for is none. */
export function readServiceHost({ get, readOutputId, open }: ServiceProbe): ServiceHost {
  const stream = get("JOURNAL_STREAM");
  const isNotified = get("NOTIFY_SOCKET") === SYSTEMD_NOTIFY_PATH;
  return {
    notify: isNotified ? createNotify(open) : null,
    isJournal: stream !== undefined && stream === readOutputId(),
  };
}

/** Opens at the first message, so that a process which never sends one leaves nothing behind. */
export function createNotify(open: () => Datagrams): Notify {
  const encoder = new TextEncoder();
  let datagrams: Datagrams | null = null;
  return async (message) => {
    datagrams ??= open();
    await datagrams.send(encoder.encode(message));
  };
}

/** The real socket, bound to a path of ours: the runtime can't send from one without a name. */
export function openNotifySocket(): Datagrams {
  try {
    Deno.removeSync(NOTIFY_PATH);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const socket = Deno.listenDatagram({ transport: "unixpacket", path: NOTIFY_PATH });
  const address: Deno.UnixAddr = { transport: "unixpacket", path: SYSTEMD_NOTIFY_PATH };
  return { send: (bytes) => socket.send(bytes, address) };
}

/** Standard output as systemd names it in `JOURNAL_STREAM`; `null` where it is closed. */
export function readOutputId(): string | null {
  try {
    const { dev, ino } = fstatSync(STDOUT);
    return `${dev}:${ino}`;
  } catch {
    return null; // Then it is not the journal either.
  }
}
