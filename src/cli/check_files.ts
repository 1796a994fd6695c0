import { listTroubles } from "../domain/account/standing.ts";
import { formatCounted } from "../domain/counted.ts";
import type { LedgerFinding } from "../domain/ledger_findings.ts";
import { formatGateReason, type GateDecision, type TokenFile } from "../domain/gate.ts";
import { countsAsOn, type SwitchLook } from "../state/switch_files.ts";
import type { ArchiveRead, LedgerRead, StateRead, WatchlistRead } from "../engine/ports.ts";
import { checkWatchlist as decideWatchlist, type WatchlistLook } from "../engine/watchlist_step.ts";
import {
  advice,
  type CheckItem,
  command,
  editService,
  fail,
  moveAway,
  objectToLive,
  pass,
  quoteForShell,
  type Remedy,
  warn,
  whileStopped,
} from "./check_item.ts";
import { PROGRAM } from "./version.ts";

const DROPPED_SHOWN_MAX = 10;
/** A watchlist that may be half written. */
const UNFINISHED = "its last line has no end and is not used yet: a writer may be at work";

/** The watchlist: present, fresh, parsable; which rows it lost, and what is odd of it (pipeline 1). */
export function checkWatchlistFile(read: WatchlistRead, look: WatchlistLook): CheckItem {
  const step = decideWatchlist(read, look);
  const scan = advice("run the scan, or set WATCHLIST_FILE");
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
    ? warn("watchlist", text, advice("look at the scan's output"))
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
  const remedy = buildRebuild(check);
  if (read.kind !== "ok") {
    return objectToLive("live ledger", `${read.kind}: ${read.message}`, { isLiveAsked, remedy });
  }
  const faults = findings.filter(({ kind }) => kind === "fault").map(({ text }) => text);
  if (faults.length > 0) {
    return objectToLive("live ledger", faults.join("; "), { isLiveAsked, remedy });
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
  const rebuild = [
    ...(isArchiveInTheWay ? [moveAway(archive.path)] : []),
    `${PROGRAM} ledger rebuild --yes`,
  ].join(" && ");
  return command(whileStopped(rebuild, { isServiceRunning }));
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
    const remedy = command(moveAway(read.path));
    return options.isNeeded
      ? objectToLive("archive", `${read.message}; nothing is rebuilt without it`, {
        isLiveAsked: options.isLiveAsked,
        remedy,
      })
      : warn("archive", read.message, remedy);
  }
  if (read.unusable.length > 0) {
    return warn("archive", read.unusable.join("; "), advice("move it away, out of archive/"));
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
  const { path, hasTraded, isLiveAsked } = options;
  const aside = moveAway(path);
  const rebuilt = [aside, ...(options.isServiceRunning ? [] : [RUN_ONCE])].join(" && ");
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
          advice("`avwap-execution status --broker` shows what rests at the broker now"),
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
      return objectToLive("engine state", state.message, { isLiveAsked, remedy: command(aside) });
    case "unreadable":
      return objectToLive(
        "engine state",
        `unreadable: ${state.message}; nothing is rebuilt while it is there`,
        { isLiveAsked, remedy: command(rebuilt) },
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

const RUN_ONCE = `${PROGRAM} run --run-once --ignore-market-hours`;

/** A second process would find the directory held. */
function buildStateRebuild({ isServiceRunning }: { readonly isServiceRunning: boolean }): Remedy {
  return isServiceRunning
    ? advice("wait: the running service rebuilds it in its next cycle of an open market")
    : command(RUN_ONCE);
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
  const object = (detail: string, remedy: Remedy) =>
    objectToLive("token", detail, { isLiveAsked, remedy });
  if (file.kind === "missing") {
    return object(`no token file that can be read: ${path}`, command(`${PROGRAM} token`));
  }
  if (file.text.trim() === "") return object(`${path} is empty`, command(`${PROGRAM} token`));
  if (mode !== null && (mode & 0o177) !== 0) {
    return object(
      `${path} has mode ${mode.toString(8).padStart(3, "0")}, not 600`,
      command(`chmod 600 ${quoteForShell(path)}`),
    );
  }
  if (objection !== null) {
    return object(objection, editService(`LIVE_CONFIRM_TOKEN= what ${path} holds`));
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
      remedy: command(`${PROGRAM} resume${others.length === 0 ? "" : " --all"}`),
    });
  }
  if (isEnv) {
    return objectToLive("kill switch", "on (environment)", {
      isLiveAsked,
      // `systemctl edit` has a file of its own, which takes out nothing of another.
      remedy: command(
        "rm -f /etc/systemd/system/execution.service.d/zz-kill.conf && systemctl daemon-reload" +
          "  # or remove KILL_SWITCH where else it is set",
      ),
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
      editService("remove DRY_RUN, or LIVE_TRADING"),
    )
    : fail("mode", `${text}, although LIVE_TRADING is on`, advice("see the items above"));
}
