/** Runs one act after the other, in the order they were given; a failed one stops nobody. */
export type Serial = <T>(act: () => Promise<T>) => Promise<T>;

/** A queue for the writers of one file: two at a time would share its temporary name. */
export function createSerial(): Serial {
  let tail: Promise<unknown> = Promise.resolve();
  return (act) => {
    const run = tail.then(act, act);
    tail = run.then(ignore, ignore);
    return run;
  };
}

/** The caller of the act has its outcome; the queue needs only that it ended. */
function ignore(): void {}
