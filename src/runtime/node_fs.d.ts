/** As much of the runtime's `node:fs` as is used: its full types would be a download of their own. */
export function fstatSync(fd: number): { readonly dev: number; readonly ino: number };
export function statfs(
  path: string,
  answer: (
    error: Error | null,
    stats?: { readonly bavail: number; readonly bsize: number },
  ) => void,
): void;
