import fc from "fast-check";
import { type Caps, DEFAULT_CAPS } from "../../../src/domain/gate/caps.ts";
import type { ReadFailure } from "../../../src/domain/order/order_request.ts";
import {
  type Allowlist,
  decideGate,
  decideOperator,
  formatAllowlist,
  formatGateLines,
  formatGateMode,
  formatGateReason,
  type GateInputs,
  isOfOperator,
  type TokenFile,
} from "../../../src/domain/gate/gate.ts";
import { firstLedgerProblem, type LedgerProblem } from "../../../src/domain/order/ledger.ts";
import { assert, assertEquals } from "../../assert.ts";
import { LIVE_INPUTS } from "../fixtures.ts";

const LIVE_LINE = "Gate mode=LIVE status=PASS reason=live trading confirmed";

/** Every reason of the interface in its order; each row breaks exactly one thing. */
const REASONS: readonly { reason: string; when: string; change: Partial<GateInputs> }[] = [
  { reason: "DRY_RUN enabled", when: "DRY_RUN is on", change: { isDryRun: true } },
  {
    reason: "kill switch active (env)",
    when: "KILL_SWITCH is on",
    change: { isKillSwitchEnv: true },
  },
  {
    reason: "kill switch active (file)",
    when: "the kill switch file is there",
    change: { isKillSwitchFile: true },
  },
  {
    reason: "LIVE_TRADING disabled",
    when: "LIVE_TRADING is off",
    change: { isLiveTrading: false },
  },
  {
    reason: "LIVE_CONFIRM_TOKEN missing",
    when: "there is no token in the environment",
    change: { envToken: null },
  },
  {
    reason: "LIVE_CONFIRM_TOKEN missing",
    when: "the environment's token is empty",
    change: { envToken: "" },
  },
  {
    reason: "LIVE_CONFIRM_TOKEN missing",
    when: "the environment's token is white space",
    change: { envToken: " \t\r\n" },
  },
  {
    reason: "confirm token file missing",
    when: "there is no token file",
    change: { fileToken: { kind: "missing" } },
  },
  {
    reason: "confirm token file empty",
    when: "the token file is empty",
    change: { fileToken: { kind: "present", text: "" } },
  },
  {
    reason: "confirm token file empty",
    when: "the token file holds only white space",
    change: { fileToken: { kind: "present", text: "\n \r\n" } },
  },
  {
    reason: "LIVE_CONFIRM_TOKEN mismatch",
    when: "the tokens differ",
    change: { fileToken: { kind: "present", text: "correct-horsf" } },
  },
  {
    reason: "invalid configuration (MAX_LIVE_POSITIONS)",
    when: "a cap is not valid",
    change: { invalidConfiguration: "MAX_LIVE_POSITIONS" },
  },
  {
    reason: "invalid configuration (execution_state.json)",
    when: "the engine's state is damaged",
    change: { invalidConfiguration: "execution_state.json" },
  },
  {
    reason: "invalid configuration (caps)",
    when: "there are no caps and nobody said why",
    change: { caps: null },
  },
  {
    reason: "invalid configuration (ALLOWLIST_SYMBOLS)",
    when: "the allowlist is not valid and nobody said so",
    change: { allowlist: { kind: "invalid" } },
  },
  {
    reason: "ledger unavailable (ledger missing)",
    when: "the ledger is missing",
    change: { ledgerProblem: "ledger missing" },
  },
  {
    reason: "ledger unavailable (ledger unreadable)",
    when: "the ledger can't be read",
    change: { ledgerProblem: "ledger unreadable" },
  },
  {
    reason: "ledger unavailable (state unreadable)",
    when: "the state file can't be read",
    change: { ledgerProblem: "state unreadable" },
  },
  {
    reason: "ledger unavailable (archive unreadable)",
    when: "the archive can't be read",
    change: { ledgerProblem: "archive unreadable" },
  },
  {
    reason: "ledger unavailable (ledger invalid)",
    when: "the ledger is wrong",
    change: { ledgerProblem: "ledger invalid" },
  },
  {
    reason: "ledger unavailable (broker unreachable)",
    when: "the ledger can't be held against the broker",
    change: { ledgerProblem: "broker unreachable" },
  },
  {
    reason: "ledger unavailable (broker mismatch)",
    when: "the broker knows orders that the ledger lacks",
    change: { ledgerProblem: "broker mismatch" },
  },
  ...(["http", "timeout", "network", "malformed"] as const).map((failure) => ({
    reason: `positions unavailable (${failure})`,
    when: `reading the positions failed (${failure})`,
    change: { positionsProblem: failure },
  })),
];

