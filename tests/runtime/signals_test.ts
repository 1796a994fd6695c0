import { listenForStop, type SignalHost, type StopSignal } from "../../src/runtime/signals.ts";
import { assert, assertEquals, assertFalse } from "../assert.ts";

/** A host whose signals the test sends itself. */
function createSignalHost() {
  const listeners = new Map<string, Set<() => void>>();
  const host: SignalHost = {
    addSignalListener(signal, listener) {
      listeners.set(signal, (listeners.get(signal) ?? new Set()).add(listener));
    },
    removeSignalListener(signal, listener) {
      listeners.get(signal)?.delete(listener);
    },
  };
  const raise = (signal: StopSignal) => listeners.get(signal)?.forEach((listener) => listener());
  const count = () => [...listeners.values()].reduce((sum, each) => sum + each.size, 0);
  return { host, raise, count };
}

function listen() {
  const said: (string | number)[] = [];
  const signals = createSignalHost();
  const listener = listenForStop(signals.host, {
    stop: (signal) => void said.push(signal),
    impatient: (status) => void said.push(status),
  });
  return { ...signals, listener, said };
}

for (const [signal, status] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
  Deno.test(`listenForStop() asks for an orderly stop at the first ${signal}, leaves at the second`, () => {
    const { raise, listener, said } = listen();
    assertFalse(listener.signal.aborted);
    raise(signal);
    assert(listener.signal.aborted);
    assertEquals(said, [signal]);
    raise(signal);
    assertEquals(said, [signal, status]);
  });
}

Deno.test("listenForStop() counts both signals together", () => {
  const { raise, said } = listen();
  raise("SIGTERM");
  raise("SIGINT");
  assertEquals(said, ["SIGTERM", 130]);
});

Deno.test("listenForStop() leaves no listener behind when it is closed", () => {
  const { raise, listener, count, said } = listen();
  assertEquals(count(), 2);
  listener.close();
  assertEquals(count(), 0);
  raise("SIGTERM");
  assertEquals(said, []);
});
