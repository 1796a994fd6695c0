import type { LogPort, ServicePort } from "../engine/ports.ts";
import type { LockOutcome } from "../state/instance_lock.ts";

/** The state directory, held by this process. */
export type HeldLock = Extract<LockOutcome, { readonly kind: "held" }>;

/** A service port that looks at the lock on the way, and the signal that aborts once the lock is lost. */
export interface LockGuard {
  readonly service: ServicePort;
  readonly lost: AbortSignal;
}

/**
 * Looks at the lock file whenever the loop says that it is alive. Where someone removed or replaced it, a second process
 * could lock the new one and trade beside this one: so this one stops (pipeline 6, one process per state directory).
 */
export function guardLock(
  service: ServicePort,
  { lock, log }: { readonly lock: Pick<HeldLock, "isHeld">; readonly log: LogPort },
): LockGuard {
  const controller = new AbortController();
  return {
    lost: controller.signal,
    service: {
      ready: () => service.ready(),
      stopping: () => service.stopping(),
      async alive(status) {
        if (!controller.signal.aborted && !await isHeld(lock)) {
          log.error(
            "execution.lock was removed or replaced; stopping, since another process could hold the state directory",
          );
          controller.abort();
        }
        await service.alive(status);
      },
    },
  };
}

/** A look that fails proves nothing: the lock itself is on the open file and still ours. */
async function isHeld(lock: Pick<HeldLock, "isHeld">): Promise<boolean> {
  try {
    return await lock.isHeld();
  } catch {
    return true;
  }
}