Deno.test("decideGate() is LIVE when nothing objects", () => {
  const decision = decideGate(LIVE_INPUTS);
  assertEquals(decision, { mode: "LIVE", caps: DEFAULT_CAPS, allowlist: { kind: "all" } });
  assertEquals(formatGateMode(decision), LIVE_LINE);
});

for (const { reason, when, change } of REASONS) {
  Deno.test(`decideGate() stays in DRY_RUN when ${when}`, () => {
    const decision = decideGate({ ...LIVE_INPUTS, ...change });
    assertEquals(decision.mode, "DRY_RUN");
    assertEquals(formatGateMode(decision), `Gate mode=DRY_RUN status=FAIL reason=${reason}`);
    assertEquals("caps" in decision || "allowlist" in decision, false);
  });
}

Deno.test("decideGate() gives the earlier of any two reasons that both apply", () => {
  let pairs = 0;
  for (const [index, earlier] of REASONS.entries()) {
    for (const later of REASONS.slice(index + 1)) {
      const [field] = Object.keys(earlier.change);
      if (field === undefined || field in later.change) continue;
      pairs++;
      const decision = decideGate({ ...LIVE_INPUTS, ...later.change, ...earlier.change });
      assertEquals(
        formatGateMode(decision),
        `Gate mode=DRY_RUN status=FAIL reason=${earlier.reason}`,
        `${earlier.when}, and ${later.when}`,
      );
    }
  }
  // 26 rows; the pairs within the 3 env tokens, 4 file tokens, 2 variables, 7 ledger and 4 position problems share a field.
  assertEquals(pairs, 26 * 25 / 2 - (3 + 6 + 1 + 21 + 6));
});

Deno.test("firstLedgerProblem() gives the earlier of any two, in the order of the reasons", () => {
  const problems = REASONS.flatMap(({ change }) => change.ledgerProblem ?? []);
  assertEquals(problems.length, 7);
  for (const [index, earlier] of problems.entries()) {
    for (const later of problems.slice(index)) {
      assertEquals(firstLedgerProblem([later, null, earlier]), earlier);
    }
  }
  assertEquals(firstLedgerProblem([null, null]), null);
});

const ENV_TOKENS: readonly (string | null)[] = [null, "", " \n", "key", " key\r\n", "kex"];
const FILE_TOKENS: readonly TokenFile[] = [
  { kind: "missing" },
  ...["", "\t\n", "key", "\nkey ", "keykey"].map((text) => ({ kind: "present", text } as const)),
];
const ALLOWLISTS: readonly Allowlist[] = [
  { kind: "all" },
  { kind: "list", symbols: ["SPY"] },
  { kind: "invalid" },
];
const LEDGER_PROBLEMS: readonly (LedgerProblem | null)[] = [
  null,
  "ledger missing",
  "ledger unreadable",
  "ledger invalid",
  "broker unreachable",
  "broker mismatch",
];
const POSITION_PROBLEMS: readonly (ReadFailure | null)[] = [
  null,
  "http",
  "timeout",
  "network",
  "malformed",
];
const BOOLEANS = [false, true];

/** Every combination of the gate's inputs: 4 switches x 36 token pairs x 12 configurations x 30 read results. */
function* everyInput(): Generator<GateInputs> {
  for (const isDryRun of BOOLEANS) {
    for (const isKillSwitchEnv of BOOLEANS) {
      for (const isKillSwitchFile of BOOLEANS) {
        for (const isLiveTrading of BOOLEANS) {
          const switches = { isDryRun, isKillSwitchEnv, isKillSwitchFile, isLiveTrading };
          for (const envToken of ENV_TOKENS) {
            for (const fileToken of FILE_TOKENS) {
              for (const rest of everyRest()) yield { ...switches, envToken, fileToken, ...rest };
            }
          }
        }
      }
    }
  }
}

