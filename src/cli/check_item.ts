import { EXIT } from "./exit_status.ts";

/** How an item of `check` stands. */
export type Grade = "PASS" | "WARN" | "FAIL";

/** What to do about it: a command that can be pasted, or what nobody but the operator can do. */
export type Remedy =
  | { readonly kind: "command"; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

/** What a FAIL counts as for the exit status; everything else is the configuration's. */
export type Cause = "watchlist_missing" | "watchlist_stale" | "broker_unreachable";

/** One line of `check`; also its JSON, with the cause left out. */
export interface CheckItem {
  readonly name: string;
  readonly grade: Grade;
  /** What was found, one sentence. */
  readonly detail: string;
  readonly remedy: Remedy | null;
  readonly cause?: Cause;
}

/** An item that is as it should be. */
export function pass(name: string, detail: string): CheckItem {
  return { name, grade: "PASS", detail, remedy: null };
}

/** An item that trading can go on with. */
export function warn(name: string, detail: string, remedy: Remedy | null = null): CheckItem {
  return { name, grade: "WARN", detail, remedy };
}

/** An item that stops the start, or what the operator asked for. */
export function fail(
  name: string,
  detail: string,
  remedy: Remedy | null = null,
  cause?: Cause,
): CheckItem {
  return { name, grade: "FAIL", detail, remedy, ...(cause === undefined ? {} : { cause }) };
}

/** What only LIVE needs: a FAIL while LIVE is asked for, else a WARN (interface, Exit status). */
export function objectToLive(
  name: string,
  detail: string,
  options: { readonly isLiveAsked: boolean; readonly remedy: Remedy | null },
): CheckItem {
  const { isLiveAsked, remedy } = options;
  return isLiveAsked ? fail(name, detail, remedy) : warn(name, detail, remedy);
}

/** A remedy to paste. */
export function command(text: string): Remedy {
  return { kind: "command", text };
}

/** A remedy that is no command. */
export function advice(text: string): Remedy {
  return { kind: "text", text };
}

/** What the installation keeps in a file of root alone, or writes into that file, which wins over a drop-in. */
const IN_ENVIRONMENT_FILE =
  /\b(?:APCA_API_KEY_ID|APCA_API_SECRET_KEY|ALPACA_PAPER|SLACK_WEBHOOK_URL|HEALTHCHECK_URL)\b/;

/**
 * A change of the service's environment: only the operator has the value. It is made where the variable named belongs: every
 * user of the host can read what stands in a unit, so no secret is asked into one.
 */
export function editService(what: string): Remedy {
  return command(
    IN_ENVIRONMENT_FILE.test(what)
      ? `\${EDITOR:-vi} /etc/avwap-execution/environment  # ${what}`
      : `systemctl edit execution.service  # ${what}`,
  );
}

const STATUS_OF: Readonly<Record<Cause, number>> = {
  watchlist_missing: EXIT.watchlistMissing,
  watchlist_stale: EXIT.watchlistStale,
  broker_unreachable: EXIT.brokerUnreachable,
};
const CAUSES: readonly Cause[] = ["watchlist_missing", "watchlist_stale", "broker_unreachable"];

/** The exit status: 0 where nothing FAILs, else the watchlist's, the broker's, the configuration's (interface). */
export function decideCheckStatus(items: readonly CheckItem[]): number {
  const failed = items.filter((item) => item.grade === "FAIL");
  if (failed.length === 0) return EXIT.done;
  const cause = CAUSES.find((each) => failed.some((item) => item.cause === each));
  return cause === undefined ? EXIT.configInvalid : STATUS_OF[cause];
}

/** A word for the shell: quoted where it must be. */
export function quoteForShell(word: string): string {
  return /^[A-Za-z0-9_.,:/@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command that needs the state directory for itself, around which the service is stopped where it runs. */
export function whileStopped(
  text: string,
  { isServiceRunning }: { readonly isServiceRunning: boolean },
): string {
  return isServiceRunning
    ? `systemctl stop execution.service && ${text} && systemctl start execution.service`
    : text;
}

/** What moves a path out of the way under a name that is no record, whatever an earlier move left there. */
export function moveAway(path: string): string {
  return `mv -T --backup=numbered ${quoteForShell(path)} ${quoteForShell(`${path}.old`)}`;
}
