import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import type { BuildInfo } from "../../src/runtime/build_facts.ts";
import { ENVIRONMENT_VARIABLES, readEnvironment } from "../../src/runtime/environment.ts";
import { MISSPELLINGS } from "../../src/runtime/misspelt.ts";
import {
  ALLOWED_HOSTS,
  buildPermissionFlags,
  checkPermissions,
  isHealthcheckReachable,
  isPermittedByDeno,
  type Need,
  START_LISTS,
} from "../../src/runtime/permissions.ts";
import { ConfigError } from "../../src/runtime/settings.ts";
import { assert, assertEquals, assertFalse, assertThrows } from "../assert.ts";
import settings from "../../deno.json" with { type: "json" };

const { config } = buildConfig({
  APCA_API_KEY_ID: "PKTESTKEY1",
  APCA_API_SECRET_KEY: "s3cr3t-of-the-test",
  AVWAP_STATE_DIR: "/st",
  DRY_RUN_LEDGER_PATH: "/dry.json",
  WATCHLIST_FILE: "/list.csv",
  SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/T/B/x",
}, NO_RUN_FLAGS);

const NEEDS: { need: Need; variable: string | null }[] = [
  { need: { name: "read", path: "/st" }, variable: "AVWAP_STATE_DIR" },
  { need: { name: "write", path: "/st" }, variable: "AVWAP_STATE_DIR" },
  { need: { name: "read", path: "/dry.json" }, variable: "DRY_RUN_LEDGER_PATH" },
  { need: { name: "write", path: "/dry.json" }, variable: "DRY_RUN_LEDGER_PATH" },
  { need: { name: "read", path: "/list.csv" }, variable: "WATCHLIST_FILE" },
  { need: { name: "net", host: "paper-api.alpaca.markets:443" }, variable: "APCA_API_BASE_URL" },
  { need: { name: "net", host: "data.alpaca.markets:443" }, variable: "APCA_API_DATA_URL" },
  { need: { name: "net", host: "hooks.slack.com:443" }, variable: null },
];

const MISSPELT = MISSPELLINGS.map(({ written }) => written);

Deno.test("checkPermissions() asks for exactly what the program will need", () => {
  const asked: Need[] = [];
  const isSlackReachable = checkPermissions(config, (need) => asked.push(need) > 0);
  assert(isSlackReachable);
  assertEquals(asked, NEEDS.map(({ need }) => need));
});

for (const { need, variable } of NEEDS) {
  const said = JSON.stringify(need);
  Deno.test(`checkPermissions() ${variable ? `names ${variable}` : "goes on"} without ${said}`, () => {
    const check = () =>
      checkPermissions(config, (asked) => JSON.stringify(asked) !== JSON.stringify(need));
    if (variable === null) return assertFalse(check());
    const error = assertThrows(check, ConfigError);
    assert(error instanceof ConfigError);
    assertEquals(error.variable, variable);
  });
}

Deno.test("isPermittedByDeno() answers without asking the operator", () => {
  assert(isPermittedByDeno({ name: "net", host: "127.0.0.1" }));
  assertFalse(isPermittedByDeno({ name: "net", host: "api.alpaca.markets" }));
});

Deno.test("readEnvironment() reads the listed variables and no other", () => {
  const asked: string[] = [];
  const environment = readEnvironment((name) => {
    asked.push(name);
    return name === "DRY_RUN" ? "" : undefined;
  });
  assertEquals(asked, [...ENVIRONMENT_VARIABLES]);
  assertEquals(environment, { DRY_RUN: "" });
});

Deno.test("the start task permits the listed variables and hosts, and nothing else", () => {
  assertEquals(START_LISTS.env, [...ENVIRONMENT_VARIABLES, ...MISSPELT, "NO_PROXY"]);
  assertEquals(START_LISTS.net, [...ALLOWED_HOSTS, "localhost", "127.0.0.1", "[::1]"]);
  const { command: start } = settings.tasks.start;
  const listed = (name: string) =>
    `"--allow-${name}=$(deno run --no-prompt deploy/start_list.ts ${name})"`;
  const [before = "", after = ""] = start.split("$(sh -c ");
  assertEquals(before.split(" deno run --no-prompt ", 2)[0], "DENO_NO_UPDATE_CHECK=1");
  assertEquals(
    before.slice(before.indexOf("--no-prompt")),
    `--no-prompt ${listed("env")} --allow-sys=statfs ${listed("net")} --allow-read "--allow-write=`,
  );
  assertEquals(after.split(')" ')[1], "main.ts");
});

Deno.test("the list that the start task asks for is the program's own, and an unknown one is empty, which the runtime refuses", async () => {
  const list = async (name: string) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        new URL("../../deploy/start_list.ts", import.meta.url).pathname,
        name,
      ],
    }).output();
    return new TextDecoder().decode(stdout);
  };
  for (const [name, values] of Object.entries(START_LISTS)) {
    assertEquals(await list(name), values.join());
  }
  assertEquals(await list("all"), "");
});

