import fc from "fast-check";
import { buildConfig, NO_RUN_FLAGS, type RunFlags } from "../../src/runtime/config.ts";
import type { Environment } from "../../src/runtime/environment.ts";
import { ConfigError } from "../../src/runtime/settings.ts";
import { assert, assertEquals, assertFalse, assertThrows } from "../assert.ts";

const CREDENTIALS: Environment = {
  APCA_API_KEY_ID: "PKTESTKEY1",
  APCA_API_SECRET_KEY: "s3cr3t-of-the-test",
};

function build(environment: Environment = {}, flags: Partial<RunFlags> = {}) {
  return buildConfig({ ...CREDENTIALS, ...environment }, { ...NO_RUN_FLAGS, ...flags });
}

Deno.test("buildConfig() gives the documented defaults when only the credentials are set", () => {
  const { config, warnings } = build();
  assertEquals(warnings, []);
  assertEquals(config.engine, {
    isDryRun: false,
    isKillSwitchEnv: false,
    isLiveTrading: false,
    confirmToken: null,
    allowlist: { kind: "all" },
    caps: { ordersPerDay: 5, positions: 5, grossNotionalUsd: 5000, notionalPerSymbolUsd: 1000 },
    invalidConfiguration: null,
    isMarketHoursIgnored: false,
    pollSeconds: 300,
    entryDelayMinSeconds: 60,
    entryDelayMaxSeconds: 240,
    isRunOnce: false,
    endpoint: "paper",
    isSlackVerbose: false,
    heartbeatMinutes: 60,
    dailySummaryTimeNy: null,
    maxLossPerDayUsd: null,
  });
  assertEquals(config.endpoint, {
    kind: "paper",
    host: "paper-api.alpaca.markets",
    tradingUrl: "https://paper-api.alpaca.markets",
    dataUrl: "https://data.alpaca.markets",
  });
  assertEquals(config.feed, "auto");
  assertEquals(config.slack, null);
  assertEquals(config.stateDir, "/root/avwap_r3k_scanner/state");
  assertEquals(config.watchlist.path, "/root/avwap_r3k_scanner/daily_candidates.csv");
  assertEquals(config.dryRunLedgerPath, "/root/avwap_r3k_scanner/state/dry_run_ledger.json");
});

Deno.test("buildConfig() reads an empty variable like one that is not set", () => {
  const empty: Environment = {
    DRY_RUN: "",
    LIVE_TRADING: "",
    LIVE_CONFIRM_TOKEN: "",
    KILL_SWITCH: "",
    ALLOWLIST_SYMBOLS: "",
    MAX_LIVE_ORDERS_PER_DAY: "",
    MAX_LIVE_GROSS_NOTIONAL: "",
    AVWAP_BASE_DIR: "",
    AVWAP_STATE_DIR: "",
    ALPACA_PAPER: "",
    APCA_API_BASE_URL: "",
    APCA_API_DATA_URL: "",
    ALPACA_DATA_FEED: "",
    SLACK_WEBHOOK_URL: "",
    SLACK_ENABLED: "",
    SLACK_ALERTS_ENABLED: "",
    SLACK_ALERTS_MIN_LEVEL: "",
    SLACK_HEARTBEAT_MINUTES: "",
    SLACK_DAILY_SUMMARY_TIME: "",
    DRY_RUN_LEDGER_PATH: "",
    EXECUTION_POLL_SECONDS: "",
    WATCHLIST_FILE: "",
  };
  assertEquals(build(empty), build());
});

const SWITCHES = [
  { variable: "DRY_RUN", key: "isDryRun", doubt: true },
  { variable: "KILL_SWITCH", key: "isKillSwitchEnv", doubt: true },
  { variable: "LIVE_TRADING", key: "isLiveTrading", doubt: false },
  { variable: "EXEC_V2_IGNORE_MARKET_HOURS", key: "isMarketHoursIgnored", doubt: false },
] as const;

