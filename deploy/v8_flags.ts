/**
 * The engine's memory, as a binary is compiled with it. Young values are collected in 1 MB instead of 16, and old
 * ones whenever they have grown by a fifth, in one go: a collection in steps lets a thousand candidates' bars pile up beside it,
 * 20 MB at worst. Speed is not lost where a cycle waits for the broker.
 */
export const V8_FLAGS: readonly string[] = [
  // MB; README's measurement says how much of it is used.
  "--max-old-space-size=128",
  "--max-semi-space-size=1",
  "--heap-growing-percent=20",
  "--no-incremental-marking",
  "--optimize-for-size",
];
