import { listTroubles } from "../domain/account/standing.ts";
import { StateError, type StateRead } from "../engine/ports.ts";
import { formatUtc } from "../domain/ny_time.ts";
import { formatOneLine } from "../runtime/one_line.ts";
import { ConfigError } from "../runtime/settings.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { createExecutionState } from "../state/execution_state.ts";
import { type KillSwitchOutcome, writeKillSwitch } from "../state/operator_files.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { readStateDir } from "./operator_config.ts";
import type { ParsedOptions } from "./options.ts";
import { PROGRAM } from "./version.ts";

/** `kill`: makes the `KILL_SWITCH` file (runbook 7; interface, Commands). */
export const KILL_COMMAND: Command = {
  name: "kill",
  summary: "turn LIVE off at once: make the KILL_SWITCH file",
  description:
    "Makes the KILL_SWITCH file in the state directory. A running loop sees it within a second\n" +
    "and sends nothing that changes an order any more: no entry, and no exit either. Orders that\n" +
    "rest at the broker stay there. It needs no configuration but AVWAP_STATE_DIR.",
  options: [
    { name: "reason", valueName: "TEXT", help: "why; kept in the file" },
  ],
  examples: [
    `${PROGRAM} kill`,
    `${PROGRAM} kill --reason "quotes look wrong"`,
  ],
  run: runKill,
};

async function runKill(host: ProgramHost, { values }: ParsedOptions): Promise<number> {
  const stateDir = readStateDir(host.environment);
  const outcome = await makeKillSwitch(host, stateDir, values.get("reason") ?? "made by kill");
  const fs = createDenoFileSystem();
  const state = await createExecutionState({ fs, stateDir }).read();
  host.writeOut([...formatKillSwitch(outcome), ...formatConsequences(state), ""].join("\n"));
  return EXIT.done;
}

/**
 * Makes the kill switch and writes down who did it and why.
 * @throws {ConfigError} Where it is still off: what else turns LIVE off is in the message.
 */
export async function makeKillSwitch(
  host: ProgramHost,
  stateDir: string,
  reason: string,
): Promise<KillSwitchOutcome> {
  const line = `${formatUtc(host.clock.nowMs())} ${formatOneLine(reason)}`;
  try {
    return await writeKillSwitch(createDenoFileSystem(), { stateDir, reason: line });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new ConfigError(
      "AVWAP_STATE_DIR",
      `can't take the kill switch, which is NOT on: ${error.message}; ` +
        "stop the service instead: systemctl stop execution.service, and close at the broker's site",
    );
  }
}

/** What became of the switch, for people. */
export function formatKillSwitch(outcome: KillSwitchOutcome): string[] {
  const path = formatOneLine(outcome.path);
  switch (outcome.kind) {
    case "made":
      return [`Kill switch is on: ${path}`];
    case "already_on":
      return [`Kill switch was on already, and is as it was: ${path}`];
    case "made_not_durable":
      return [
        `Kill switch is on: ${path}`,
        `WARNING a power failure could take it away: ${formatOneLine(outcome.message)}`,
      ];
  }
}

function formatConsequences(state: StateRead): string[] {
  const symbols = state.kind === "ok" ? state.state.positions.map(({ symbol }) => symbol) : [];
  const troubles = state.kind === "ok" ? listTroubles(state.state.standings) : [];
  return [
    "LIVE is off: no entry and no exit is sent, in this cycle or any later one.",
    ...(symbols.length === 0 ? [] : [
      `Managed positions have only the stops that rest at the broker: ${symbols.join(", ")}`,
      ...troubles.map((text) => `  ${formatOneLine(text)}`),
      `  ${PROGRAM} status --broker    shows them`,
    ]),
    `  ${PROGRAM} flatten            shows what closing everything would do`,
    `  ${PROGRAM} resume             takes the kill switch away`,
  ];
}
