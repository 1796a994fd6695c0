/** What a reason has to answer: why an exit was not sent, or why shares have no stop, or not the right one. */
export type Question = "exit" | "stop";

// The engine's own words in warnings and errors, after the symbol. A line that only names the symbol (a foreign order, a
// buy in it, that its position has no stop) says nothing of why.
const WAITS =
  /waits(:| for the next session)|still under way|shares not free yet|no usable answer yet|stopped: /;
const REFUSED = /rejected by the broker|can't be read in the middle|can't be written/;
const RIDDLE = /with no order behind it|is absent at the broker/;
const STOP = /overnight stop waits|stop not placed|stop not put back|no stop sent/;
const EXIT = /(_trim|_exit)( not sent)?: |ended without a share sold|cancelling the rest/;

const REASONS: Readonly<Record<Question, readonly RegExp[]>> = {
  exit: [WAITS, REFUSED, RIDDLE, EXIT],
  stop: [WAITS, REFUSED, RIDDLE, STOP],
};

/** Whether a warning or an error is about this symbol and says why. */
export function isReason(line: string, symbol: string, question: Question): boolean {
  const isAbout = new RegExp(`^(Position |SHORT position )?${symbol}\\b`).test(line);
  return isAbout && REASONS[question].some((reason) => reason.test(line));
}
