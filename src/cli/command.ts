import type { ChancePort, ClockPort } from "../engine/ports.ts";
import type { Environment } from "../runtime/environment.ts";
import type { Misspelling } from "../runtime/misspelt.ts";
import type { IsPermitted } from "../runtime/permissions.ts";
import type { ServiceHost } from "../runtime/service_host.ts";
import type { SignalHost } from "../runtime/signals.ts";
import type { ParsedOptions } from "./options.ts";

/** The world that `main.ts` gives to a command: everything it may touch. */
export interface ProgramHost {
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly pid: number;
  readonly clock: ClockPort;
  readonly chance: ChancePort;
  readonly fetch: typeof fetch;
  readonly signals: SignalHost;
  readonly isPermitted: IsPermitted;
  /** Variables that are set and that nothing reads, as far as this process may look; absent: none. */
  readonly misspelt?: readonly Misspelling[];
  /** What started the process as a service; absent: nobody did. */
  readonly service?: ServiceHost;
  /** Standard output and error; both have written when they return, and never throw. */
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
  /**
   * The same two for a command that must go on whoever reads them: they never wait. `dropped`: what is not taken in time
   * is dropped and counted; `kept`: it waits for its reader until the end. Absent: those above.
   */
  readonly unwaited?: Readonly<
    Record<Unwaited, Pick<ProgramHost, "writeOut" | "writeError">>
  >;
  /** Whether the reader of standard output is known to be gone; absent: no. */
  readonly isReaderGone?: () => boolean;
  /** Why not everything is on standard output though somebody reads it, or `null`; absent: it is. */
  readonly readUnwritten?: () => string | null;
  /** Whether standard output is a terminal, which alone gets colours; absent: no. */
  readonly isTerminal?: boolean;
  /** Whether `NO_COLOR` is set to anything but an empty text; absent: no. */
  readonly isColourRefused?: boolean;
  /** Ends the process at once: for an operator who does not wait. */
  readonly exitNow: (status: number) => void;
}

/** What becomes of a command's words that nobody reads, while it goes on. */
export type Unwaited = "dropped" | "kept";

/** One option of a command. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** One letter that stands for it after a single dash; absent: none does. */
  readonly letter?: string;
  /** What its value is called in the help; `null` for an option that takes none. */
  readonly valueName: string | null;
  readonly help: string;
}

/** One command: a word, its help, and what it does. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  /** What the word after the command's is called in the help; absent: it takes none. */
  readonly argument?: string;
  readonly examples: readonly string[];
  /** What its own exit statuses mean; those of any command (usage, internal error) are not among them. */
  readonly statuses: Readonly<Record<number, string>>;
  /** Set where it must go on though nobody reads what it prints; absent: it waits for its reader. */
  readonly unwaited?: Unwaited;
  /**
   * Refuses options that mean nothing whatever the world is, before anything of it is read; absent: every one means
   * something.
   * @param nowMs Unix ms, for a day that is not named.
   * @throws {UsageError}
   */
  readonly checkOptions?: (options: ParsedOptions, nowMs: number) => void;
  /** @returns The exit status. @throws {ConfigError} For a configuration that it can't work with. */
  readonly run: (host: ProgramHost, options: ParsedOptions) => Promise<number>;
}