for (const { variable, key, doubt } of SWITCHES) {
  Deno.test(`buildConfig() reads ${variable} by its exact words, in any case`, () => {
    for (const text of ["1", "true", "yes", "on", "TRUE", "Yes", "oN"]) {
      const { config, warnings } = build({ [variable]: text });
      assertEquals([config.engine[key], warnings], [true, []], text);
    }
    for (const text of ["", "0", "false", "no", "off", "False", "NO", "oFf"]) {
      const { config, warnings } = build({ [variable]: text });
      assertEquals([config.engine[key], warnings], [false, []], text);
    }
  });

  Deno.test(`buildConfig() lets a doubt about ${variable} fall to ${doubt} and says so`, () => {
    const words = new Set(["", "0", "false", "no", "off", "1", "true", "yes", "on"]);
    const odd = fc.oneof(
      fc.constantFrom(" 1", "0 ", " ", "y", "n", "2", "00", "01", "tru", "o n", "ja", "１", "nо"),
      fc.string(),
    ).filter((text) => !words.has(text.toLowerCase()));
    fc.assert(fc.property(odd, (text) => {
      const { config, warnings } = build({ [variable]: text });
      assertEquals(config.engine[key], doubt);
      assertEquals(warnings.length, 1);
      assert(warnings[0]?.startsWith(`${variable} `));
    }));
  });
}

const CAPS = [
  { variable: "MAX_LIVE_ORDERS_PER_DAY", cap: "ordersPerDay", isWhole: true },
  { variable: "MAX_LIVE_POSITIONS", cap: "positions", isWhole: true },
  { variable: "MAX_LIVE_GROSS_NOTIONAL", cap: "grossNotionalUsd", isWhole: false },
  { variable: "MAX_LIVE_NOTIONAL_PER_SYMBOL", cap: "notionalPerSymbolUsd", isWhole: false },
] as const;
const NO_CAPS = [
  "0",
  "-1",
  "0.0",
  "-0",
  "1e-999",
  "1e999",
  "NaN",
  "Infinity",
  "500$",
  "$500",
  "1,000",
  "1_000",
  "0x10",
  "5 ",
  " 5",
  " ",
  "five",
  "5USD",
  "--5",
  "5e",
  ".",
  "e5",
  "5\n",
  "٥",
];

for (const { variable, cap, isWhole } of CAPS) {
  Deno.test(`buildConfig() blocks LIVE by name, without stopping, when ${variable} is no cap`, () => {
    const whole = isWhole ? ["1.5", "1e-1", "1e30"] : [];
    for (const text of [...NO_CAPS, ...whole]) {
      const { config, warnings } = build({ [variable]: text });
      assertEquals(config.engine.caps, null, text);
      assertEquals(config.engine.invalidConfiguration, variable, text);
      assert(warnings.some((line) => line.startsWith(variable)), text);
    }
  });

  Deno.test(`buildConfig() takes decimal and exponent notation for ${variable}`, () => {
    const cases = [["7", 7], ["2.0", 2], ["1e3", 1000], ["+4", 4], ["12.5E+1", 125]] as const;
    for (const [text, value] of cases) {
      const { config, warnings } = build({ [variable]: text });
      assertEquals([config.engine.caps?.[cap], warnings], [value, []], text);
    }
    if (!isWhole) assertEquals(build({ [variable]: ".25" }).config.engine.caps?.[cap], 0.25);
  });
}

Deno.test("buildConfig() takes a loss limit in USD, has none by default, and blocks LIVE by name where it is none", () => {
  assertEquals(build({}).config.engine.maxLossPerDayUsd, null);
  assertEquals(build({ MAX_LIVE_LOSS_PER_DAY: "12.5" }).config.engine.maxLossPerDayUsd, 12.5);
  for (const text of NO_CAPS) {
    const { engine } = build({ MAX_LIVE_LOSS_PER_DAY: text }).config;
    assertEquals(engine.maxLossPerDayUsd, null, text);
    assertEquals(engine.invalidConfiguration, "MAX_LIVE_LOSS_PER_DAY", text);
    assert(engine.caps !== null);
  }
});

