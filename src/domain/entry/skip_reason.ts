/** Reasons for which an intent is let go, or none is made, in the words of pipeline 4 where it has them. */
export const SKIP = {
  taken: "open order/position exists",
  entered: "already entered today",
  closeNear: "close too near",
  marketClosed: "market closed",
  unrecorded: "its record can't be written",
  noShares: "size is 0 shares",
  expired: "intent expired",
  corporateAction: "corporate action",
  recorded: "already on record",
} as const;
