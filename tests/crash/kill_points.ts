import type { Fault } from "../simulator/faults.ts";
import type { SimRequest } from "../simulator/wire.ts";
import type { CrashStage, KillTrigger } from "./crash_stage.ts";
import { type FileEntry, LEDGER_NAME, STATE_NAME } from "./state_files.ts";

/** A point at which the program is killed, found from outside. */
export interface KillPoint {
  /** Ends the sentence "killed ...". */
  readonly when: string;
  readonly trigger: () => KillTrigger;
  /** Whether the kill came where it was meant to: what lies between two steps can be missed, and is tried again. */
  readonly isMet: (stage: CrashStage) => boolean;
}

/** How long a request of a killed program may still be on its way, virtual ms: it arrives under the next one. */
const LATE_MS = 20_000;

/** The network's part in a kill: what becomes of the request that was leaving. */
const LOST: Fault = { kind: "lost_before" };
const TAKEN: Fault = { kind: "lost_after" };
const LATE: Fault = { kind: "delay", ms: LATE_MS };

/** A request of an entry, an exit's or a protection's step, by how the broker sees it. */
type Step = "bracket" | "cancel" | "sell" | "stop" | "shrink";

function stepOf({ method, body }: SimRequest): Step | null {
  if (method === "GET") return null;
  if (method === "DELETE") return "cancel";
  if (method === "PATCH") return "shrink";
  const fields: Record<string, unknown> = JSON.parse(body ?? "{}");
  if (fields["order_class"] === "bracket") return "bracket";
  return fields["type"] === "market" ? "sell" : "stop";
}

function onStep(step: Step, fault: Fault): () => KillTrigger {
  return () => ({ onRequest: (request) => stepOf(request) === step ? fault : undefined });
}

/** Orders at the broker that the ledger names by this part of their id. */
function countAtBroker(stage: CrashStage, part: string): number {
  return stage.exchange.orders.filter((order) =>
    order.parent === null && order.clientOrderId.startsWith("avwap-") &&
    order.clientOrderId.includes(part)
  ).length;
}

function statusOf(stage: CrashStage, part: string): string | null {
  return lastStatus(stage.files.listEntries(), part);
}

/** The same in the document, which is written before the ledger's file. */
function documentStatusOf(stage: CrashStage, part: string): string | null {
  return lastStatus(stage.files.listDocumentEntries(), part);
}

function lastStatus(entries: readonly FileEntry[], part: string): string | null {
  const named = entries.filter((entry) => entry.client_order_id?.includes(part));
  return named.at(-1)?.status ?? null;
}

/** On the last question before an entry is recorded: it follows the entry's own look at the price. */
function onLastLook(symbol: string): () => KillTrigger {
  return () => {
    let isPriced = false;
    return {
      onRequest: ({ path, query }) => {
        if (path === "/v2/clock") isPriced = false;
        if (path.endsWith("/trades/latest")) {
          isPriced = query.get("symbols")?.split(",").includes(symbol) ?? false;
        }
        return isPriced && path === "/v2/orders" && query.get("status") === "open"
          ? null
          : undefined;
      },
    };
  };
}

/** When the ledger file comes to hold a record that waits for its answer. */
function onRecord(part: string): () => KillTrigger {
  return () => ({
    onFile: (name, stage) => name === LEDGER_NAME && statusOf(stage, part) === "pending",
  });
}

/** When the document is being written that makes a decided order a record. */
function onDocumentWrite(part: string): () => KillTrigger {
  return () => ({
    onFile: (name, stage) =>
      name === `${STATE_NAME}.tmp` && documentStatusOf(stage, part) === null &&
      stage.files.readTrail().includes(`"type":"verdict"`),
  });
}

/** When the document holds a record that waits for its answer, and the ledger's file not yet. */
function onDocument(part: string): () => KillTrigger {
  return () => ({ onFile: (_name, stage) => isAhead(stage, part) });
}

function isAhead(stage: CrashStage, part: string): boolean {
  return documentStatusOf(stage, part) === "pending" && statusOf(stage, part) === null;
}

/** When the audit trail holds the broker's answer and the ledger does not yet. */
function onAnswer(part: string): () => KillTrigger {
  return () => ({
    onFile: (name, stage) =>
      name.startsWith("events-") && statusOf(stage, part) === "pending" &&
      hasAnswer(stage, part),
  });
}

/** When the new document, or the new ledger, is being written beside the old one, after the broker took the order. */
function onSettleWrite(part: string): () => KillTrigger {
  return () => ({
    onFile: (name, stage) =>
      (name === `${STATE_NAME}.tmp` || name === `${LEDGER_NAME}.tmp`) &&
      statusOf(stage, part) === "pending" && hasAnswer(stage, part),
  });
}

/** When the records with the new position are being copied into the archive. */
function onCopyWrite(part: string): () => KillTrigger {
  return () => ({
    onFile: (name, stage) =>
      name.startsWith("execution_state_") && statusOf(stage, part) === "accepted",
  });
}

function hasAnswer(stage: CrashStage, part: string): boolean {
  return stage.files.readTrail().split("\n").some((line) =>
    line.includes('"type":"order_answer"') && line.includes('"outcome":"accepted"') &&
    line.includes(part)
  );
}

