/** The program's name, as it is installed. */
export const PROGRAM = "avwap-execution";

/** The release that `--version` and the start line print. */
export const VERSION = "0.1.0";
