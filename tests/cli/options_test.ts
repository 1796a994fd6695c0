import fc from "fast-check";
import { parseOptions, UsageError } from "../../src/cli/options.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertStringIncludes,
  assertThrows,
} from "../assert.ts";

const SPECS = [
  { name: "dry-run", valueName: null, help: "" },
  { name: "run-once", valueName: null, help: "" },
  { name: "poll-seconds", valueName: "N", help: "" },
  { name: "candidates-csv", valueName: "PATH", help: "" },
];

Deno.test("parseOptions() reads flags and values in both notations", () => {
  const { flags, values } = parseOptions(
    ["--dry-run", "--poll-seconds=5", "--candidates-csv", "a b=c.csv"],
    SPECS,
  );
  assertEquals([...flags], ["dry-run"]);
  assertEquals([...values], [["poll-seconds", "5"], ["candidates-csv", "a b=c.csv"]]);
});

Deno.test("parseOptions() hands a value on as it was typed", () => {
  for (const text of ["12abc", "1e3", "007", "0x10", "", "true", "-5", " 5", "=", "--x"]) {
    assertEquals(parseOptions([`--poll-seconds=${text}`], SPECS).values.get("poll-seconds"), text);
  }
  assertEquals(parseOptions(["--poll-seconds", ""], SPECS).values.get("poll-seconds"), "");
  assertEquals(parseOptions(["--poll-seconds", "1e3"], SPECS).values.get("poll-seconds"), "1e3");
});

Deno.test("parseOptions() takes the one argument wherever it stands among the options, as it was typed", () => {
  const words = [["NVDA", "--dry-run"], ["--dry-run", "NVDA"], ["--", "NVDA"], ["007"], [""]];
  const found = words.map((args) => parseOptions(args, SPECS, { hasArgument: true }).argument);
  assertEquals(found, ["NVDA", "NVDA", "NVDA", "007", ""]);
  const valued = parseOptions(["--poll-seconds", "5", "NVDA"], SPECS, { hasArgument: true });
  assertEquals([valued.argument, valued.values.get("poll-seconds")], ["NVDA", "5"]);
  assertEquals(parseOptions(["--dry-run"], SPECS, { hasArgument: true }).argument, undefined);
  const more = () => parseOptions(["NVDA", "--dry-run", "AAPL"], SPECS, { hasArgument: true });
  assertStringIncludes(assertThrows(more, UsageError).message, 'Unexpected argument "AAPL"');
});

const WRONG: { args: string[]; says: string }[] = [
  { args: ["--nonsense"], says: 'Unknown option "--nonsense"' },
  { args: ["--dryrun"], says: "did you mean --dry-run?" },
  { args: ["--dryrun=1"], says: 'Unknown option "--dryrun"; did you mean --dry-run?' },
  { args: ["--no-dry-run"], says: 'Unknown option "--no-dry-run"' },
  { args: ["--DRY-RUN"], says: "did you mean --dry-run?" },
  { args: ["-d"], says: "Unknown option" },
  { args: ["-dry-run"], says: "Unknown option" },
  { args: ["-5"], says: "Unknown option" },
  { args: ["-"], says: 'Unknown option "-"' },
  { args: ["--__proto__=1"], says: "Unknown option" },
  { args: ["--constructor"], says: "Unknown option" },
  { args: ["--_=1"], says: "Unknown option" },
  { args: ["--dry-run.x=1"], says: "Unknown option" },
  { args: ["--=x"], says: "Unknown option" },
  { args: ["extra"], says: 'Unexpected argument "extra"' },
  { args: ["5"], says: 'Unexpected argument "5"' },
  { args: [""], says: 'Unexpected argument ""' },
  { args: ["--dry-run", "extra"], says: 'Unexpected argument "extra"' },
  { args: ["--", "--dry-run"], says: 'Unexpected argument "--dry-run"' },
  { args: ["--", "x"], says: 'Unexpected argument "x"' },
  { args: ["--dry-run", "--dry-run"], says: "--dry-run is given twice" },
  { args: ["--poll-seconds=5", "--poll-seconds", "5"], says: "--poll-seconds is given twice" },
  { args: ["--dry-run=0"], says: "--dry-run takes no value" },
  { args: ["--dry-run="], says: "--dry-run takes no value" },
  { args: ["--dry-run=true"], says: "--dry-run takes no value" },
  { args: ["--dry-run", "false"], says: "--dry-run takes no value" },
  { args: ["--dry-run", "true"], says: "--dry-run takes no value" },
  { args: ["--poll-seconds"], says: "--poll-seconds needs a value: --poll-seconds N" },
  { args: ["--poll-seconds", "--dry-run"], says: "--poll-seconds needs a value" },
  { args: ["--poll-seconds", "-5"], says: "--poll-seconds needs a value" },
];

for (const { args, says } of WRONG) {
  Deno.test(`parseOptions() refuses ${JSON.stringify(args)}`, () => {
    const error = assertThrows(() => parseOptions(args, SPECS), UsageError);
    assertStringIncludes(error.message, says);
    assertFalse(error.message.includes("\n"));
  });
}

Deno.test("parseOptions() ignores nothing: what it accepts is exactly what was typed", () => {
  const word = fc.oneof(
    fc.constantFrom("--dry-run", "--run-once", "--poll-seconds", "--poll-seconds=7", "--", "true"),
    fc.constantFrom("--candidates-csv=x", "false", "-", "--dry-run=false", "5"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (args) => {
      let parsed;
      try {
        parsed = parseOptions(args, SPECS);
      } catch (error) {
        assert(error instanceof UsageError, String(error));
        return;
      }
      const { flags, values } = parsed;
      let rest = args.filter((arg) => arg !== "--");
      for (const flag of flags) rest = rest.filter((arg) => arg !== `--${flag}`);
      for (const [name, value] of values) {
        const at = rest.indexOf(`--${name}=${value}`);
        if (at >= 0) rest.splice(at, 1);
        else {
          const split = rest.indexOf(`--${name}`);
          assertEquals(rest.splice(split, 2), [`--${name}`, value]);
        }
      }
      assertEquals(rest, []);
    }),
    { numRuns: 1000 },
  );
});
