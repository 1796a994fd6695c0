import type { EnvironmentVariable } from "../runtime/environment.ts";
import { moveAway, quoteForShell } from "./shell_words.ts";
import { PROGRAM } from "./version.ts";

/** What to do about an item: a line that can be pasted into root's shell; what only the operator knows is its comment. */
export interface Remedy {
  readonly kind: "command";
  readonly name: RemedyName;
  readonly text: string;
}

/** Where `install.sh` puts the scripts of the host. */
const HOST_DIR = "/opt/avwap-execution/host";
const CURRENT = `/opt/avwap-execution/current/${PROGRAM}`;
const SERVICE = "execution.service";
const DROP_INS = `/etc/systemd/system/${SERVICE}.d`;
const USER_OF_SERVICE = `"$(systemctl show ${SERVICE} -p User --value | grep . || echo root):"`;
const RUN_ONCE = `${PROGRAM} run --run-once --ignore-market-hours`;
const CAPS = [
  "MAX_LIVE_ORDERS_PER_DAY=1",
  "MAX_LIVE_POSITIONS=1",
  "MAX_LIVE_GROSS_NOTIONAL=500",
  "MAX_LIVE_NOTIONAL_PER_SYMBOL=250",
];
const KEYS: readonly EnvironmentVariable[] = ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"];

interface IfRunning {
  readonly isServiceRunning: boolean;
}

/**
 * Every line that `check` names, by what it is for; each is run in a test, and what needs systemd in the lab too. A variable
 * is changed in the file that systemd has it from, which only systemd knows: `edit.sh` asks it.
 */