function* everyRest() {
  for (const caps of [DEFAULT_CAPS, null]) {
    for (const allowlist of ALLOWLISTS) {
      for (const invalidConfiguration of [null, "ALPACA_PAPER"]) {
        for (const ledgerProblem of LEDGER_PROBLEMS) {
          for (const positionsProblem of POSITION_PROBLEMS) {
            yield { caps, allowlist, invalidConfiguration, ledgerProblem, positionsProblem };
          }
        }
      }
    }
  }
}

/** The interface's list, written down a second time: each reason with when it applies, the first one counts. */
function expectedReason(inputs: GateInputs): string {
  const env = (inputs.envToken ?? "").replaceAll(/\s/g, "");
  const file = inputs.fileToken.kind === "missing"
    ? null
    : inputs.fileToken.text.replaceAll(/\s/g, "");
  const rows: readonly [string, boolean][] = [
    ["DRY_RUN enabled", inputs.isDryRun],
    ["kill switch active (env)", inputs.isKillSwitchEnv],
    ["kill switch active (file)", inputs.isKillSwitchFile],
    ["LIVE_TRADING disabled", inputs.isLiveTrading === false],
    ["LIVE_CONFIRM_TOKEN missing", env === ""],
    ["confirm token file missing", file === null],
    ["confirm token file empty", file === ""],
    ["LIVE_CONFIRM_TOKEN mismatch", env !== file],
    [
      `invalid configuration (${inputs.invalidConfiguration})`,
      inputs.invalidConfiguration !== null,
    ],
    ["invalid configuration (caps)", inputs.caps === null],
    ["invalid configuration (ALLOWLIST_SYMBOLS)", inputs.allowlist.kind === "invalid"],
    [`ledger unavailable (${inputs.ledgerProblem})`, inputs.ledgerProblem !== null],
    [`positions unavailable (${inputs.positionsProblem})`, inputs.positionsProblem !== null],
  ];
  return rows.find(([, applies]) => applies)?.[0] ?? "live trading confirmed";
}

Deno.test("decideGate() gives the first reason of the interface for every combination there is", () => {
  let total = 0;
  let live = 0;
  for (const inputs of everyInput()) {
    total++;
    const decision = decideGate(inputs);
    const expected = expectedReason(inputs);
    const isLive = decision.mode === "LIVE";
    const actual = isLive ? "live trading confirmed" : formatGateReason(decision.reason);
    if (isLive) live++;
    if (actual !== expected) assertEquals(actual, expected, JSON.stringify(inputs));
  }
  assertEquals(total, 16 * 36 * 12 * 30);
  // Two spellings of the right token in the environment, two in the file, two valid allowlists.
  assertEquals(live, 2 * 2 * 2);
});

Deno.test("decideOperator() objects exactly where the gate has one of the operator's reasons", () => {
  for (const { change, when } of REASONS) {
    const objection = decideOperator({ ...LIVE_INPUTS, ...change });
    const decision = decideGate({ ...LIVE_INPUTS, ...change });
    const isOperators = REASONS.findIndex((row) => row.when === when) < 11;
    assertEquals(objection !== null, isOperators, when);
    if (objection !== null) assertEquals(decision, { mode: "DRY_RUN", reason: objection }, when);
  }
});

