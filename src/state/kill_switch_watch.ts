import { KILL_SWITCH_FILE } from "./operator_files.ts";

/** Tells as soon as anything happens at the kill switch's path. */
export interface KillSwitchWatch {
  /** Who is told; one listener, the last one counts. */
  listen(listener: () => void): void;
  close(): void;
}

/**
 * Watches the state directory for the kill switch (runbook 2, "immediately"). The system's watch is only the faster way:
 * where there is none (no watch left, a network disk), the loop's own looks see the file within a second all the same.
 */
export function watchKillSwitch(stateDir: string): KillSwitchWatch {
  let listener = () => {};
  const watcher = openWatcher(stateDir);
  const tell = async () => {
    if (watcher === null) return;
    for await (const { paths } of watcher) {
      if (paths.some((path) => path.endsWith(`/${KILL_SWITCH_FILE}`))) listener();
    }
  };
  // It ends when the watcher is closed or the system ends it; nothing depends on it.
  tell().catch(() => {});
  return {
    listen(next) {
      listener = next;
    },
    close() {
      listener = () => {};
      watcher?.close();
    },
  };
}

function openWatcher(stateDir: string): Deno.FsWatcher | null {
  try {
    return Deno.watchFs(stateDir, { recursive: false });
  } catch {
    return null;
  }
}
