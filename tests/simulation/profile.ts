import {
  FAMILIES,
  type Family,
  FIELD_FAMILIES,
  FIELD_RULES,
  type FieldFamily,
} from "./families.ts";
import type { Prng } from "./prng.ts";

/** What one seed is made of. */
export interface Profile {
  readonly dayCount: number;
  readonly families: ReadonlySet<Family>;
  /** Multiplies how often trouble strikes. */
  readonly intensity: number;
}

/** Intensity of families that were asked for. */
const ASKED_INTENSITY = 4;

/** Families that every seed holds, whatever it draws. */
export interface AskedFamilies {
  readonly families: readonly Family[];
  /** `instead` of those that a seed draws, or `beside` them. */
  readonly place: "instead" | "beside";
}

/**
 * Draws a profile: some seeds are calm, most have one to three kinds of trouble, some have everything.
 * @param asked The families of every seed; `null`: drawn.
 */
export function buildProfile(chance: Prng, asked: AskedFamilies | null): Profile {
  const dayCount = chance.pick([1, 1, 1, 2, 2, 3]);
  if (asked?.place === "instead") {
    return { dayCount, families: new Set(asked.families), intensity: ASKED_INTENSITY };
  }
  const mood = chance.uniform();
  const families = new Set<Family>();
  if (mood > 0.92) { for (const family of FAMILIES) if (family !== "once") families.add(family); }
  else if (mood > 0.08) {
    const count = chance.whole(1, 3);
    for (let at = 0; at < count; at++) families.add(chance.pick(FAMILIES));
  }
  const intensity = chance.pick([0.5, 1, 1, 2, 4]);
  for (const family of drawField(chance.fork("field"))) families.add(family);
  for (const family of asked?.families ?? []) families.add(family);
  return { dayCount, families, intensity };
}

/** Half of the seeds know nothing of the field, some know all of it: by a draw of its own, whatever else a seed holds. */
function drawField(chance: Prng): FieldFamily[] {
  const drawn = FIELD_FAMILIES.filter((family) => FIELD_RULES[family].isOn);
  const mood = chance.uniform();
  if (mood < 0.5 || drawn.length === 0) return [];
  if (mood > 0.9) return drawn;
  return mood < 0.75 ? [chance.pick(drawn)] : [chance.pick(drawn), chance.pick(drawn)];
}

/** Families from a comma-separated list, `+` before it for beside those drawn; `null` where one of them is none. */
export function parseFamilies(text: string): AskedFamilies | null {
  const families: Family[] = [];
  const place = text.startsWith("+") ? "beside" : "instead";
  for (const name of text.replace(/^\+/, "").split(",").filter((each) => each !== "")) {
    const family = [...FAMILIES, ...FIELD_FAMILIES].find((each) => each === name);
    if (family === undefined) return null;
    families.push(family);
  }
  return { families, place };
}

/** The list from which {@linkcode parseFamilies} reads the same. */
export function formatFamilies({ families, place }: AskedFamilies): string {
  return `${place === "beside" ? "+" : ""}${families.join(",")}`;
}