const tokens: readonly [env: string, file: string, isSame: boolean][] = [
  ["a", "a", true],
  ["0f3c", "0f3c\n", true],
  ["\t0f3c", "\r\n0f3c \n", true],
  ["ключ-é", "ключ-é", true],
  ["0f3c", "0f3C", false],
  ["0f3c", "0f3", false],
  ["0f3", "0f3c", false],
  ["0f3c", "c3f0", false],
  ["0f3c", "0f 3c", false],
  ["0f3c", "0f3c0f3c", false],
  ["0f3c", '"0f3c"', false],
  ["0f3c", "0f3c\n0f3c", false],
  ["0f3c", "0f3c\0", false],
  ["\0", "\0\0", false],
  ["é", "e\u0301", false],
  ["\ud800", "\udfff", false],
  ["\ud800", "\ufffd", false],
];
for (const [env, file, isSame] of tokens) {
  const verb = isSame ? "takes" : "refuses";
  Deno.test(`decideGate() ${verb} ${JSON.stringify(file)} for ${JSON.stringify(env)}`, () => {
    const decision = decideGate({
      ...LIVE_INPUTS,
      envToken: env,
      fileToken: { kind: "present", text: file },
    });
    assertEquals(decision.mode === "LIVE", isSame);
    if (decision.mode === "DRY_RUN") {
      assertEquals(formatGateReason(decision.reason), "LIVE_CONFIRM_TOKEN mismatch");
    }
  });
}

Deno.test("decideGate() is LIVE for two texts exactly when they are equal without surrounding space", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.stringMatching(/^[ab \n]{0,4}$/),
  );
  fc.assert(
    fc.property(text, text, (env, file) => {
      for (const [left, right] of [[env, file], [env, ` ${env}\n`]] as const) {
        const decision = decideGate({
          ...LIVE_INPUTS,
          envToken: left,
          fileToken: { kind: "present", text: right },
        });
        assertEquals(decision.mode === "LIVE", left.trim() === right.trim() && left.trim() !== "");
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("decideGate() refuses a token that differs in any single place", () => {
  const token = "96fb2a1c0d4e8f7b96fb2a1c0d4e8f7b";
  for (let place = 0; place < token.length; place++) {
    const wrong = `${token.slice(0, place)}~${token.slice(place + 1)}`;
    const cut = token.slice(0, place);
    for (const text of [wrong, cut]) {
      const fileToken = { kind: "present", text } as const;
      const decision = decideGate({ ...LIVE_INPUTS, envToken: token, fileToken });
      assertEquals(decision.mode, "DRY_RUN", text);
    }
  }
});

Deno.test("formatGateLines() prints the runbook's three lines when LIVE", () => {
  const limits = { caps: DEFAULT_CAPS, allowlist: { kind: "all" } } as const;
  assertEquals(formatGateLines(decideGate(LIVE_INPUTS), limits), [
    LIVE_LINE,
    "Gate allowlist=ALL",
    "Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.0)",
  ]);
});

Deno.test("formatGateLines() prints list and caps as they are set, whatever the mode", () => {
  const caps: Caps = {
    ordersPerDay: 1,
    positions: 2,
    grossNotionalUsd: 250.5,
    notionalPerSymbolUsd: 1e4,
  };
  const allowlist: Allowlist = { kind: "list", symbols: ["AAPL", "BRK.B"] };
  const decision = decideGate({ ...LIVE_INPUTS, isDryRun: true, caps, allowlist });
  assertEquals(formatGateLines(decision, { caps, allowlist }), [
    "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled",
    "Gate allowlist=AAPL,BRK.B",
    "Gate caps(orders/day=1, positions=2, gross_notional=250.5, per_symbol=10000.0)",
  ]);
});

Deno.test("formatGateLines() never shows an invalid limit as one that is in force", () => {
  const limits = { caps: null, allowlist: { kind: "invalid" } } as const;
  const decision = decideGate({ ...LIVE_INPUTS, ...limits });
  assertEquals(formatGateLines(decision, limits).slice(1), [
    "Gate allowlist=invalid",
    "Gate caps(invalid)",
  ]);
  assert(!formatAllowlist({ kind: "invalid" }).includes("ALL"));
});

Deno.test("isOfOperator() tells the operator's switches from what fails by itself", () => {
  assertEquals(isOfOperator({ code: "kill_switch_active", source: "file" }), true);
  assertEquals(isOfOperator({ code: "dry_run_enabled" }), true);
  assertEquals(isOfOperator({ code: "ledger_unavailable", problem: "ledger invalid" }), false);
  assertEquals(isOfOperator({ code: "positions_unavailable", failure: "http" }), false);
  assertEquals(isOfOperator({ code: "invalid_configuration", variable: "caps" }), false);
});
