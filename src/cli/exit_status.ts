/** Every status that the process ends with (interface, Exit status). */
export const EXIT = {
  done: 0,
  /** Of `ledger` and `flatten`: what was looked for or aimed at is not so. */
  notSo: 1,
  watchlistMissing: 1,
  watchlistStale: 2,
  usage: 64,
  brokerUnreachable: 69,
  /** Also for anything uncaught, so that no crash looks like one of the others. */
  internalError: 70,
  /** Another process holds the state directory. */
  busy: 75,
  configInvalid: 78,
} as const;
