import { listTroubles } from "../domain/account/standing.ts";
import { formatCounted } from "../domain/counted.ts";
import type { LedgerFinding } from "../domain/account/ledger_findings.ts";
import { formatGateReason, type GateDecision, type TokenFile } from "../domain/gate/gate.ts";
import { countsAsOn, type SwitchLook } from "../state/switch_files.ts";
import type { ArchiveRead, LedgerRead, StateRead } from "../domain/account/records_read.ts";
import {
  checkWatchlist as decideWatchlist,
  type WatchlistLook,
  type WatchlistRead,
} from "../domain/entry/watchlist_step.ts";
import { type CheckItem, fail, objectToLive, pass, warn } from "./check_item.ts";
import { type Remedy, remedy } from "./check_remedies.ts";

const DROPPED_SHOWN_MAX = 10;
/** A watchlist that may be half written. */
const UNFINISHED = "its last line has no end and is not used yet: a writer may be at work";

/** The watchlist: present, fresh, parsable; which rows it lost, and what is odd of it (pipeline 1). */
export function checkWatchlistFile(read: WatchlistRead, look: WatchlistLook): CheckItem {
  const step = decideWatchlist(read, look);
  const scan = remedy("look_at_list", read.path);
  switch (step.kind) {
    case "missing":
    case "unreadable":
      return fail("watchlist", step.message, scan, "watchlist_missing");
    case "stale":
      return fail("watchlist", step.message, scan, "watchlist_stale");
    case "refused":
      return fail("watchlist", step.message, scan, "watchlist_missing");
    case "fresh":
      break;
  }
  const { dropped, warnings } = step;
  const shown = dropped.slice(0, DROPPED_SHOWN_MAX)
    .map(({ line, symbol, reason }) => `line ${line} ${symbol || "row"}: ${reason}`);
  const more = dropped.length > DROPPED_SHOWN_MAX
    ? [`and ${dropped.length - DROPPED_SHOWN_MAX} more`]
    : [];
  const text = [
    `fresh, ${
      formatCounted(step.candidates.length, "row")
    } usable, ${dropped.length} dropped: ${read.path}`,
    ...warnings.map(({ text: odd }) => odd),
    ...(step.waitMs === null ? [] : [UNFINISHED]),
    ...shown,
    ...more,
  ].join("; ");
  // A Short row is dropped by the rules, every day; anything else is news.
  const isNews = warnings.length > 0 || step.waitMs !== null ||
    dropped.some(({ reason }) => reason !== "direction short");
  return step.candidates.length === 0 || isNews
    ? warn("watchlist", text, scan)
    : pass("watchlist", text);
}

/** What the ledger is held against. */
export interface LedgerCheck {
  readonly read: LedgerRead;
  /** Of its rules and, where the broker was asked, of the broker. */
  readonly findings: readonly LedgerFinding[];
  /** What a ledger is rebuilt from too, where it can't be used. */
  readonly archive: ArchiveRead;
  readonly isBrokerAsked: boolean;
  readonly isServiceRunning: boolean;
}

/** The live ledger: readable, valid, agreeing with the broker (pipeline 6). */
export function checkLedgerFile(check: LedgerCheck, isLiveAsked: boolean): CheckItem {
  const { read, findings } = check;
  const rebuild = buildRebuild(check);
  if (read.kind !== "ok") {
    return objectToLive("live ledger", `${read.kind}: ${read.message}`, {
      isLiveAsked,
      remedy: rebuild,
    });
  }
  const faults = findings.filter(({ kind }) => kind === "fault").map(({ text }) => text);
  if (faults.length > 0) {
    return objectToLive("live ledger", faults.join("; "), { isLiveAsked, remedy: rebuild });
  }
  const { ledger } = read;
  const notes = findings.map(({ text }) => `; ${text}`).join("");
  const against = check.isBrokerAsked ? "agrees with the broker" : "the broker was not asked";
  return pass(
    "live ledger",
    `of ${ledger.dateNy}, ${formatCounted(ledger.entries.length, "order")}, ${against}${notes}`,
  );
}

function buildRebuild({ read, archive, isServiceRunning }: LedgerCheck): Remedy {
  // What it is rebuilt from must be readable, or out of the way.
  const isArchiveInTheWay = read.kind !== "ok" && archive.kind === "unreadable";
  const inTheWay = isArchiveInTheWay ? [archive.path] : [];
  return remedy("rebuild_ledger", { isServiceRunning, inTheWay });
}

/** The past days' ledgers: what is lost is rebuilt from them (pipeline 6). */
export function checkArchive(
  read: ArchiveRead,
  options: {
    /** Whether a record is to be made anew. */
    readonly isNeeded: boolean;
    readonly isLiveAsked: boolean;
  },
): CheckItem {
  if (read.kind === "unreadable") {
    const move = remedy("move_away", [read.path]);
    return options.isNeeded
      ? objectToLive("archive", `${read.message}; nothing is rebuilt without it`, {
        isLiveAsked: options.isLiveAsked,
        remedy: move,
      })
      : warn("archive", read.message, move);
  }
  if (read.unusable.length > 0) {
    return warn(
      "archive",
      read.unusable.map(({ message }) => message).join("; "),
      remedy("move_away", read.unusable.map(({ path }) => path)),
    );
  }
  const [newest] = read.ledgers;
  return pass("archive", newest === undefined ? "empty" : `newest of ${newest.dateNy}`);
}

