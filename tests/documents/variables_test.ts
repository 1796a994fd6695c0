import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import {
  type Environment,
  ENVIRONMENT_VARIABLES,
  type EnvironmentVariable,
} from "../../src/runtime/environment.ts";
import { listNetworkDoubts } from "../../src/runtime/host_network.ts";
import { ConfigError } from "../../src/runtime/settings.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { cutSection, listRows, readCode } from "./page.ts";
import { readText } from "./texts.ts";

const SECTION = cutSection(await readText("deploy/REFERENCE.md"), "Variables");

/** With Slack on, so that its switches change something. */
const BASE: Environment = {
  APCA_API_KEY_ID: "PKTESTKEY1",
  APCA_API_SECRET_KEY: "s3cr3t-of-the-test",
  SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/T/B/x",
};

interface VariableRow {
  readonly variable: EnvironmentVariable;
  readonly byDefault: string;
  readonly unit: string;
  readonly meaning: string;
  readonly bad: string;
  readonly comesOfIt: string;
}

/** The tables of the runtime's variables have no unit. */
function readRow(cells: readonly string[]): VariableRow {
  const [name = "", byDefault = "", ...rest] = cells;
  const [unit = "", meaning = "", bad = ""] = rest.length === 2 ? ["text", ...rest] : rest;
  const variable = ENVIRONMENT_VARIABLES.find((each) => each === readCode(name));
  assert(variable !== undefined, `${name} is no variable`);
  const comesOfIt = bad.slice(bad.indexOf(": ") + 2);
  return { variable, byDefault, unit, meaning, bad: readCode(bad), comesOfIt };
}

const ROWS = listRows(SECTION).map(readRow);

function build(environment: Environment) {
  return buildConfig(environment, NO_RUN_FLAGS);
}

function withValue({ variable }: VariableRow, text: string | undefined): Environment {
  const { [variable]: _old, ...others } = BASE;
  return text === undefined ? others : { ...others, [variable]: text };
}

/** @throws {AssertionError} Where the program would start. */
function readRefusal(environment: Environment): ConfigError {
  const error = assertThrows(() => build(environment));
  assert(error instanceof ConfigError);
  return error;
}

Deno.test("the reference has each variable that is read, once, and no other", () => {
  assertEquals(ROWS.map(({ variable }) => variable).sort(), [...ENVIRONMENT_VARIABLES].sort());
});

Deno.test("to set a variable to its documented default changes nothing", () => {
  for (const row of ROWS) {
    const { variable, byDefault } = row;
    if (byDefault === "needed") {
      const error = readRefusal(withValue(row, undefined));
      assertEquals(error.variable, variable);
      continue;
    }
    const unset = build(withValue(row, undefined));
    const text = byDefault === "none" ? "" : readCode(byDefault);
    assert(byDefault === "none" || text !== "", variable);
    assertEquals(build(withValue(row, text)), unset, variable);
  }
});

Deno.test("a bad value does what the reference says of it", () => {
  for (const row of ROWS) checkBadValue(row);
});

function checkBadValue(row: VariableRow): void {
  const { variable, bad, comesOfIt, unit, meaning } = row;
  const environment = withValue(row, bad);
  const buildOther = (text: string | undefined) => build(withValue(row, text));
  switch (comesOfIt) {
    case "exit 78": {
      const error = readRefusal(environment);
      assertEquals(error.variable, variable);
      const [, said, min, max] = / ([a-z]+) from (\S+) to (\S+)$/.exec(error.message) ?? [];
      if (said === undefined) return;
      assertEquals(unit, said, variable);
      for (const bound of [min, max]) assertStringIncludes(meaning, bound ?? "?", variable);
      return;
    }
    case "LIVE blocked":
      assertEquals(build(environment).config.engine.invalidConfiguration, variable);
      return;
    case "counts as on":
      return assertCountsAs(variable, build(environment), buildOther("1"));
    case "counts as off":
      return assertCountsAs(variable, build(environment), buildOther("0"));
    case "counts as not set":
      return assertCountsAs(variable, build(environment), buildOther(undefined));
    case "a warning": {
      const doubts = listNetworkDoubts({ DENO_TLS_CA_STORE: "system", ...environment });
      assert(doubts.some((doubt) => doubt.variable === variable), variable);
      return;
    }
    case "any text is taken":
      assertEquals(build(environment).warnings, [], variable);
      return;
    default:
      throw new Error(`${variable}: the reference says ${JSON.stringify(comesOfIt)}`);
  }
}

type Built = ReturnType<typeof buildConfig>;

/** An address that can't be used is still a secret, so what is redacted may differ. */
function assertCountsAs(variable: EnvironmentVariable, built: Built, other: Built): void {
  assertEquals({ ...built.config, secrets: [] }, { ...other.config, secrets: [] }, variable);
  assertEquals(built.warnings.length, other.warnings.length + 1, variable);
  assert(built.warnings.some((line) => line.startsWith(variable)), variable);
}
