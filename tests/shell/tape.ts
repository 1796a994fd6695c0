/** What may befall a question to the broker. */
export const QUESTION_CHOICES = [
  "lost",
  "unavailable",
  "forbidden",
  "hang",
  "late",
  "crash",
  "kill",
  "pause",
  "stop",
] as const;
/** The same where lists or positions changed so lately that a copy may lag. */
export const LISTED_CHOICES = [...QUESTION_CHOICES, "stale"] as const;
/** What may befall an order-changing request. */
export const CHANGE_CHOICES = [
  "lost_before",
  "lost_after",
  "unavailable",
  "forbidden",
  "unprocessable",
  "hang",
  "hang_taken",
  "late",
  "crash",
  "crash_taken",
  "kill",
  "pause",
  "stop",
] as const;
/** The same for a cancel, which a fill may overtake, or which may never be done. */
export const CANCEL_CHOICES = [...CHANGE_CHOICES, "crossed", "stuck"] as const;
/** What may befall a step of a file that changes nothing that a new process would find. */
export const FILE_CHOICES = ["fails"] as const;
/** The same where a new process would find something else than at the step before. */
export const WRITE_CHOICES = ["fails", "crash"] as const;
/** The same where the disk takes its time, in which the operator may act. */
export const SYNC_CHOICES = ["fails", "crash", "kill"] as const;
/** The same where a failing power takes back names that are not synced (`power`), or keeps them without their bytes. */
export const NAMES_CHOICES = ["fails", "crash", "power", "power_names", "kill"] as const;
/** What may happen when the process begins to wait. */
export const SLEEP_CHOICES = ["crash", "kill", "pause", "stop"] as const;

/** One thing that goes wrong at a point. */
export type Choice =
  | typeof LISTED_CHOICES[number]
  | typeof CANCEL_CHOICES[number]
  | typeof NAMES_CHOICES[number]
  | typeof SLEEP_CHOICES[number];

/** All of them. */
export const CHOICES: readonly Choice[] = [
  ...new Set<Choice>([...LISTED_CHOICES, ...CANCEL_CHOICES, ...NAMES_CHOICES, ...SLEEP_CHOICES]),
];

/** One thing that goes wrong, and where: the points of a run are counted from 1. */
export interface Placement {
  readonly at: number;
  readonly choice: Choice;
}

/** What takes the place of chance in a run: at each point at which the world may misbehave, whether and how it does. */
export class Tape {
  /** What could have happened at each point that was passed while the tape ran. */
  readonly points: (readonly Choice[])[] = [];
  /** Whether points count: before and after it nothing goes wrong. */
  isRunning = false;

  constructor(readonly placements: readonly Placement[]) {}

  /** Passes one point. @returns What goes wrong there, `null`: nothing. */
  pass(choices: readonly Choice[]): Choice | null {
    if (!this.isRunning) return null;
    this.points.push(choices);
    const at = this.points.length;
    const choice = this.placements.find((each) => each.at === at)?.choice ?? null;
    return choice !== null && choices.includes(choice) ? choice : null;
  }

  /** @throws {RangeError} Where something of it could not happen where it is placed: the tape is of another run. */
  checkPlayed(): void {
    for (const { at, choice } of this.placements) {
      const choices = this.points[at - 1] ?? [];
      if (choices.includes(choice)) continue;
      throw new RangeError(
        `nothing is "${choice}" at point ${at} of ${this.points.length}: ${choices}`,
      );
    }
  }
}

/** A tape as the command line takes it: `17:lost_after,40:crash`. */
export function formatTape(placements: readonly Placement[]): string {
  return placements.map(({ at, choice }) => `${at}:${choice}`).join(",");
}

/** The placements that {@linkcode formatTape} writes; `null` where the text is none. */
export function parseTape(text: string): Placement[] | null {
  const placements: Placement[] = [];
  for (const part of text.split(",")) {
    const [, at = "", name = ""] = /^(\d+):(\w+)$/.exec(part) ?? [];
    const choice = CHOICES.find((each) => each === name);
    if (choice === undefined || Number(at) < 1) return null;
    placements.push({ at: Number(at), choice });
  }
  return placements;
}