Deno.test("buildConfig() warns of each bad limit as it is written, with what it should be", () => {
  const { warnings } = build({
    ALLOWLIST_SYMBOLS: "AAPL;MSFT",
    MAX_LIVE_POSITIONS: "1.5",
    MAX_LIVE_GROSS_NOTIONAL: "1,000",
    MAX_LIVE_LOSS_PER_DAY: "-5",
  });
  const usd = "a plain number of USD above 0";
  assertEquals(
    warnings,
    [
      'ALLOWLIST_SYMBOLS is "AAPL;MSFT": give tickers with commas between them, or nothing',
      'MAX_LIVE_POSITIONS is "1.5": give a whole number above 0, or nothing',
      `MAX_LIVE_GROSS_NOTIONAL is "1,000": give ${usd}, or nothing`,
      `MAX_LIVE_LOSS_PER_DAY is "-5": give ${usd}, or nothing for no limit`,
    ].map((message) => `${message}; LIVE is blocked until then`),
  );
});

Deno.test("buildConfig() says how an address begins where its scheme was left out", () => {
  for (const text of ["paper-api.alpaca.markets", "localhost:8080", "127.0.0.1:8080"]) {
    const error = assertThrows(() => build({ APCA_API_BASE_URL: text }), ConfigError);
    assert(/APCA_API_BASE_URL .*https:\/\//.test(error.message), error.message);
  }
});

Deno.test("buildConfig() warns of a directory that is another from each place, and takes it", () => {
  const variables = ["AVWAP_BASE_DIR", "AVWAP_STATE_DIR", "DRY_RUN_LEDGER_PATH"] as const;
  for (const variable of variables) {
    for (const text of ["state", "./state", "~/state", "$HOME/state"]) {
      const { warnings } = build({ [variable]: text });
      assertEquals(warnings.length, 1, text);
      assert(warnings[0]?.startsWith(`${variable} is "${text}", another place from each`), text);
    }
    assertEquals(build({ [variable]: "/srv/state" }).warnings, []);
  }
});

Deno.test("buildConfig() names the first bad limit in the documented order", () => {
  const caps = CAPS.map(({ variable }) => variable);
  const order = ["ALLOWLIST_SYMBOLS", ...caps, "MAX_LIVE_LOSS_PER_DAY"];
  for (let first = 0; first < order.length; first++) {
    const environment = Object.fromEntries(order.slice(first).map((name) => [name, "$"]));
    assertEquals(build(environment).config.engine.invalidConfiguration, order[first]);
  }
});

Deno.test("buildConfig() keeps allowlist and caps apart: a bad one of them leaves the other", () => {
  const { engine } = build({ ALLOWLIST_SYMBOLS: ",", MAX_LIVE_POSITIONS: "2" }).config;
  assertEquals(engine.allowlist, { kind: "invalid" });
  assertEquals(engine.caps?.positions, 2);
});

Deno.test("buildConfig() sorts, upper-cases and deduplicates the allowlist", () => {
  const cases: [string, string[]][] = [
    ["NVDA", ["NVDA"]],
    [" brk.b ,", ["BRK.B"]],
    [" nvda, f, msft ,NVDA,", ["F", "MSFT", "NVDA"]],
    [",,AAPL,,", ["AAPL"]],
  ];
  for (const [text, symbols] of cases) {
    assertEquals(build({ ALLOWLIST_SYMBOLS: text }).config.engine.allowlist, {
      kind: "list",
      symbols,
    }, text);
  }
});

Deno.test("buildConfig() never reads a set allowlist as all", () => {
  const odd = fc.oneof(
    fc.constantFrom(",", " ", " , ", "ALL", "*", "NVDA;MSFT", "NVDA MSFT", "1ABC", "AAPL,$X", "\n"),
    fc.string({ minLength: 1 }),
  );
  fc.assert(fc.property(odd, (text) => {
    const { allowlist, invalidConfiguration } = build({ ALLOWLIST_SYMBOLS: text }).config.engine;
    assert(allowlist.kind !== "all");
    assertEquals(invalidConfiguration, allowlist.kind === "invalid" ? "ALLOWLIST_SYMBOLS" : null);
  }));
});

const FATAL: { when: string; environment: Environment; flags?: Partial<RunFlags>; name: string }[] =
  [
    ...["12abc", "0", "0.99", "3600.5", "3601", "-5", "NaN", "Infinity", "1e9", " 300", "0x10"]
      .map((text) => ({
        when: `EXECUTION_POLL_SECONDS is "${text}"`,
        environment: { EXECUTION_POLL_SECONDS: text },
        name: "EXECUTION_POLL_SECONDS",
      })),
    ...["", "12abc", "0", "3601"].map((text) => ({
      when: `--poll-seconds is "${text}"`,
      environment: {},
      flags: { pollSeconds: text },
      name: "EXECUTION_POLL_SECONDS (--poll-seconds)",
    })),
    {
      when: "--entry-delay-min is negative",
      environment: {},
      flags: { entryDelayMin: "-1" },
      name: "ENTRY_DELAY_MIN_SECONDS (--entry-delay-min)",
    },
    {
      when: "--entry-delay-max is a word",
      environment: {},
      flags: { entryDelayMax: "soon" },
      name: "ENTRY_DELAY_MAX_SECONDS (--entry-delay-max)",
    },
    {
      when: "ENTRY_DELAY_MIN_SECONDS is a word",
      environment: { ENTRY_DELAY_MIN_SECONDS: "x" },
      name: "ENTRY_DELAY_MIN_SECONDS",
    },
    {
      when: "ENTRY_DELAY_MAX_SECONDS has no end",
      environment: { ENTRY_DELAY_MAX_SECONDS: "1e999" },
      name: "ENTRY_DELAY_MAX_SECONDS",
    },
    {
      when: "the key id is empty",
      environment: { APCA_API_KEY_ID: " " },
      name: "APCA_API_KEY_ID",
    },
    {
      when: "the secret key is empty",
      environment: { APCA_API_SECRET_KEY: "" },
      name: "APCA_API_SECRET_KEY",
    },
    {
      when: "the secret key holds a line break",
      environment: { APCA_API_SECRET_KEY: "a\r\nX-Other: b" },
      name: "APCA_API_SECRET_KEY",
    },
    ...[
      "paper-api.alpaca.markets",
      "http://paper-api.alpaca.markets",
      "http://10.0.0.1:8080",
      "http://localhost.example.com",
      "http://127.0.0.1.example.com",
      "ftp://localhost",
      "https://user:pass@localhost",
      "https://api.alpaca.markets.",
      "https://localhost/?x=1",
      "https://localhost/#x",
      "file:///etc/passwd",
      "https://",
    ].flatMap((text) =>
      (["APCA_API_BASE_URL", "APCA_API_DATA_URL"] as const).map((name) => ({
        when: `${name} is "${text}"`,
        environment: { [name]: text },
        name,
      }))
    ),
    ...["1", "", "true", "false", "00", " 0"].map((text) => ({
      when: `the base URL is live money and ALPACA_PAPER is "${text}"`,
      environment: { ALPACA_PAPER: text, APCA_API_BASE_URL: "https://API.alpaca.markets/v2/" },
      name: "ALPACA_PAPER",
    })),
    {
      when: "the base URL is paper and ALPACA_PAPER selects live money",
      environment: { ALPACA_PAPER: "0", APCA_API_BASE_URL: "https://paper-api.alpaca.markets" },
      name: "ALPACA_PAPER",
    },
    {
      when: "the feed is unknown",
      environment: { ALPACA_DATA_FEED: "otc" },
      name: "ALPACA_DATA_FEED",
    },
    {
      when: "the level is unknown",
      environment: { SLACK_ALERTS_MIN_LEVEL: "DEBUG" },
      name: "SLACK_ALERTS_MIN_LEVEL",
    },
    ...["25:00", "9:30", "16:60", "noon"].map((text) => ({
      when: `the summary's time is "${text}"`,
      environment: { SLACK_DAILY_SUMMARY_TIME: text },
      name: "SLACK_DAILY_SUMMARY_TIME",
    })),
    ...["-1", "x", "1441"].map((text) => ({
      when: `the heartbeat's minutes are "${text}"`,
      environment: { SLACK_HEARTBEAT_MINUTES: text },
      name: "SLACK_HEARTBEAT_MINUTES",
    })),
    {
      when: "the state directory holds a NUL",
      environment: { AVWAP_STATE_DIR: "/a\0b" },
      name: "AVWAP_STATE_DIR",
    },
    {
      when: "--candidates-csv is empty",
      environment: {},
      flags: { candidatesCsv: "" },
      name: "WATCHLIST_FILE (--candidates-csv)",
    },
  ];

for (const { when, environment, flags, name } of FATAL) {
  Deno.test(`buildConfig() refuses to start, in one line that names the variable, when ${when}`, () => {
    const error = assertThrows(() => build(environment, flags), ConfigError);
    assert(error instanceof ConfigError);
    assertEquals(error.variable, name);
    assert(error.message.startsWith(`${name} `), error.message);
    assertFalse(/[\n\r]/.test(error.message), error.message);
    assertFalse(error.message.includes("pass@"), error.message);
  });
}

Deno.test("buildConfig() lets every option win over its variable", () => {
  const { engine, watchlist } = build({
    EXECUTION_POLL_SECONDS: "12abc",
    ENTRY_DELAY_MIN_SECONDS: "1",
    ENTRY_DELAY_MAX_SECONDS: "2",
    WATCHLIST_FILE: "/a.csv",
    DRY_RUN: "0",
    EXEC_V2_IGNORE_MARKET_HOURS: "0",
  }, {
    pollSeconds: "5",
    entryDelayMin: "30",
    entryDelayMax: "40.5",
    candidatesCsv: "b.csv",
    isDryRun: true,
    isMarketHoursIgnored: true,
    isRunOnce: true,
  }).config;
  assertEquals(engine.pollSeconds, 5);
  assertEquals([engine.entryDelayMinSeconds, engine.entryDelayMaxSeconds], [30, 40.5]);
  assertEquals(watchlist.path, "/root/avwap_r3k_scanner/b.csv");
  assert(engine.isDryRun && engine.isMarketHoursIgnored && engine.isRunOnce);
});

Deno.test("buildConfig() swaps reversed entry delays", () => {
  const { engine } = build({ ENTRY_DELAY_MIN_SECONDS: "240", ENTRY_DELAY_MAX_SECONDS: "0" }).config;
  assertEquals([engine.entryDelayMinSeconds, engine.entryDelayMaxSeconds], [0, 240]);
});

Deno.test("buildConfig() tells paper, live money and a custom endpoint apart by the host", () => {
  const cases: [Environment, string, string, string][] = [
    [{ ALPACA_PAPER: "0" }, "live-money", "api.alpaca.markets", "https://api.alpaca.markets"],
    [
      { ALPACA_PAPER: "1" },
      "paper",
      "paper-api.alpaca.markets",
      "https://paper-api.alpaca.markets",
    ],
    [
      { ALPACA_PAPER: "0", APCA_API_BASE_URL: "https://api.alpaca.markets/v2" },
      "live-money",
      "api.alpaca.markets",
      "https://api.alpaca.markets",
    ],
    [
      { APCA_API_BASE_URL: "https://paper-api.alpaca.markets/" },
      "paper",
      "paper-api.alpaca.markets",
      "https://paper-api.alpaca.markets",
    ],
    [
      { APCA_API_BASE_URL: "http://127.0.0.1:8080/sim/" },
      "custom",
      "127.0.0.1:8080",
      "http://127.0.0.1:8080/sim",
    ],
    [{ APCA_API_BASE_URL: "http://[::1]:80" }, "custom", "[::1]", "http://[::1]"],
    [
      { ALPACA_PAPER: "0", APCA_API_BASE_URL: "https://api.alpaca.markets.example.com" },
      "custom",
      "api.alpaca.markets.example.com",
      "https://api.alpaca.markets.example.com",
    ],
  ];
  for (const [environment, kind, host, tradingUrl] of cases) {
    const { endpoint } = build(environment).config;
    assertEquals([endpoint.kind, endpoint.host, endpoint.tradingUrl], [kind, host, tradingUrl]);
  }
});

Deno.test("buildConfig() never selects live money by anything but an exact 0", () => {
  fc.assert(fc.property(fc.string().filter((text) => text !== "0"), (text) => {
    assertEquals(build({ ALPACA_PAPER: text }).config.endpoint.kind, "paper");
  }));
  assertEquals(build({ ALPACA_PAPER: "false" }).warnings.length, 1);
});

const WEBHOOK = "https://hooks.slack.com/services/T0/B0/abcdef";

Deno.test("buildConfig() reads the Slack settings", () => {
  const { config, warnings } = build({
    SLACK_WEBHOOK_URL: WEBHOOK,
    SLACK_ALERTS_MIN_LEVEL: "warning",
    SLACK_ALERTS_CHANNEL: "#trading",
    SLACK_ALERTS_USERNAME: "avwap",
    SLACK_VERBOSE: "1",
    SLACK_HEARTBEAT_MINUTES: "0",
    SLACK_DAILY_SUMMARY_TIME: "16:10",
  });
  assertEquals(warnings, []);
  assertEquals(config.slack, {
    webhookUrl: WEBHOOK,
    minLevel: "WARNING",
    channel: "#trading",
    username: "avwap",
  });
  assertEquals(config.engine.heartbeatMinutes, 0);
  assertEquals(config.engine.dailySummaryTimeNy, "16:10");
  assert(config.engine.isSlackVerbose);
});

Deno.test("buildConfig() turns Slack off by either variable, SLACK_ENABLED first", () => {
  const cases: [Environment, boolean][] = [
    [{ SLACK_ENABLED: "0" }, false],
    [{ SLACK_ALERTS_ENABLED: "off" }, false],
    [{ SLACK_ENABLED: "1", SLACK_ALERTS_ENABLED: "0" }, true],
    [{ SLACK_ENABLED: "0", SLACK_ALERTS_ENABLED: "1" }, false],
    [{ SLACK_ENABLED: "", SLACK_ALERTS_ENABLED: "0" }, false],
    [{ SLACK_ENABLED: "maybe" }, true],
  ];
  for (const [environment, isOn] of cases) {
    const { slack } = build({ SLACK_WEBHOOK_URL: WEBHOOK, ...environment }).config;
    assertEquals(slack !== null, isOn, JSON.stringify(environment));
  }
});

Deno.test("buildConfig() starts without Slack, and says so, when the webhook can't be used", () => {
  for (const text of ["nonsense", "http://hooks.slack.com/x", "https://u:p@hooks.slack.com/x"]) {
    const { config, warnings } = build({ SLACK_WEBHOOK_URL: text });
    assertEquals(config.slack, null);
    assertEquals(warnings.length, 1);
    assert(warnings[0]?.startsWith("SLACK_WEBHOOK_URL "));
    assertFalse(warnings[0]?.includes(text));
  }
});

Deno.test("buildConfig() resolves the watchlist against AVWAP_BASE_DIR, and the ledger against the state directory", () => {
  const cases: [Environment, string, string][] = [
    [{ AVWAP_BASE_DIR: "/srv/a/" }, "/srv/a/daily_candidates.csv", "/root/avwap_r3k_scanner/state"],
    [
      { AVWAP_BASE_DIR: "/srv", WATCHLIST_FILE: "x/y.csv", AVWAP_STATE_DIR: "/st//" },
      "/srv/x/y.csv",
      "/st",
    ],
    [{ WATCHLIST_FILE: "/abs.csv", AVWAP_STATE_DIR: "/" }, "/abs.csv", "/"],
  ];
  for (const [environment, watchlist, stateDir] of cases) {
    const { config } = build(environment);
    assertEquals([config.watchlist.path, config.stateDir], [watchlist, stateDir]);
  }
  assertEquals(build({ DRY_RUN_LEDGER_PATH: "/d.json" }).config.dryRunLedgerPath, "/d.json");
});

Deno.test("buildConfig() lists every secret, so that none is printed", () => {
  const { config } = build({ LIVE_CONFIRM_TOKEN: " token-1234 ", SLACK_WEBHOOK_URL: WEBHOOK });
  assertEquals(config.secrets, ["PKTESTKEY1", "s3cr3t-of-the-test", "token-1234", WEBHOOK]);
});

Deno.test("buildConfig() either builds or names a variable, whatever the environment says", () => {
  const names = fc.constantFrom(
    ...["EXECUTION_POLL_SECONDS", "APCA_API_BASE_URL", "ALPACA_DATA_FEED", "SLACK_WEBHOOK_URL"],
    ...["SLACK_HEARTBEAT_MINUTES", "AVWAP_STATE_DIR", "APCA_API_KEY_ID", "WATCHLIST_FILE"],
  );
  fc.assert(fc.property(fc.dictionary(names, fc.string()), (environment) => {
    try {
      const { engine } = build(environment).config;
      assert(engine.pollSeconds >= 1 && engine.pollSeconds <= 3600);
    } catch (error) {
      assert(error instanceof ConfigError);
      assert(error.variable in environment);
    }
  }));
});
