import type { Environment } from "../../src/runtime/environment.ts";
import type { Cast, Limits } from "./cast.ts";
import type { Moments } from "./moments.ts";
import type { Printer } from "./printer.ts";
import type { Stage } from "./stage.ts";

/** What the scenes are played with. */
export interface Story {
  readonly stage: Stage;
  readonly printer: Printer;
  readonly cast: Cast;
  readonly limits: Limits;
  readonly moments: Moments;
  /** Candidates in the watchlist. */
  readonly rowCount: number;
  /** The second key; made for this story. */
  readonly token: string;
}

const MINUTE_MS = 60_000;
/** Before what is expected, so that the reader sees it come. */
const AHEAD_MS = 40_000;
/** Entries leave a random while after their signal; shorter than the default, for a story. */
const DELAYS: Environment = { ENTRY_DELAY_MIN_SECONDS: "20", ENTRY_DELAY_MAX_SECONDS: "60" };

/** A pattern of the words in this sequence, with the symbol's dot taken as a dot. */
export function matchLine(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
}

function ahead(ms: number | null): number | null {
  return ms === null ? null : ms - AHEAD_MS;
}

function usd(value: number): string {
  return value.toFixed(2);
}

/** Plays the whole day. @throws {LineError} Where the program does not say what the story is about to tell. */
export async function playDay(story: Story): Promise<void> {
  await playRehearsal(story);
  await playKeys(story);
  await playFirstOrder(story);
  await playRefusals(story);
  await playFirstTrim(story);
  await playCap(story);
  await playSecondTrim(story);
  await playExit(story);
  await playKillSwitch(story);
  await playClose(story);
}

async function playRehearsal(story: Story): Promise<void> {
  const { stage, printer, cast: { lead }, moments, rowCount } = story;
  printer.scene("Before the open: a rehearsal without orders (DRY_RUN)");
  await stage.say(
    `It is 09:28 in New York on ${moments.session.dateNy}. The nightly scan has left a watchlist: ` +
      `${rowCount} stocks just below a level that they may break out of, each with a stop below and ` +
      `targets above. A day starts as a rehearsal: with DRY_RUN=1 everything is decided and ` +
      `nothing is ordered.`,
  );
  printer.command("DRY_RUN=1 avwap-execution run");
  stage.start(["run"], { DRY_RUN: "1", ...DELAYS });
  await stage.see(/Market closed; skipping cycle\./);
  await stage.say("The market is closed, so it waits for the open.");
  await stage.passTo(moments.session.openMs + 20_000);
  await stage.say(
    "The market opens. Each cycle begins with the gate, three lines: LIVE or DRY_RUN and the reason, " +
      "the symbols that may be bought, and the caps. The live ledger, which the caps count from, did " +
      "not exist yet; it was made from what the broker shows of our orders: none. Rows of the " +
      "watchlist that can't be traded are named. No 10-minute bar of today has closed yet, so nothing " +
      "can be confirmed.",
  );
  const confirmedMs = moments.confirmedMs(lead);
  stage.turnTo(ahead(confirmedMs), "Nothing breaks out yet");
  await stage.see(matchLine(`INTENT ${lead.symbol}`));
  await stage.see(matchLine(`SUBMITTED ${lead.symbol}`));
  await stage.say(
    `${lead.symbol} has closed two 10-minute bars above its level of ${usd(lead.pivotUsd)}: a ` +
      "confirmed breakout. Its entry waited for a random while and was then written to " +
      "dry_run_ledger.json, and nowhere else. " + describeRequests(story),
  );
  const status = await stage.terminate();
  await stage.say(
    `The rehearsal went well, so it is stopped (SIGTERM): it ends its step, saves its state and exits ` +
      `with status ${status}.`,
  );
}

function describeRequests({ stage }: Story): string {
  const { requests } = stage.exchange;
  const others = requests.filter((request) => request.method !== "GET").length;
  return others === 0
    ? `The broker has had ${requests.length} requests so far, all of them GET: questions, no order.`
    : `The broker has had ${others} requests that are no questions.`;
}

