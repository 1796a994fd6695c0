// @ts-types="../runtime/node_fs.d.ts"
import * as nodeFs from "node:fs";

/**
 * Bytes that this user may still write on the disk of `path`.
 * @returns `null` where the system or the process's permissions do not tell.
 */
export function readFreeBytes(path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const answer = (
      error: Error | null,
      stats?: { readonly bavail: number; readonly bsize: number },
    ) => resolve(error !== null || stats === undefined ? null : stats.bavail * stats.bsize);
    try {
      nodeFs.statfs(path, answer);
    } catch {
      // Not permitted, or a runtime that lacks it: the same as not knowing.
      resolve(null);
    }
  });
}
