import type { TestedBug } from "../tested_bug.ts";

export const TRANSPORT_BUGS: readonly TestedBug[] = [
  {
    name: "prices of what is managed wait for the budget of reads",
    edits: [{
      file: "src/engine/prices.ts",
      find: 'requestClass: "protect"',
      replace: 'requestClass: "read"',
    }],
    tests: ["tests/engine/exits_test.ts"],
  },
  {
    name: "the pooled client for changes",
    edits: [{
      file: "src/runtime/http.ts",
      find: 'redirect: "manual", signal, client });',
      replace: 'redirect: "manual", signal });',
    }],
    tests: ["tests/runtime/http_test.ts", "tests/broker/fetch_transport_test.ts"],
  },
  {
    name: "a change over HTTP/2",
    edits: [{ file: "src/runtime/http.ts", find: ", http2: false", replace: "" }],
    tests: ["tests/runtime/http_test.ts"],
  },
  {
    name: "redirects of a read are followed",
    edits: [{
      file: "src/runtime/http.ts",
      find: 'method: "GET", headers, redirect: "manual"',
      replace: 'method: "GET", headers, redirect: "follow"',
    }],
    tests: ["tests/broker/fetch_transport_test.ts"],
  },
  {
    name: "the proxy variable not set",
    edits: [{
      file: "src/runtime/host_network.ts",
      find: "  set(NO_PROXY_VARIABLE, EVERY_HOST);",
      replace: "  void set;",
    }],
    tests: ["tests/runtime/host_network_test.ts"],
  },
  {
    name: "no proxy for names alone",
    edits: [{
      file: "src/runtime/host_network.ts",
      find: '"*,0.0.0.0/0,::/0"',
      replace: '"*"',
    }],
    tests: ["tests/runtime/host_network_test.ts"],
  },
  {
    name: "an added certificate authority goes unsaid",
    edits: [{
      file: "src/runtime/host_network.ts",
      find: '  add("NODE_EXTRA_CA_CERTS", "trusts the certificate authorities of");\n',
      replace: "",
    }],
    tests: ["tests/runtime/host_network_test.ts"],
  },
  {
    name: "telemetry refused in one spelling alone",
    edits: [{
      file: "src/runtime/host_network.ts",
      find: 'text.toLowerCase() !== "true"',
      replace: 'text !== "true"',
    }],
    tests: ["tests/runtime/host_network_test.ts"],
  },
  {
    name: "the kill switch calls nothing back",
    edits: [{
      file: "src/cli/run.ts",
      find: "isKillSwitchOn()) stopChanges();",
      replace: "isKillSwitchOn()) void stopChanges;",
    }],
    tests: ["tests/cli/kill_switch_test.ts"],
  },
  {
    name: "a change that was called back leaves all the same",
    edits: [{
      file: "src/runtime/http.ts",
      find: "http.change({ ...request, signal });",
      replace: "http.change({ ...request, signal: signal && request.signal });",
    }],
    tests: ["tests/runtime/http_test.ts"],
  },
  {
    name: "flatten waits for its reader between cancel and sell",
    edits: [{ file: "src/cli/flatten.ts", find: '  unwaited: "kept",\n', replace: "" }],
    tests: ["tests/cli/flatten_process_test.ts"],
  },
  {
    name: "flatten loses what its reader is slow to read",
    edits: [{
      file: "src/runtime/queued_writer.ts",
      find: ">= blockedMs);",
      replace: ">= Math.min(blockedMs, BLOCKED_MS));",
    }],
    tests: ["tests/runtime/queued_writer_test.ts"],
  },
  {
    name: "flatten dies with its terminal",
    edits: [{
      file: "src/cli/flatten_signals.ts",
      find: '  signals.addSignalListener("SIGHUP", hangUp);\n',
      replace: "",
    }],
    tests: ["tests/cli/flatten_process_test.ts"],
  },
  {
    name: "a stop waits for every read of a broker that does not answer",
    edits: [{ file: "src/cli/run.ts", find: "      world.hurry();\n", replace: "" }],
    tests: ["tests/cli/run_test.ts"],
  },
  {
    name: "an exit's reads are cut short by a stop",
    edits: [{
      file: "src/broker/request_sender.ts",
      find: 'call.requestClass === "protect" ? ownEndMs : ',
      replace: "",
    }],
    tests: ["tests/broker/request_sender_test.ts"],
  },
  {
    name: "the runtime's telemetry is let be",
    edits: [{
      file: "src/runtime/config.ts",
      find: "  refuseTelemetry(environment);\n",
      replace: "",
    }],
    tests: ["tests/runtime/host_network_test.ts"],
  },
  {
    name: "an answer's bytes without a bound",
    edits: [{
      file: "src/broker/answer_bounds.ts",
      find: "if (this.#bytes > bytesMax)",
      replace: "if (this.#bytes > Infinity)",
    }],
    tests: ["tests/broker/answer_bounds_test.ts"],
  },
  {
    name: "an answer's values without a bound",
    edits: [{
      file: "src/broker/answer_bounds.ts",
      find: "if (this.#values > valuesMax)",
      replace: "if (this.#values > Infinity)",
    }],
    tests: ["tests/broker/answer_bounds_test.ts"],
  },
  {
    name: "every wrong row is remembered",
    edits: [{
      file: "src/broker/list_wire.ts",
      find: "        return z.NEVER;",
      replace: "        continue;",
    }],
    tests: ["tests/broker/answer_bounds_test.ts"],
  },
  {
    name: "an oversized answer is asked for again",
    edits: [{
      file: "src/broker/request_sender.ts",
      find: ' || outcome.failure === "malformed"',
      replace: "",
    }],
    tests: ["tests/broker/answer_bounds_test.ts"],
  },
  {
    name: "a reader that ended is noticed with the next event alone",
    edits: [{
      file: "src/cli/log.ts",
      find: 'if (isSilent) host.writeOut("\\n");',
      replace: "",
    }],
    tests: ["tests/cli/log_test.ts"],
  },
];
