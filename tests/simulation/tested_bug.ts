/** A deliberate bug that a test must catch: texts of the source, what to put in their place, and where it shows. */
export interface TestedBug {
  readonly name: string;
  /** Paths from the project's directory; each text stands in its file exactly once. */
  readonly edits: readonly {
    readonly file: string;
    readonly find: string;
    readonly replace: string;
  }[];
  /** Test files of which at least one test fails with the bug in place. */
  readonly tests: readonly string[];
}
