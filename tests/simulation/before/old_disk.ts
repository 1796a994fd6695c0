import { StateError } from "../../../src/engine/ports.ts";
import type { Release } from "./release.ts";

/** A disk whose failures release 0.1.0 knows: by a class of its own. */
export function translateDisk<T extends object>(disk: T, release: Release): T {
  return new Proxy(disk, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]): unknown =>
        translate(Reflect.apply(member, target, args), release);
    },
  });
}

function translate(result: unknown, release: Release): unknown {
  if (!(result instanceof Promise)) return result;
  return result.then(
    (value: unknown) => isFile(value) ? translateDisk(value, release) : value,
    (error: unknown) => {
      throw error instanceof StateError ? new release.StateError(error.message) : error;
    },
  );
}

/** What `open` gives; all else is data. */
function isFile(value: unknown): value is object {
  return typeof value === "object" && value !== null && "sync" in value;
}
