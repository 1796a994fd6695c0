/**
 * Evidence over time: what one process has looked for and not found, look after look. It is on record, and good for the
 * process that gathered it alone: monotonic times of two can't be compared, so that another one begins anew (pipeline 5,
 * "The operator deals with", and 6).
 */
export interface Absence {
  /** An order that no list showed, or all of a released symbol. */
  readonly what: "order" | "release";
  /** The order's client order id, or the symbol. */
  readonly id: string;
  readonly processId: string;
  /** The first and the last look that did not find it, by the process's monotonic time, ms. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Who looks, and when by its monotonic time, ms. */
export interface Looker {
  readonly processId: string;
  readonly monotonicMs: number;
}

/** What the looker itself knows of it; `null` where it has not missed it yet, whatever a process before it has. */
export function findAbsence(
  absences: readonly Absence[],
  { what, id }: Pick<Absence, "what" | "id">,
  { processId }: Pick<Looker, "processId">,
): Absence | null {
  return absences.find((each) => isSame(each, { what, id }) && each.processId === processId) ??
    null;
}

/** The evidence after one more look that did not find it. @param before As the looker knows it; `null` begins it. */
export function goOnMissing(
  about: Pick<Absence, "what" | "id">,
  before: Absence | null,
  { processId, monotonicMs }: Looker,
): Absence {
  const { what, id } = about;
  return { what, id, processId, firstMs: before?.firstMs ?? monotonicMs, lastMs: monotonicMs };
}

/** The records' evidence with one put in its place, or begun. */
export function putAbsence(absences: readonly Absence[], absence: Absence): readonly Absence[] {
  return [...dropAbsence(absences, absence), absence];
}

/** The same without one: it was found, or nobody looks for it any more. */
export function dropAbsence(
  absences: readonly Absence[],
  about: Pick<Absence, "what" | "id">,
): readonly Absence[] {
  return absences.filter((each) => !isSame(each, about));
}

function isSame(left: Pick<Absence, "what" | "id">, right: Pick<Absence, "what" | "id">): boolean {
  return left.what === right.what && left.id === right.id;
}
