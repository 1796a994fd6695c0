import type { LogPort } from "../engine/ports.ts";

/** A log that keeps its lines until it is known whether anybody needs them. */
export interface HeldLog extends LogPort {
  /** Writes what was kept, and holds nothing back any more. */
  release(): void;
  /** The same of what was an error alone. */
  releaseErrors(): void;
}

/** Makes a log that holds everything back until it is released. */
export function holdLog(log: LogPort): HeldLog {
  const held: { readonly level: keyof LogPort; readonly args: Parameters<LogPort["error"]> }[] = [];
  let isHolding = true;
  const say = (level: keyof LogPort) => (...args: Parameters<LogPort["error"]>) => {
    if (isHolding) held.push({ level, args });
    else log[level](...args);
  };
  const release = (isWanted: (level: keyof LogPort) => boolean) => {
    isHolding = false;
    for (const { level, args } of held.splice(0)) if (isWanted(level)) log[level](...args);
  };
  return {
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    release: () => release(() => true),
    releaseErrors: () => release((level) => level === "error"),
  };
}
