import type { EntryIntent } from "../account/entry_intent.ts";
import { formatUtc } from "../time/ny_time.ts";
import { read, record } from "./entry_step.ts";
import type { Note } from "./note.ts";
import { noteEntry, settleUnwritten } from "./settle_entry.ts";
import type { EntryPlanned } from "./step.ts";
import type { EntryWorld } from "./world.ts";

/** What DRY_RUN does with due intents: once per symbol and NY day, durable before it is said (pipeline 4). */
export function planSimulated(
  { desk, now }: EntryWorld,
  intents: readonly EntryIntent[],
): EntryPlanned | null {
  const { simulations } = desk.turn;
  const unread = intents.filter(({ symbol }) => !simulations.has(symbol));
  if (unread.length > 0) {
    const symbols = unread.map(({ symbol }) => symbol);
    const say = unread.flatMap((intent) => listBlocks(desk, intent));
    return { ...read([{ ask: "dry_run_ledger", symbols }]), say };
  }
  const open = intents.filter(({ symbol }) => simulations.get(symbol)?.kind === "not_yet");
  if (open.length > 0) {
    const ts = formatUtc(now.brokerMs);
    const orders = open.map(({ symbol, qty }) => ({ dateNy: now.dateNy, symbol, qty, ts }));
    return record([{ kind: "simulated", orders }], []);
  }
  if (intents.length === 0) return null;
  const say = intents.flatMap((intent) => saySimulated(desk, intent));
  return record([{ kind: "off_list", intents }], say);
}

function isAllowlisted({ allowlist }: EntryWorld["desk"], symbol: string): boolean {
  return allowlist.kind !== "list" || allowlist.symbols.includes(symbol);
}

function listBlocks(desk: EntryWorld["desk"], intent: EntryIntent): Note[] {
  const note = (what: "allowlist" | "entries paused") =>
    noteEntry(intent, { kind: "would_block", what });
  return [
    ...(isAllowlisted(desk, intent.symbol) ? [] : [note("allowlist")]),
    ...(desk.areEntriesPaused ? [note("entries paused")] : []),
  ];
}

function saySimulated(desk: EntryWorld["desk"], intent: EntryIntent): Note[] {
  const simulation = desk.turn.simulations.get(intent.symbol);
  switch (simulation?.kind) {
    case "now": {
      const isListed = isAllowlisted(desk, intent.symbol);
      return [noteEntry(intent, { kind: "simulated", intent, isAllowlisted: isListed })];
    }
    case "failed":
      return [...settleUnwritten(intent, [intent], simulation.message).say];
    default:
      return [noteEntry(intent, { kind: "simulated_before" })];
  }
}
