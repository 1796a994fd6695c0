import { z } from "zod";
import type { Environment, EnvironmentVariable } from "./environment.ts";

/** A setting that the program can't start with: exit 78. `message` is one line that begins with the variable's name. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly variable: string, problem: string) {
    super(`${variable} ${problem}`);
  }
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A finite number in plain decimal or exponent notation: no hex, no separators, no white space, no words. */
export const decimalText = z.string().regex(DECIMAL).transform(Number).pipe(z.number());

const SHOWN_MAX = 60;

/** An operator's value as a message shows it: quoted, control characters escaped, cut. Never for a secret. */
export function quoteValue(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text);
}

const ON = new Set(["1", "true", "yes", "on"]);
const OFF = new Set(["", "0", "false", "no", "off"]);

/** What an on/off variable says; `doubtful` is everything that is neither (interface, "Which way a doubt falls"). */
export function parseSwitch(text: string): "on" | "off" | "doubtful" {
  const word = text.toLowerCase();
  if (ON.has(word)) return "on";
  return OFF.has(word) ? "off" : "doubtful";
}

/** How one on/off variable is read: what an unset one is, and which way a doubt falls. */
export interface SwitchRule {
  readonly variable: EnvironmentVariable;
  readonly isOnByDefault: boolean;
  readonly doubt: "on" | "off";
}

/**
 * Reads an on/off variable. A doubt falls as the rule says, with a warning that names the variable; the value is not
 * repeated, since what lands in the wrong variable can be a token.
 */
export function parseSwitchVariable(
  environment: Environment,
  rule: SwitchRule,
  warnings: string[],
): boolean {
  const text = environment[rule.variable];
  if (text === undefined || (text === "" && rule.isOnByDefault)) return rule.isOnByDefault;
  const said = parseSwitch(text);
  if (said !== "doubtful") return said === "on";
  warnings.push(
    `${rule.variable} is neither on (1 true yes on) nor off (empty 0 false no off): it counts as ${rule.doubt}`,
  );
  return rule.doubt === "on";
}

/** A number that the program can't start without understanding. The option, where given, wins over the variable. */
export interface NumberRule {
  readonly variable: EnvironmentVariable;
  /** Name and text of the command-line option, where the setting has one. */
  readonly option?: { readonly name: string; readonly text: string | null };
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

/**
 * Reads a number with its bounds; unset or empty is the default, an option's empty text is not.
 * @throws {ConfigError} Naming option and variable.
 */
export function parseNumberVariable(environment: Environment, rule: NumberRule): number {
  const fromOption = rule.option?.text ?? null;
  const text = fromOption ?? environment[rule.variable] ?? "";
  if (fromOption === null && text === "") return rule.byDefault;
  const name = fromOption === null ? rule.variable : `${rule.variable} (${rule.option?.name})`;
  const parsed = decimalText.safeParse(text);
  const bounds = `${rule.unit} from ${rule.min} to ${rule.max}`;
  if (!parsed.success) {
    throw new ConfigError(name, `is ${quoteValue(text)}, which is not a number: give ${bounds}`);
  }
  if (!(parsed.data >= rule.min && parsed.data <= rule.max)) {
    throw new ConfigError(name, `is ${quoteValue(text)}, out of range: give ${bounds}`);
  }
  return parsed.data;
}

/** A path variable: unset or empty is the default. @throws {ConfigError} Where it can't be a path. */
export function parsePathVariable(
  environment: Environment,
  variable: EnvironmentVariable,
  byDefault: string,
): string {
  const text = environment[variable] ?? "";
  if (text === "") return byDefault;
  if (text.includes("\0")) throw new ConfigError(variable, "holds a NUL character: give a path");
  return text;
}
