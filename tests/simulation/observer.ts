import type { EngineEvent } from "../../src/domain/day/events.ts";
import type { Alert } from "../../src/engine/ports.ts";

/** A request as it leaves for the broker. */
export interface Leaving {
  readonly method: string;
  readonly body: string | null;
}

/** What came back; status 0 where nothing did. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Who looks on while an engine trades a world: it is told what passes, and changes none of it. */
export interface Observer {
  /** A process starts. */
  started(): void;
  /** An event on its way to the audit trail. */
  event(event: EngineEvent): void;
  /** A line of the log. */
  logged(level: string, line: string): void;
  /** A message on its way to Slack. */
  alerted(alert: Alert): void;
  /** A question leaves. */
  readLeaving(path: string): void;
  /** It was answered, or not. */
  readAnswered(path: string, status: number, body: string): void;
  /** An order-changing request leaves. */
  checkLeaving(request: Leaving, path: string): void;
  /** It was answered, or not. */
  changeAnswered(request: Leaving, path: string, answer: Answer): void;
  /** The market closes now. */
  closed(): void;
}