Deno.test("no task takes every permission, by itself or by a set of permissions that has a name", () => {
  for (const [name, { command }] of Object.entries(settings.tasks)) {
    assertFalse(/(^|\s)(-A|--allow-all|--allow-ffi|--allow-run(\s|$))/.test(command), name);
  }
  for (const [name, set] of Object.entries(settings.permissions)) {
    // A set that is named here with more than these has to be looked at.
    assertEquals(Object.keys(set).toSorted(), ["env", "net", "read", "sys"], name);
    assertEquals([set.net, set.env.includes("PATH")], [["127.0.0.1"], false], name);
    // To count its own branches.
    assertEquals(set.sys, ["inspector"], name);
  }
});

Deno.test("each task says in a line what it is for", () => {
  for (const [name, { description }] of Object.entries(settings.tasks)) {
    assert(description.length > 10 && !description.includes("\n"), name);
  }
});

const BUILD: BuildInfo = {
  commit: "0123abc",
  denoVersion: "2.9.6",
  runtime: "deno",
  baseDir: "/srv/scan",
  stateDir: "/srv/scan/state",
  extraHosts: ["127.0.0.1:8443"],
  healthcheckHost: null,
  hasSelfTest: false,
};

Deno.test("buildPermissionFlags() lists exactly what a binary may reach", () => {
  const own = "/run/avwap-execution/notify.sock";
  const systemd = "/run/systemd/notify";
  const switches = ["KILL_SWITCH", "ENTRIES_PAUSED"]
    .map((name) => `/root/avwap_r3k_scanner/state/${name}`).join(",");
  assertEquals(buildPermissionFlags(BUILD), [
    "--no-prompt",
    "--unstable-net",
    "--allow-net=api.alpaca.markets:443,paper-api.alpaca.markets:443,data.alpaca.markets:443," +
    `hooks.slack.com:443,127.0.0.1:8443,unix:${own},unix:${systemd}`,
    `--allow-read=/srv/scan,/srv/scan/state,${switches},${own}`,
    `--allow-write=/srv/scan/state,${switches},${own},${systemd}`,
    `--allow-env=${
      [...ENVIRONMENT_VARIABLES, ...MISSPELT].join(",")
    },NO_PROXY,NOTIFY_SOCKET,JOURNAL_STREAM`,
    "--allow-sys=statfs",
  ]);
});

Deno.test("buildPermissionFlags() lets a binary reach the healthcheck's host where its build named one", () => {
  const flags = buildPermissionFlags({ ...BUILD, healthcheckHost: "hc-ping.com" });
  const net = flags.find((flag) => flag.startsWith("--allow-net="));
  assert(net?.includes(",hooks.slack.com:443,hc-ping.com:443,127.0.0.1:8443,"), net);
});

Deno.test("isHealthcheckReachable() asks for the address's own host and port", () => {
  const asked: Need[] = [];
  const healthcheckUrl = "https://hc-ping.com/a-secret";
  const isPermitted = (need: Need) => asked.push(need) > 1;
  assertEquals(isHealthcheckReachable({ healthcheckUrl }, isPermitted), false);
  assertEquals(asked, [{ name: "net", host: "hc-ping.com:443" }]);
  assertEquals(isHealthcheckReachable({ healthcheckUrl: null }, () => true), false);
});

Deno.test("buildPermissionFlags() names sockets as addresses only to a runtime that knows them", () => {
  const hasAddress = (denoVersion: string) =>
    buildPermissionFlags({ ...BUILD, denoVersion }).some((flag) => flag.includes("unix:"));
  assertEquals(["2.4.2", "2.9.6", "2.10.0", "3.0.0"].map(hasAddress), [false, true, true, true]);
});

const REFUSALS: { need: Need["name"]; says: string }[] = [
  { need: "write", says: "built for base directory /srv/scan and state directory /srv/scan/state" },
  { need: "read", says: "built for base directory /srv/scan and state directory /srv/scan/state" },
  { need: "net", says: "built for api.alpaca.markets:443 paper-api.alpaca.markets:443" },
];

for (const { need, says } of REFUSALS) {
  Deno.test(`checkPermissions() says what the binary was built for where it may not ${need}`, () => {
    const check = () => checkPermissions(config, ({ name }) => name !== need, BUILD);
    assertThrows(check, ConfigError, says);
  });
}

Deno.test("checkPermissions() asks for the port of an address that names one", () => {
  const asked: Need[] = [];
  const { config: proxied } = buildConfig({
    APCA_API_KEY_ID: "PKTESTKEY1",
    APCA_API_SECRET_KEY: "s3cr3t-of-the-test",
    APCA_API_BASE_URL: "https://proxy.example:8443/v2",
    APCA_API_DATA_URL: "http://127.0.0.1",
  }, NO_RUN_FLAGS);
  checkPermissions(proxied, (need) => asked.push(need) > 0);
  const hosts = asked.flatMap((need) => need.name === "net" ? [need.host] : []);
  assertEquals(hosts, ["proxy.example:8443", "127.0.0.1:80"]);
});
