const MINUTE_MS = 60_000;
const HOUR_MINUTES = 60;
const DAY_HOURS = 24;

/** How long something lasted, for people: `45 s`, `12 min`, `2 h 10 min`, `3 d 4 h`. @param ms 0 or more. */
export function formatHeldTime(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < HOUR_MINUTES) return `${minutes} min`;
  const hours = Math.floor(minutes / HOUR_MINUTES);
  if (hours < DAY_HOURS) return `${hours} h ${minutes % HOUR_MINUTES} min`;
  return `${Math.floor(hours / DAY_HOURS)} d ${hours % DAY_HOURS} h`;
}
