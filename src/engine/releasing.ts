import { type OperatorRequest, REQUEST_AGE_MAX_MS } from "../domain/account/operator_request.ts";
import * as pure from "../domain/plan/release.ts";
import type { Engine } from "./engine.ts";
import { takeDurable } from "./plan_records.ts";
import { type RequestRead, StateError } from "./ports.ts";
import { takeAndTell } from "./positions.ts";
import { sightOf } from "./sight.ts";
import { tell } from "./teller.ts";

/**
 * Takes up what the operator asked for: called between exits, never between a cancel and its stop. A request for another
 * position, or one that is a day old, is removed and said.
 */
export async function takeRequests(engine: Engine): Promise<void> {
  if (!engine.isStateLoaded || engine.isForeignState || engine.stateProblem !== null) return;
  for (const read of await engine.ports.operatorFiles.listRequests()) {
    if (read.kind === "damaged") {
      await drop(engine, read.name, "it is not a request that this release wrote");
      continue;
    }
    if (read.kind === "unreadable") {
      sayUnreadable(engine, read);
      continue;
    }
    const { request, name } = read;
    if (engine.nowMs() - request.atMs > REQUEST_AGE_MAX_MS) {
      await drop(engine, name, "it is older than a day; ask again");
      continue;
    }
    if (request.kind === "release") await takeRelease(engine, request, name);
    else noticeAdopt(engine, name, request.atMs);
  }
}

/** It may be readable in a moment, and is nobody's to take away but the operator's. Said once a cause and NY day. */
function sayUnreadable(
  engine: Engine,
  { name, message }: Extract<RequestRead, { readonly kind: "unreadable" }>,
): void {
  if (!engine.isNews(`request:${name}`, `${engine.dateNy()} ${message}`)) return;
  engine.ports.log.warn(`${name} is not taken up: ${message}; remove it, and ask again`);
}

/** What is to be adopted needs a price, and so a cycle: one at once, the next ones when they are due. */
function noticeAdopt(engine: Engine, name: string, atMs: number): void {
  const key = `${name} ${atMs}`;
  if (engine.adoptsSeen.has(key)) return;
  engine.adoptsSeen.add(key);
  engine.isCycleDue = true;
}

/** Removes a request and says why; one that can't be removed is said once a day. */
export async function drop(engine: Engine, name: string, why: string): Promise<void> {
  if (engine.isNews(`request:${name}`, `${engine.dateNy()} ${why}`)) {
    engine.ports.log.warn(`${name} is not taken up: ${why}`);
  }
  await tryRemove(engine, name);
}

/** Removes a request that was dealt with; where that fails, the next look finds it dealt with, and tries again. */
export async function tryRemove(engine: Engine, name: string): Promise<void> {
  try {
    await engine.ports.operatorFiles.removeRequest(name);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.ports.log.warn(`${name} can't be removed: ${error.message}`);
  }
}

async function takeRelease(
  engine: Engine,
  request: Extract<OperatorRequest, { kind: "release" }>,
  name: string,
): Promise<void> {
  const verdict = pure.decideRelease(engine.state, sightOf(engine), request);
  switch (verdict.kind) {
    case "done":
      return await tryRemove(engine, name);
    case "drop":
      return await drop(engine, name, verdict.why);
    case "waits":
      if (!engine.isNews(`request waits:${name}`, engine.dateNy())) return;
      return engine.ports.log.info(`${name} waits for the stop of an exit that is under way`);
    case "release":
      // What is the operator's is so in the document: a restart must not act on it again.
      if (!await takeDurable(engine, verdict.change)) return;
      await tryRemove(engine, name);
      return await tell(engine, verdict.say);
  }
}

/** Keeps releases on record, and ends those whose symbol the broker does not show any more. */
export async function keepReleases(engine: Engine): Promise<void> {
  const kept = pure.keepReleases(engine.state, sightOf(engine), {
    dateNy: engine.dateNy(),
    looker: engine.looker,
    isRunOnce: engine.ports.config.isRunOnce,
  });
  kept.wakesAtMs.forEach((atMs) => engine.wakeAt(atMs));
  await takeAndTell(engine, kept);
}