async function playKeys({ stage, printer, token }: Story): Promise<void> {
  printer.scene("One key is not enough");
  await stage.say(
    "LIVE needs two keys. Here is the first one alone, for a single cycle (--run-once):",
  );
  printer.command("LIVE_TRADING=1 avwap-execution run --run-once");
  stage.start(["run", "--run-once"], { LIVE_TRADING: "1", ...DELAYS });
  await stage.untilEnded();
  await stage.say(
    "The gate stays shut and says why. The second key is a random token in a file that only its " +
      "owner can read, and again in the environment, so that neither a forgotten variable nor a " +
      "forgotten file turns LIVE on:",
  );
  printer.command('TOKEN="$(openssl rand -hex 16)"');
  printer.command('printf "%s" "${TOKEN}" > "${STATE_DIR}/live_confirm_token.txt"');
  printer.command('chmod 600 "${STATE_DIR}/live_confirm_token.txt"');
  await Deno.writeTextFile(`${stage.stateDir}/live_confirm_token.txt`, token, { mode: 0o600 });
}

async function playFirstOrder(story: Story): Promise<void> {
  const { stage, printer, cast, limits, token } = story;
  const { lead, unlisted } = cast;
  printer.scene("LIVE: the first order");
  await stage.say(
    "Now both keys, DRY_RUN gone, and careful limits" +
      (unlisted === null ? "." : `: ${unlisted.symbol} is left off the allowlist on purpose.`),
  );
  const settings: Environment = {
    LIVE_TRADING: "1",
    LIVE_CONFIRM_TOKEN: token,
    ALLOWLIST_SYMBOLS: limits.allowlist,
    MAX_LIVE_GROSS_NOTIONAL: `${limits.grossUsd}`,
    MAX_LIVE_NOTIONAL_PER_SYMBOL: `${limits.perSymbolUsd}`,
  };
  for (const [name, value] of Object.entries(settings)) {
    printer.command(`export ${name}=${name === "LIVE_CONFIRM_TOKEN" ? "${TOKEN}" : value}`);
  }
  printer.command("avwap-execution run --poll-seconds 60");
  stage.start(["run", "--poll-seconds", "60"], { ...settings, ...DELAYS });
  await stage.see(/Gate mode=LIVE status=PASS/);
  await stage.say("The gate is open: from here on orders leave, each within allowlist and caps.");
  await stage.see(matchLine(`SUBMITTED ${lead.symbol}`));
  await stage.see(new RegExp(`Position ${lead.symbol.replace(".", "\\.")}: qty=`));
  await stage.say(
    `${lead.symbol} is bought, as a bracket order: at the broker now rest a take-profit at ` +
      `${usd(lead.r2Usd)} and a stop at ${
        usd(lead.stopUsd)
      }, which protect the position even if this ` +
      "machine dies. The order was durably in the live ledger before its request left.",
  );
}

async function playRefusals({ stage, printer, cast, moments }: Story): Promise<void> {
  const { lead, stopped, unlisted } = cast;
  if (stopped === null && unlisted === null) return;
  printer.scene("More breakouts: one is bought, one is not allowed");
  if (stopped !== null) {
    stage.turnTo(ahead(moments.confirmedMs(stopped)), "Quiet");
    await stage.see(matchLine(`SUBMITTED ${stopped.symbol}`));
    await stage.say(
      `${stopped.symbol} broke out too and is on the allowlist: the second position. ${lead.symbol} is ` +
        "still above its level as well, but what is held already is skipped; and an intent that the " +
        "clock has left behind expires.",
    );
  }
  if (unlisted !== null) {
    stage.turnTo(ahead(moments.confirmedMs(unlisted)), "Quiet");
    await stage.see(matchLine(`Gate FAIL ${unlisted.symbol}: allowlist blocked`));
    await stage.say(
      `${unlisted.symbol} broke out as well, but the operator did not allow it: no order.`,
    );
  }
}

async function playFirstTrim({ stage, printer, cast: { lead }, moments }: Story): Promise<void> {
  const r1Usd = lead.r1Usd ?? lead.pivotUsd;
  printer.scene("R1: half is sold, and the stop goes up");
  stage.turnTo(ahead(moments.reachesMs(lead.symbol, r1Usd)), `${lead.symbol} climbs`);
  await stage.see(matchLine(`EXIT ${lead.symbol}: r1_trim`));
  await stage.see(matchLine(`STOP ${lead.symbol}: qty=`));
  await stage.say(
    `${lead.symbol} has reached its first target, ${
      usd(r1Usd)
    }. The bracket's own exits had reserved ` +
      "every share, so they were cancelled first; then half was sold, and a new stop was put in for " +
      `the rest, at the breakout level ${usd(lead.pivotUsd)} instead of ${
        usd(lead.stopUsd)
      }. It is ` +
      "good till canceled: it outlives this program, this machine and the day.",
  );
}

