import { checkCaps, formatVerdict } from "../../../src/domain/gate/caps.ts";
import { decideGate, formatGateLines, type LiveDecision } from "../../../src/domain/gate/gate.ts";
import { buildCapUsage, type LiveLedger } from "../../../src/domain/order/ledger.ts";
import { buildNotional } from "../../../src/domain/order/money.ts";
import { problemOf } from "../../../src/engine/gate_reader.ts";
import type { EngineConfig } from "../../../src/engine/ports.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../../src/runtime/config.ts";
import { readEnvironment } from "../../../src/runtime/environment.ts";
import type { FileStat, FileSystem } from "../../../src/state/file_system.ts";
import { createLiveLedger } from "../../../src/state/live_ledger.ts";
import { createOperatorFiles } from "../../../src/state/operator_files.ts";
import { assert, assertEquals } from "../../assert.ts";
import vectors from "../../vectors/gate.json" with { type: "json" };

type Case = typeof vectors.cases[number];
type Texts = Readonly<Record<string, string | undefined>>;

const STATE_DIR = "/state";

/** A state directory that holds exactly these files, for reading only. */
function createFiles(texts: Texts): FileSystem {
  const bytesOf = (path: string): Uint8Array | null => {
    const text = texts[path.slice(STATE_DIR.length + 1)];
    return text === undefined ? null : new TextEncoder().encode(text);
  };
  const look = (path: string): Promise<FileStat | null> => {
    const bytes = bytesOf(path);
    const stat = { kind: "file", modifiedAtMs: 0, mode: 0o600 } as const;
    return Promise.resolve(bytes === null ? null : { ...stat, sizeBytes: bytes.length });
  };
  const refuse = (): never => {
    throw new Error("the gate only reads");
  };
  return {
    lstat: look,
    stat: look,
    readBytes: (path) => Promise.resolve(bytesOf(path) ?? refuse()),
    readChunk: refuse,
    open: refuse,
    rename: refuse,
    syncDir: refuse,
    remove: refuse,
    mkdir: refuse,
    listDir: refuse,
    truncate: refuse,
  };
}

function buildCaseConfig(vector: Case): EngineConfig {
  const variables: Texts = {
    ...vector.env,
    APCA_API_KEY_ID: "key-of-no-one",
    APCA_API_SECRET_KEY: "secret-of-no-one",
  };
  const environment = readEnvironment((name) => variables[name]);
  const flags = { ...NO_RUN_FLAGS, isDryRun: vector.dry_run };
  return buildConfig(environment, flags).config.engine;
}

/** Environment and files to the gate, and from there to each intent's verdict, all by the program's own parts. */
async function decideCase(vector: Case): Promise<{ lines: string[]; verdicts: string[] }> {
  const config = buildCaseConfig(vector);
  const { caps, allowlist, invalidConfiguration } = config;
  const fs = createFiles(vector.files);
  const operatorFiles = createOperatorFiles({ fs, stateDir: STATE_DIR, otherStateDirs: [] });
  const read = await createLiveLedger({ fs, stateDir: STATE_DIR }).read();
  const decision = decideGate({
    isDryRun: config.isDryRun,
    isKillSwitchEnv: config.isKillSwitchEnv,
    isKillSwitchFile: await operatorFiles.isKillSwitchOn(),
    isLiveTrading: config.isLiveTrading,
    envToken: config.confirmToken,
    fileToken: await operatorFiles.readToken(),
    caps,
    allowlist,
    invalidConfiguration,
    ledgerProblem: problemOf(read),
    positionsProblem: vector.open_positions === null ? "http" : null,
  });
  const lines = formatGateLines(decision, { caps, allowlist });
  if (decision.mode !== "LIVE") return { lines, verdicts: [] };
  assert(read.kind === "ok");
  return { lines, verdicts: listVerdicts(decision, read.ledger, vector) };
}

function listVerdicts(decision: LiveDecision, ledger: LiveLedger, vector: Case): string[] {
  return vector.intents.map(({ symbol, qty, ref_price }) => {
    const intent = { dateNy: vector.today_ny, symbol, clientOrderId: null };
    const verdict = checkCaps(decision, {
      symbol,
      areEntriesPaused: false,
      accountBlock: null,
      notionalMicros: buildNotional(qty, ref_price),
      bracket: { priceUsd: ref_price, stopUsd: ref_price * 0.9, targetUsd: ref_price * 1.1 },
      openSymbols: vector.open_positions,
      usage: buildCapUsage(ledger, intent),
      loss: { kind: "unlimited" },
      clockSkewSeconds: 0,
    });
    return formatVerdict(symbol, verdict);
  });
}

Deno.test("the gate's 400 vectors give exactly their lines and verdicts", async () => {
  let live = 0;
  let verdicts = 0;
  for (const [index, vector] of vectors.cases.entries()) {
    const actual = await decideCase(vector);
    const expected = {
      lines: vector.expect.lines,
      verdicts: vector.expect.verdicts.map(({ symbol, allowed, reason }) =>
        `Gate ${allowed ? "PASS" : "FAIL"} ${symbol}: ${reason}`
      ),
    };
    assertEquals(actual, expected, `case ${index}`);
    if (expected.lines[0]?.includes("mode=LIVE")) live++;
    verdicts += expected.verdicts.length;
  }
  // The file itself: a cut or emptied one must not pass for a good one.
  assertEquals([vectors.cases.length, live, verdicts], [400, 114, 342]);
});
