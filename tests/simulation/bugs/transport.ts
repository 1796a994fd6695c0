import type { TestedBug } from "../tested_bug.ts";

export const TRANSPORT_BUGS: readonly TestedBug[] = [
  {
    name: "the pooled client for changes",
    edits: [{
      file: "src/runtime/http.ts",
      find: "          client,\n",
      replace: "",
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
];