/** The engine's memory: without it LIVE waits for a cycle that rebuilds it. */
export function checkStateFile(
  state: StateRead,
  options: {
    readonly path: string;
    /** Whether ledger or archive say that this engine has traded before. */
    readonly hasTraded: boolean;
    readonly isServiceRunning: boolean;
    readonly isLiveAsked: boolean;
  },
): CheckItem {
  const { path, hasTraded, isServiceRunning, isLiveAsked } = options;
  switch (state.kind) {
    case "ok": {
      const { positions, intents } = state.state;
      const symbols = positions.map(({ symbol }) => symbol).join(", ");
      const troubles = listTroubles(state.state.standings);
      if (troubles.length > 0) {
        return warn(
          "engine state",
          `${
            formatCounted(positions.length, "managed position")
          } (${symbols}); at the end of the last cycle ` +
            troubles.join("; "),
          remedy("look_at_broker", "what rests at the broker now"),
        );
      }
      return pass(
        "engine state",
        `${formatCounted(positions.length, "managed position")}${
          symbols === "" ? "" : ` (${symbols})`
        }, ` +
          formatCounted(intents.length, "intent"),
      );
    }
    case "newer":
      return objectToLive("engine state", state.message, {
        isLiveAsked,
        remedy: remedy("move_away", [path]),
      });
    case "unreadable":
      return objectToLive(
        "engine state",
        `unreadable: ${state.message}; nothing is rebuilt while it is there`,
        {
          isLiveAsked,
          remedy: remedy("rebuild_state", { isServiceRunning, inTheWay: [path] }),
        },
      );
    case "damaged":
      return objectToLive("engine state", `${state.message}; the next cycle rebuilds it`, {
        isLiveAsked,
        remedy: buildStateRebuild(options),
      });
    case "missing":
      return hasTraded
        ? objectToLive(
          "engine state",
          "missing, though there were orders; the next cycle rebuilds it",
          {
            isLiveAsked,
            remedy: buildStateRebuild(options),
          },
        )
        : pass("engine state", "none yet: a first start");
  }
}

/** A second process would find the directory held. */
function buildStateRebuild({ isServiceRunning }: { readonly isServiceRunning: boolean }): Remedy {
  return isServiceRunning
    ? remedy(
      "look_again",
      "later: the running service rebuilds it in its next cycle of an open market",
    )
    : remedy("rebuild_state", { isServiceRunning, inTheWay: [] });
}

/** The second key as it is in file and environment (runbook 4.1). */
export interface TokenFacts {
  readonly file: TokenFile;
  readonly path: string;
  /** Permission bits, `null` where there is no file. */
  readonly mode: number | null;
  /** What the gate's own comparison says; `null`: they agree. */
  readonly objection: string | null;
}

/** The confirm token: there, private, the same in both places. */
export function checkToken(facts: TokenFacts, isLiveAsked: boolean): CheckItem {
  const { file, path, mode, objection } = facts;
  const object = (detail: string, what: Remedy) =>
    objectToLive("token", detail, { isLiveAsked, remedy: what });
  if (file.kind === "missing") {
    return object(`no token file that can be read: ${path}`, remedy("make_token"));
  }
  if (file.text.trim() === "") return object(`${path} is empty`, remedy("make_token"));
  if (mode !== null && (mode & 0o177) !== 0) {
    return object(
      `${path} has mode ${mode.toString(8).padStart(3, "0")}, not 600`,
      remedy("close_token", path),
    );
  }
  if (objection !== null) {
    return object(objection, remedy("set_token", path));
  }
  return pass("token", "file and environment agree, mode 600");
}

/** The kill switch, in file and environment. */
export function checkKillSwitch(
  facts: { readonly isEnv: boolean; readonly looks: readonly SwitchLook[] },
  isLiveAsked: boolean,
): CheckItem {
  const { isEnv } = facts;
  const on = facts.looks.filter(countsAsOn);
  if (on.length > 0) {
    const others = on.filter(({ isOwn }) => !isOwn).map(({ path }) => path);
    const where = others.length === 0 ? "" : `, ${others.join(", ")}`;
    return objectToLive("kill switch", `on (file${isEnv ? " and environment" : ""})${where}`, {
      isLiveAsked,
      remedy: remedy("resume", { isElsewhere: others.length > 0 }),
    });
  }
  if (isEnv) {
    return objectToLive("kill switch", "on (environment)", {
      isLiveAsked,
      remedy: remedy("take_out_kill_switch"),
    });
  }
  return pass("kill switch", "off");
}

/** What mode `run` would start in, and why. */
export function checkMode(gate: GateDecision, isLiveAsked: boolean): CheckItem {
  if (gate.mode === "LIVE") return pass("mode", "run would start LIVE: live trading confirmed");
  const text = `run would start in DRY_RUN: ${formatGateReason(gate.reason)}`;
  if (!isLiveAsked) return pass("mode", text);
  // Whoever sets DRY_RUN means it: the other key is only prepared.
  return gate.reason.code === "dry_run_enabled"
    ? warn(
      "mode",
      `${text}, although LIVE_TRADING is on`,
      remedy("choose_mode"),
    )
    : fail(
      "mode",
      `${text}, although LIVE_TRADING is on`,
      remedy("look_at_broker", "the items above say what else to do"),
    );
}
