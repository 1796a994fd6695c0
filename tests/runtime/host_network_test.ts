import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import type { Environment } from "../../src/runtime/environment.ts";
import { closeProxies, listNetworkDoubts } from "../../src/runtime/host_network.ts";
import { ConfigError } from "../../src/runtime/settings.ts";
import { assertEquals, assertThrows } from "../assert.ts";

Deno.test("closeProxies() names every host by name and by address, in the one variable that is permitted", () => {
  const set: string[][] = [];
  closeProxies((name, text) => void set.push([name, text]));
  assertEquals(set, [["NO_PROXY", "*,0.0.0.0/0,::/0"]]);
});

const DOUBTS: { environment: Environment; named: string[] }[] = [
  { environment: {}, named: [] },
  { environment: { DENO_CERT: "", NODE_EXTRA_CA_CERTS: "" }, named: [] },
  { environment: { DENO_CERT: "/ca.pem" }, named: ["DENO_CERT"] },
  { environment: { NODE_EXTRA_CA_CERTS: "/ca.pem" }, named: ["NODE_EXTRA_CA_CERTS"] },
  { environment: { DENO_TLS_CA_STORE: "mozilla" }, named: [] },
  { environment: { DENO_TLS_CA_STORE: "system" }, named: ["DENO_TLS_CA_STORE"] },
  { environment: { DENO_TLS_CA_STORE: "mozilla, system" }, named: ["DENO_TLS_CA_STORE"] },
  { environment: { SSL_CERT_FILE: "/ca.pem", SSL_CERT_DIR: "/ca" }, named: [] },
  {
    environment: { DENO_TLS_CA_STORE: "system", SSL_CERT_FILE: "/ca.pem", SSL_CERT_DIR: "/ca" },
    named: ["DENO_TLS_CA_STORE", "SSL_CERT_FILE", "SSL_CERT_DIR"],
  },
  { environment: { SSLKEYLOGFILE: "/keys" }, named: ["SSLKEYLOGFILE"] },
];

for (const { environment, named } of DOUBTS) {
  Deno.test(`listNetworkDoubts() names ${named.join(", ") || "nothing"} for ${JSON.stringify(environment)}`, () => {
    assertEquals(listNetworkDoubts(environment).map(({ variable }) => variable), named);
  });
}

const KEYS = { APCA_API_KEY_ID: "PKTESTKEY1", APCA_API_SECRET_KEY: "s3cr3t-of-the-test" };

for (const text of ["", "false", "1", "yes", " true"]) {
  Deno.test(`buildConfig() takes OTEL_DENO=${JSON.stringify(text)}, which the runtime ignores`, () => {
    buildConfig({ ...KEYS, OTEL_DENO: text }, NO_RUN_FLAGS);
  });
}

for (const text of ["true", "TRUE", "True"]) {
  Deno.test(`buildConfig() refuses OTEL_DENO=${text}, which the runtime obeys in any case`, () => {
    const error = assertThrows(
      () => buildConfig({ ...KEYS, OTEL_DENO: text }, NO_RUN_FLAGS),
      ConfigError,
    );
    assertEquals(error instanceof ConfigError && error.variable, "OTEL_DENO");
  });
}
