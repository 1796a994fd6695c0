import type { Caps } from "./caps.ts";
import type { LedgerProblem } from "../order/ledger.ts";
import { formatUsd } from "../order/money.ts";
import type { ReadFailure } from "../order/order_request.ts";

/** Tickers that may be bought: all, or a sorted list. `invalid` blocks LIVE under its variable's name. */
export type Allowlist =
  | { readonly kind: "all" }
  | { readonly kind: "list"; readonly symbols: readonly string[] }
  | { readonly kind: "invalid" };

/** What is in the confirm token file: its content, or that it is not there (or can't be read, which is the same no). */
export type TokenFile = { readonly kind: "missing" } | {
  readonly kind: "present";
  readonly text: string;
};

/** Everything that the gate asks, read for this decision (interface, Gate). */
export interface GateInputs {
  readonly isDryRun: boolean;
  readonly isKillSwitchEnv: boolean;
  readonly isKillSwitchFile: boolean;
  readonly isLiveTrading: boolean;
  readonly envToken: string | null;
  readonly fileToken: TokenFile;
  readonly caps: Caps | null;
  readonly allowlist: Allowlist;
  /** The variable or file whose content blocks LIVE, or `null`. */
  readonly invalidConfiguration: string | null;
  readonly ledgerProblem: LedgerProblem | null;
  readonly positionsProblem: ReadFailure | null;
}

/** Why LIVE is off: the first that applies, in the order of the interface. */
export type GateFailReason =
  | {
    readonly code:
      | "dry_run_enabled"
      | "live_trading_disabled"
      | "env_token_missing"
      | "file_token_missing"
      | "file_token_empty"
      | "token_mismatch";
  }
  | { readonly code: "kill_switch_active"; readonly source: "env" | "file" }
  | { readonly code: "invalid_configuration"; readonly variable: string }
  | { readonly code: "ledger_unavailable"; readonly problem: LedgerProblem }
  | { readonly code: "positions_unavailable"; readonly failure: ReadFailure };

/**
 * Whether LIVE is off because records or broker can't be counted from: nothing that an order depends on is decided then
 * (pipeline 4).
 */
export function isInputUnavailable({ code }: GateFailReason): boolean {
  return code === "ledger_unavailable" || code === "positions_unavailable";
}

/** Whether the operator's own switch keeps LIVE off, and nothing that fails by itself: what he stopped waits for him. */
export function isOfOperator(reason: GateFailReason): boolean {
  return !isInputUnavailable(reason) && reason.code !== "invalid_configuration";
}

/** The gate's answer. Only the LIVE arm carries caps and allowlist, so code that skips the gate has nothing to act with. */
export type GateDecision =
  | {
    readonly mode: "LIVE";
    readonly caps: Caps;
    readonly allowlist: Exclude<Allowlist, { readonly kind: "invalid" }>;
  }
  | { readonly mode: "DRY_RUN"; readonly reason: GateFailReason };

/** The arm of `GateDecision` that permits a live order. */
export type LiveDecision = Extract<GateDecision, { readonly mode: "LIVE" }>;

/** What the operator alone says: the part of the gate that can stop the rest of an exit (pipeline 5). */
export type OperatorInputs = Pick<
  GateInputs,
  "isDryRun" | "isKillSwitchEnv" | "isKillSwitchFile" | "isLiveTrading" | "envToken" | "fileToken"
>;

/**
 * The operator's own objections, first one first (runbook 2, two keys and kill switch).
 * @returns `null` where the operator wants LIVE.
 */
export function decideOperator(inputs: OperatorInputs): GateFailReason | null {
  if (inputs.isDryRun) return { code: "dry_run_enabled" };
  if (inputs.isKillSwitchEnv) return { code: "kill_switch_active", source: "env" };
  if (inputs.isKillSwitchFile) return { code: "kill_switch_active", source: "file" };
  if (!inputs.isLiveTrading) return { code: "live_trading_disabled" };
  const envToken = inputs.envToken?.trim() ?? "";
  if (envToken === "") return { code: "env_token_missing" };
  if (inputs.fileToken.kind === "missing") return { code: "file_token_missing" };
  const fileToken = inputs.fileToken.text.trim();
  if (fileToken === "") return { code: "file_token_empty" };
  if (!isSameToken(envToken, fileToken)) return { code: "token_mismatch" };
  return null;
}

