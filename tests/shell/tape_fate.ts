import type { HttpSend } from "../../src/broker/transport.ts";
import { parseEventFileName } from "../../src/state/event_line.ts";
import { LAG_MS_MAX } from "../simulator/past.ts";
import type { Fault } from "../simulator/faults.ts";
import { buildRefusal, type SimResponse } from "../simulator/wire.ts";
import type { NetworkFate } from "../simulation/network.ts";
import { KILL_PATH, PAUSED_PATH, STATE_DIR, type World } from "../simulation/world.ts";
import {
  CANCEL_CHOICES,
  CHANGE_CHOICES,
  type Choice,
  FILE_CHOICES,
  LISTED_CHOICES,
  NAMES_CHOICES,
  QUESTION_CHOICES,
  SLEEP_CHOICES,
  SYNC_CHOICES,
  type Tape,
  WRITE_CHOICES,
} from "./tape.ts";

type Request = Parameters<HttpSend>[0];

/** From an answer's question to its leaving. */
const DELAY_MS = 10;
const SYNC_MS = 2;
/** So long the operator leaves a switch on. */
const SWITCH_MS = 3 * 60_000;
/** So long a cancel that hangs does so. */
const STUCK_MS = 60_000;
/** Later than the client waits: it has given up when the broker gets it. */
const LATE_CHANGE_MS = 12_000;
const LATE_ANSWER_MS = 3_000;

/** How the process died, where it did: what a failing power takes besides. */
export type Death = "killed" | "power" | "power_names";

/** The world of one run goes wrong where its tape says, and nowhere else. */
export class TapeFate implements NetworkFate {
  /** How the process died last. */
  death: Death = "killed";
  /** What befalls the request that is under way. */
  #choice: Choice | null = null;
  /** The file of the last step, where that was a look at it. */
  #lookedAt = "";

  constructor(readonly world: World, readonly tape: Tape) {
    world.onDiskStep = (op, path, isWrite) => this.#passDisk(op, path, isWrite);
    world.onSleep = (ms) => {
      this.#act(tape.pass(SLEEP_CHOICES), "sleep");
      return ms;
    };
  }

  isCrashBefore(request: Request, path: string): boolean {
    this.#choice = this.tape.pass(this.#listChoices(request, path));
    this.death = "killed";
    return this.#choice === "crash";
  }

  findFault({ method }: Request, path: string): Fault | null {
    const choice = this.#choice;
    switch (choice) {
      case "lost":
      case "lost_before":
        return { kind: "lost_before" };
      case "lost_after":
        return { kind: "lost_after" };
      case "unavailable":
        return { kind: "status", status: 503 };
      case "forbidden":
      case "unprocessable": {
        const { status, body } = refuse(method, choice);
        return { kind: "status", status, body };
      }
      case "hang":
        return { kind: "hang" };
      case "hang_taken":
        return { kind: "hang", isAccepted: true };
      case "late":
        return method === "GET"
          ? { kind: "late", ms: LATE_ANSWER_MS }
          : { kind: "delay", ms: LATE_CHANGE_MS };
      case "stale":
        this.#beginLag(path);
        return null;
      case "crossed":
      case "stuck":
        this.#beginCancel(choice, path);
        return null;
      default:
        this.#act(choice, path);
        return null;
    }
  }

  isCrashAfter(): boolean {
    return this.#choice === "crash_taken";
  }

  findDelayMs(): number {
    return DELAY_MS;
  }

  settled(): void {
    const { behaviour } = this.world.exchange;
    behaviour.positionsLagMs = 0;
    behaviour.listsLagMs = 0;
    behaviour.cancelOutcome = () => "canceled";
  }