async function playCap({ stage, printer, cast, moments, limits }: Story): Promise<void> {
  const { capped } = cast;
  if (capped === null) return;
  printer.scene("A cap is reached");
  stage.turnTo(ahead(moments.confirmedMs(capped)), "Quiet");
  await stage.see(matchLine(`Gate FAIL ${capped.symbol}: max gross notional reached`));
  await stage.say(
    `${capped.symbol} breaks out and is on the allowlist. But with it, today's entries would pass the ` +
      `${limits.grossUsd} USD that the operator allows in a day: no order.`,
  );
}

async function playSecondTrim({ stage, printer, cast, moments }: Story): Promise<void> {
  const { lead, stopped } = cast;
  printer.scene("R2: a stop that follows the price");
  const r2Ms = moments.reachesMs(lead.symbol, lead.r2Usd);
  stage.turnTo(ahead(r2Ms), `${lead.symbol} climbs on`);
  await stage.see(matchLine(`EXIT ${lead.symbol}: r2_trim`));
  await stage.seeNext(matchLine(`STOP ${lead.symbol}: qty=`));
  await stage.say(
    `The second target, ${usd(lead.r2Usd)}: half of what was left is sold. From here on the stop ` +
      "follows the highest price, half the planned move below it, and never goes down.",
  );
  const peakMs = moments.peakMs(lead.symbol);
  for (const ms of [peakMs - 20 * MINUTE_MS, peakMs]) {
    stage.turnTo(ms, `${lead.symbol} rises`);
    await stage.seeNext(matchLine(`STOP ${lead.symbol}: qty=`));
  }
  if (stopped === null) return;
  await stage.see(matchLine(`Position ${stopped.symbol}: closed`));
  await stage.say(
    `The other position, ${stopped.symbol}, had turned and fallen to ${
      usd(stopped.stopUsd)
    }. Its ` +
      "bracket's stop sold it at the broker, without any help from here.",
  );
}

async function playExit({ stage, printer, cast: { lead }, moments }: Story): Promise<void> {
  printer.scene("The exit");
  const peakMs = moments.peakMs(lead.symbol);
  const trailUsd = moments.priceUsd(lead.symbol, peakMs) - (lead.r2Usd - lead.pivotUsd) / 2;
  stage.turnTo(ahead(moments.fallsToMs(lead.symbol, trailUsd, peakMs)), `${lead.symbol} turns`);
  await stage.see(matchLine(`Position ${lead.symbol}: closed`));
  await stage.say(
    `${lead.symbol} fell to its stop, which the broker filled: the last shares are sold far above ` +
      "where they were bought. The program sees that the position is gone and forgets it.",
  );
}

async function playKillSwitch({ stage, printer }: Story): Promise<void> {
  printer.scene("The kill switch");
  await stage.say(
    "Anyone with a shell can stop LIVE at once. The program is not restarted for it:",
  );
  printer.command('touch "${STATE_DIR}/KILL_SWITCH"');
  await Deno.writeTextFile(`${stage.stateDir}/KILL_SWITCH`, "");
  await stage.see(/Kill switch active \(file\)/);
  await stage.see(/Gate mode=DRY_RUN status=FAIL reason=kill switch active \(file\)/);
  await stage.say(
    "The file is seen within a second, and looked for again right before each request that changes an " +
      "order. From here on the program only rehearses, until the operator removes the file.",
  );
}

async function playClose({ stage, printer, moments }: Story): Promise<void> {
  printer.scene("The close");
  stage.turnTo(moments.session.closeMs - MINUTE_MS / 2, "The afternoon passes");
  await stage.seeNext(/Market closed; skipping cycle\./);
  const status = await stage.terminate();
  await stage.say(
    `The market is closed; the program has summed the day up and is stopped (exit status ${status}). ` +
      "LIVE is not left on overnight: tomorrow begins with DRY_RUN=1 again.",
  );
}