/**
 * Decides LIVE or DRY_RUN: LIVE only where nothing objects (interface, Gate; runbook 2).
 * @param inputs Read for this decision; anything missing or unreadable must already be in them as an objection.
 */
export function decideGate(inputs: GateInputs): GateDecision {
  const objection = decideOperator(inputs);
  if (objection !== null) return { mode: "DRY_RUN", reason: objection };
  const { caps, allowlist } = inputs;
  if (inputs.invalidConfiguration !== null) return invalid(inputs.invalidConfiguration);
  if (caps === null) return invalid("caps");
  if (allowlist.kind === "invalid") return invalid("ALLOWLIST_SYMBOLS");
  if (inputs.ledgerProblem !== null) {
    return {
      mode: "DRY_RUN",
      reason: { code: "ledger_unavailable", problem: inputs.ledgerProblem },
    };
  }
  if (inputs.positionsProblem !== null) {
    return {
      mode: "DRY_RUN",
      reason: { code: "positions_unavailable", failure: inputs.positionsProblem },
    };
  }
  return { mode: "LIVE", caps, allowlist };
}

function invalid(variable: string): GateDecision {
  return { mode: "DRY_RUN", reason: { code: "invalid_configuration", variable } };
}

/**
 * Compares in a time that depends on the lengths alone, whatever differs. By code unit: encoded as UTF-8, every
 * malformed character would become the same replacement and equal each other.
 */
function isSameToken(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  }
  return difference === 0;
}

const REASON_TEXT = {
  dry_run_enabled: "DRY_RUN enabled",
  live_trading_disabled: "LIVE_TRADING disabled",
  env_token_missing: "LIVE_CONFIRM_TOKEN missing",
  file_token_missing: "confirm token file missing",
  file_token_empty: "confirm token file empty",
  token_mismatch: "LIVE_CONFIRM_TOKEN mismatch",
} as const;

/** The reason in the words that operators match on (interface, Gate). */
export function formatGateReason(reason: GateFailReason): string {
  switch (reason.code) {
    case "kill_switch_active":
      return `kill switch active (${reason.source})`;
    case "invalid_configuration":
      return `invalid configuration (${reason.variable})`;
    case "ledger_unavailable":
      return `ledger unavailable (${reason.problem})`;
    case "positions_unavailable":
      return `positions unavailable (${reason.failure})`;
    default:
      return REASON_TEXT[reason.code];
  }
}

/** Mode and reason as one text, for the gate line and for what changed since. */
export function formatGateMode(decision: GateDecision): string {
  return decision.mode === "LIVE"
    ? "Gate mode=LIVE status=PASS reason=live trading confirmed"
    : `Gate mode=DRY_RUN status=FAIL reason=${formatGateReason(decision.reason)}`;
}

/** The three gate lines, without their time (interface, Gate). */
export function formatGateLines(
  decision: GateDecision,
  limits: { readonly caps: Caps | null; readonly allowlist: Allowlist },
): string[] {
  return [
    formatGateMode(decision),
    `Gate allowlist=${formatAllowlist(limits.allowlist)}`,
    `Gate caps(${formatCaps(limits.caps)})`,
  ];
}

/** `ALL`, the sorted tickers, or that the list is not valid. */
export function formatAllowlist(allowlist: Allowlist): string {
  if (allowlist.kind === "all") return "ALL";
  return allowlist.kind === "list" ? allowlist.symbols.join(",") : "invalid";
}

function formatCaps(caps: Caps | null): string {
  if (caps === null) return "invalid";
  return `orders/day=${caps.ordersPerDay}, positions=${caps.positions}, ` +
    `gross_notional=${formatUsd(caps.grossNotionalUsd)}, per_symbol=${
      formatUsd(caps.notionalPerSymbolUsd)
    }`;
}