  #listChoices({ method }: Request, path: string): readonly Choice[] {
    if (method === "DELETE") return CANCEL_CHOICES;
    if (method !== "GET") return CHANGE_CHOICES;
    const isList = path.startsWith("/v2/positions") || path.startsWith("/v2/orders?");
    return isList && this.#findAgeMs() < LAG_MS_MAX ? LISTED_CHOICES : QUESTION_CHOICES;
  }

  /** How long ago an order of the exchange's changed last. */
  #findAgeMs(): number {
    const { trueMs, exchange } = this.world;
    return trueMs - Math.max(...exchange.orders.map((order) => order.updatedMs));
  }

  /** This answer alone is of just before the last change. */
  #beginLag(path: string): void {
    const { behaviour } = this.world.exchange;
    this.world.trouble(`net stale answer to ${path}`);
    const lagMs = Math.min(LAG_MS_MAX, this.#findAgeMs() + DELAY_MS + 1);
    if (path.startsWith("/v2/positions")) behaviour.positionsLagMs = lagMs;
    else behaviour.listsLagMs = lagMs;
  }

  #beginCancel(choice: "crossed" | "stuck", path: string): void {
    const { world } = this;
    const { behaviour, desk } = world.exchange;
    world.note(`the cancel ${path} will be ${choice}`);
    behaviour.cancelOutcome = () => choice === "stuck" ? "stuck" : "filled";
    if (choice === "crossed") return;
    world.plan(world.trueMs + STUCK_MS, () => {
      world.trouble("cancels that hung are let go");
      desk.releaseCancels();
    });
  }

  #passDisk(op: string, path: string, isWrite: boolean): { readonly cause: string } | null {
    const { world, tape } = this;
    if (world.isDead) world.enter(-1);
    const choices = this.#listDiskChoices(op, path, isWrite);
    const choice = choices === null ? null : tape.pass(choices);
    if (op === "sync" || op === "syncDir") world.advance(SYNC_MS);
    if (choice === "fails") {
      world.trouble(`disk ${op} fails: ${path}`);
      return { cause: "EIO" };
    }
    this.#act(choice, `${op} ${path}`);
    return null;
  }

  /**
   * A file is replaced in five steps: a new one is opened, written, synced and renamed, and the names are synced. A crash before
   * the first of them is one before what came before it, one before the rename is one before the sync. A line of the audit trail
   * is written in one step that counts: what a crash takes of it no new process decides by.
   */
  #listDiskChoices(op: string, path: string, isWrite: boolean): readonly Choice[] | null {
    const isAgain = this.#lookedAt === path;
    this.#lookedAt = isWrite ? "" : path;
    if (parseEventFileName(path.slice(STATE_DIR.length + 1)) !== null) {
      return op === "write" ? FILE_CHOICES : null;
    }
    // To look at a file and to read it is one thing that fails.
    if (!isWrite) return isAgain ? null : FILE_CHOICES;
    if (op === "write" || op === "sync") return op === "sync" ? SYNC_CHOICES : WRITE_CHOICES;
    return op === "syncDir" ? NAMES_CHOICES : FILE_CHOICES;
  }

  /** What anybody but network and disk does. @throws {CrashError} Where the process dies. */
  #act(choice: Choice | null, where: string): void {
    const { world } = this;
    switch (choice) {
      case "crash":
      case "power":
      case "power_names":
        this.death = choice === "crash" ? "killed" : choice;
        return world.crash(where);
      case "kill":
        return this.#switchOn(KILL_PATH, "operator kill switch");
      case "pause":
        return this.#switchOn(PAUSED_PATH, "operator pause");
      case "stop":
        world.trouble("operator restarts");
        return world.stop.abort();
    }
  }

  #switchOn(path: string, name: string): void {
    const { world } = this;
    world.trouble(`${name} on`);
    world.disk.put(path, "");
    world.plan(world.trueMs + SWITCH_MS, () => {
      world.disk.take(path);
      world.trouble(`${name} off`);
    });
  }
}

/** A refusal in the broker's words; it did nothing. */
function refuse(method: string, choice: "forbidden" | "unprocessable"): SimResponse {
  if (method === "GET") return buildRefusal(403, null, "forbidden.");
  if (choice === "forbidden") {
    return method === "POST"
      ? buildRefusal(403, 40310000, "insufficient buying power")
      : buildRefusal(403, 40310000, "order is not replaceable");
  }
  switch (method) {
    case "DELETE":
      return buildRefusal(422, 42210000, "order is not cancelable");
    case "PATCH":
      return buildRefusal(422, 42210000, "cannot replace order in accepted status");
    default:
      return buildRefusal(422, 42210000, "asset is not tradable");
  }
}
