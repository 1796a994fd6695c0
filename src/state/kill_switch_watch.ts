import { KILL_SWITCH_FILE, type SwitchPlaces } from "./switch_files.ts";

/** Tells as soon as anything happens at the kill switch's path. */
export interface KillSwitchWatch {
  /** Who is told; one listener, the last one counts. */
  listen(listener: () => void): void;
  close(): void;
}

/**
 * Watches every place of the kill switch (runbook 2, "immediately"). The system's watch is only the faster way:
 * where there is none (no watch left, a network disk), the loop's own looks see the file within a second all the same.
 */
export function watchKillSwitch({ stateDir, otherStateDirs }: SwitchPlaces): KillSwitchWatch {
  let listener = () => {};
  const watchers = [stateDir, ...otherStateDirs].map(openWatcher).filter((each) => each !== null);
  const tell = async (watcher: Deno.FsWatcher) => {
    for await (const { paths } of watcher) {
      if (paths.some((path) => path.endsWith(`/${KILL_SWITCH_FILE}`))) listener();
    }
  };
  // It ends when the watcher is closed or the system ends it; nothing depends on it.
  for (const watcher of watchers) tell(watcher).catch(() => {});
  return {
    listen(next) {
      listener = next;
    },
    close() {
      listener = () => {};
      for (const watcher of watchers) watcher.close();
    },
  };
}

function openWatcher(dir: string): Deno.FsWatcher | null {
  try {
    return Deno.watchFs(dir, { recursive: false });
  } catch {
    return null;
  }
}