const TEXTS = {
  correct_variables: (names: readonly string[]) => edit(names, "correct or take out"),
  settle_doubts: (names: readonly string[]) => edit(names, "correct what is in doubt"),
  rename_variables: (pairs: readonly { readonly written: string; readonly meant: string }[]) =>
    edit(
      pairs.flatMap(({ written, meant }) => [written, meant]),
      pairs.map(({ written, meant }) => `rename ${written} to ${meant}`).join(", "),
    ),
  take_out_network: (names: readonly string[]) => edit(names, "take out where that is not meant"),
  set_keys: (names: readonly string[] = KEYS) => edit(names, "the broker's keys"),
  correct_caps: (names: readonly string[]) => edit(names, "plain numbers above 0, or nothing"),
  set_caps: () => edit(CAPS.map((each) => each.replace(/=.*/, "")), CAPS.join(" ")),
  set_allowlist: () => edit(["ALLOWLIST_SYMBOLS"], "ALLOWLIST_SYMBOLS=SYM1,SYM2"),
  set_slack: () =>
    edit(
      ["SLACK_WEBHOOK_URL", "SLACK_ENABLED", "SLACK_ALERTS_ENABLED"],
      "a webhook of hooks.slack.com, and Slack not turned off",
    ),
  renew_webhook: () =>
    edit(["SLACK_WEBHOOK_URL"], "look at the webhook in Slack, or make a new one"),
  set_token: (path: string) => edit(["LIVE_CONFIRM_TOKEN"], `what ${path} holds`),
  take_out_kill_switch: () => edit(["KILL_SWITCH"], "take it out"),
  choose_mode: () => edit(["DRY_RUN", "LIVE_TRADING"], "take out DRY_RUN, or LIVE_TRADING"),
  match_keys: () =>
    edit([...KEYS, "ALPACA_PAPER"], "keys and ALPACA_PAPER (1 paper, 0 live money) of one account"),
  match_records: () =>
    edit(["AVWAP_STATE_DIR", "ALPACA_PAPER"], "another AVWAP_STATE_DIR, or ALPACA_PAPER as it was"),
  take_out_endpoint: () => edit(["APCA_API_BASE_URL"], "take it out"),
  choose_feed: () => edit(["ALPACA_DATA_FEED"], "auto, or a plan with real-time data"),
  choose_state_dir: (dir: string) =>
    edit(["AVWAP_STATE_DIR"], `${dir} for this call too, or stop that process`),
  place_dry_run_ledger: () =>
    edit(["DRY_RUN_LEDGER_PATH"], "a file in the state directory, or take it out"),
  set_healthcheck: () =>
    edit(
      ["HEALTHCHECK_URL"],
      "an https address that answers, of a host that was built in (--healthcheck-host HOST)",
    ),
  // The runbook's own lines (4.5 and 7), which win over whatever else is set.
  force_dry_run: () =>
    `printf '[Service]\\nEnvironmentFile=/etc/avwap-execution/dry-run-on\\n' > ${DROP_INS}/zz-dry-run.conf && ` +
    `systemctl daemon-reload && systemctl try-restart ${SERVICE}`,
  show_places: (dirs: readonly string[]) =>
    `printf '%s\\n' '[Service]' ProtectHome=tmpfs ${
      ["BindPaths", "ReadWritePaths"].map((name) =>
        quoteForShell(`${name}=${dirs.map(quoteForUnit).join(" ")}`)
      ).join(" ")
    } > ${DROP_INS}/zx-switch-places.conf && systemctl daemon-reload && systemctl try-restart ${SERVICE}`,
  make_token: () => `${PROGRAM} token`,
  close_token: (path: string) => `chmod 600 ${quoteForShell(path)}`,
  resume: ({ isElsewhere }: { readonly isElsewhere: boolean }) =>
    `${PROGRAM} resume${isElsewhere ? " --all" : ""}`,
  unpause: ({ isElsewhere }: { readonly isElsewhere: boolean }) =>
    `${PROGRAM} unpause${isElsewhere ? " --all" : ""}`,
  make_state_dir: (path: string) => `mkdir -m 700 -p ${quoteForShell(path)}`,
  replace_state_dir: (path: string) =>
    `${moveAway(path)} && mkdir -m 700 -p ${quoteForShell(path)}`,
  close_state_dir: (path: string) => `chmod 700 ${quoteForShell(path)}`,
  give_to_service: (path: string) =>
    `chown -R ${USER_OF_SERVICE} ${quoteForShell(path)} && chmod -R u+rwX ${quoteForShell(path)}` +
    "  # or mount it writable; or set another AVWAP_STATE_DIR",
  move_away: (paths: readonly string[]) => paths.map(moveAway).join(" && "),
  rebuild_ledger: (options: IfRunning & { readonly inTheWay: readonly string[] }) =>
    whileStopped([...options.inTheWay.map(moveAway), `${PROGRAM} ledger rebuild --yes`], options),
  rebuild_state: (options: IfRunning & { readonly inTheWay: readonly string[] }) =>
    [
      ...options.inTheWay.map(moveAway),
      // A second process would find the directory held.
      ...(options.isServiceRunning ? [] : [RUN_ONCE]),
    ].join(" && "),
  name_account: (
    options: IfRunning & { readonly isLedger: boolean; readonly isState: boolean },
  ) =>
    whileStopped([
      ...(options.isLedger ? [`${PROGRAM} ledger rebuild --yes`] : []),
      ...(options.isState ? [`${PROGRAM} run --run-once --dry-run --ignore-market-hours`] : []),
    ], options),
  set_clock: () => "timedatectl set-ntp true",
  ask_broker: (url: string) => `curl -sS -i ${quoteForShell(url)}`,
  look_at_disk: (path: string) => `df -h ${quoteForShell(path)}`,
  look_at_list: (path: string) =>
    `ls -lt --time-style=full-iso ${quoteForShell(path.replace(/[^/]+$/, ""))}` +
    "  # run the scan, look at what it wrote, or set WATCHLIST_FILE",
  look_at_broker: (what: string) => `${PROGRAM} status --broker  # ${what}`,
  look_again: (what: string) => `${PROGRAM} check  # ${what}`,
  look_at_build: () =>
    `${PROGRAM} --version  # use a path or host it was built for, or build it anew`,
  verify_binary: () =>
    `${HOST_DIR}/verify.sh --sum-only ${CURRENT}.manifest.json ${CURRENT}  # install it again`,
} as const satisfies Readonly<Record<string, (...facts: never[]) => string>>;

/** What a remedy is for; also in the JSON of `check`. */
export type RemedyName = keyof typeof TEXTS;

type Facts = { readonly [Name in RemedyName]: Parameters<typeof TEXTS[Name]> };
const BUILDERS: { readonly [Name in RemedyName]: (...facts: Facts[Name]) => string } = TEXTS;

/** Every name. */
export const REMEDY_NAMES: readonly string[] = Object.keys(TEXTS);

/** The remedy of that name, with what it needs to know. */
export function remedy<Name extends RemedyName>(
  name: Name,
  ...facts: Facts[Name]
): Remedy {
  return { kind: "command", name, text: BUILDERS[name](...facts) };
}

function edit(names: readonly string[], what: string): string {
  return `${HOST_DIR}/edit.sh ${[...new Set(names)].join(" ")}  # ${what}`;
}

/** A path of the host that may be missing, as a unit names it. */
function quoteForUnit(path: string): string {
  const text = `-${path}`.replaceAll("%", "%%");
  return /^[A-Za-z0-9_.,/@%+=-]+$/.test(text) ? text : `"${text.replaceAll(/["\\:]/g, "\\$&")}"`;
}

/** What needs the state directory for itself, around which the service is stopped where it runs. */
function whileStopped(parts: readonly string[], { isServiceRunning }: IfRunning): string {
  return (isServiceRunning
    ? [`systemctl stop ${SERVICE}`, ...parts, `systemctl start ${SERVICE}`]
    : parts).join(" && ");
}