const anywhere = (stage: CrashStage) => stage.isHit;
const before = (part: string) => (stage: CrashStage) =>
  stage.isHit && countAtBroker(stage, part) === 0 && statusOf(stage, part) === "pending";
const unsettled = (part: string) => (stage: CrashStage) =>
  stage.isHit && countAtBroker(stage, part) === 1 && statusOf(stage, part) === "pending";

/** The points of an entry (issue 3, 7): each step from the decision to the settled record. */
export function listEntryPoints(symbol: string): readonly KillPoint[] {
  return [
    {
      when: "before the ledger write",
      trigger: onLastLook(symbol),
      isMet: (stage) => stage.isHit && statusOf(stage, symbol) === null,
    },
    {
      when: "in the document's write",
      trigger: onDocumentWrite(symbol),
      isMet: (stage) =>
        stage.isHit && documentStatusOf(stage, symbol) === null &&
        countAtBroker(stage, symbol) === 0,
    },
    {
      when: "between the document and the ledger's file",
      trigger: onDocument(symbol),
      isMet: (stage) => stage.isHit && isAhead(stage, symbol) && countAtBroker(stage, symbol) === 0,
    },
    {
      when: "between ledger and request",
      trigger: onRecord(symbol),
      isMet: before(symbol),
    },
    {
      when: "while the request is in flight, which never arrives",
      trigger: onStep("bracket", LOST),
      isMet: before(symbol),
    },
    {
      when: "while the request is in flight, which arrives after the restart",
      trigger: onStep("bracket", LATE),
      isMet: before(symbol),
    },
    {
      when: "between acceptance and answer",
      trigger: onStep("bracket", TAKEN),
      isMet: unsettled(symbol),
    },
    {
      when: "between the answer and the settle write",
      trigger: onAnswer(symbol),
      isMet: unsettled(symbol),
    },
    {
      when: "in the settle write",
      trigger: onSettleWrite(symbol),
      isMet: unsettled(symbol),
    },
    {
      when: "in the write of the records' copy",
      trigger: onCopyWrite(symbol),
      isMet: (stage) => stage.isHit && statusOf(stage, symbol) === "accepted",
    },
  ];
}

/** The points of a trim at R1, whose way leads over the cancel of the bracket's legs. */
export const FIRST_TRIM_POINTS: readonly KillPoint[] = [
  {
    when: "between the document and the ledger's file",
    trigger: onDocument("r1_trim"),
    isMet: (stage) => stage.isHit && isAhead(stage, "r1_trim"),
  },
  { when: "between the records and the cancel", trigger: onRecord("r1_trim"), isMet: anywhere },
  { when: "while the cancel is in flight", trigger: onStep("cancel", LOST), isMet: anywhere },
  { when: "before the cancel is answered", trigger: onStep("cancel", TAKEN), isMet: anywhere },
  { when: "between cancel and sell", trigger: onLookAfterCancel(), isMet: before("r1_trim") },
  { when: "while the sell is in flight", trigger: onStep("sell", LOST), isMet: before("r1_trim") },
  {
    when: "while the sell is in flight, which arrives after the restart",
    trigger: onStep("sell", LATE),
    isMet: before("r1_trim"),
  },
  {
    when: "before the sell is answered",
    trigger: onStep("sell", TAKEN),
    isMet: unsettled("r1_trim"),
  },
  {
    when: "before the sell is settled",
    trigger: onAnswer("r1_trim"),
    isMet: unsettled("r1_trim"),
  },
  { when: "between sell and stop", trigger: onStep("stop", LOST), isMet: before("-stop-") },
  {
    when: "between sell and stop, whose request arrives after the restart",
    trigger: onStep("stop", LATE),
    isMet: before("-stop-"),
  },
  { when: "before the stop is answered", trigger: onStep("stop", TAKEN), isMet: anywhere },
];

/** The points of a trim at R2, which shrinks the resting stop instead. */
export const SECOND_TRIM_POINTS: readonly KillPoint[] = [
  { when: "while the shrink is in flight", trigger: onStep("shrink", LOST), isMet: anywhere },
  { when: "before the shrink is answered", trigger: onStep("shrink", TAKEN), isMet: anywhere },
  { when: "while the sell is in flight", trigger: onStep("sell", LOST), isMet: before("r2_trim") },
  {
    when: "before the sell is answered",
    trigger: onStep("sell", TAKEN),
    isMet: unsettled("r2_trim"),
  },
];

/** The points of the change to an overnight stop before the close. */
export const CLOSE_POINTS: readonly KillPoint[] = [
  { when: "before the cancel is answered", trigger: onStep("cancel", TAKEN), isMet: anywhere },
  { when: "while the stop is in flight", trigger: onStep("stop", LOST), isMet: before("-stop-") },
  { when: "before the stop is answered", trigger: onStep("stop", TAKEN), isMet: anywhere },
];

/** On the first look at the cancelled order by its id, after the cancel. */
function onLookAfterCancel(): () => KillTrigger {
  return () => {
    let isCancelled = false;
    return {
      onRequest: ({ method, path }) => {
        if (method === "DELETE") isCancelled = true;
        // The look at what was cancelled, by its id.
        const isLook = method === "GET" && path.startsWith("/v2/orders/");
        return isCancelled && isLook ? null : undefined;
      },
    };
  };
}
