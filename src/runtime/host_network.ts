import type { Environment, EnvironmentVariable } from "./environment.ts";
import { ConfigError, quoteValue } from "./settings.ts";

/** The one variable that the program sets: hosts that are dialled without a proxy. */
export const NO_PROXY_VARIABLE = "NO_PROXY";
/** Every host: a star stands for names alone, so addresses need their networks. */
const EVERY_HOST = "*,0.0.0.0/0,::/0";

/**
 * Keeps the runtime from any proxy that the environment names (pipeline 6):
 * it would carry orders past the permission list. To be called before the first request; what the operator set under
 * that name, in any case, counts no more.
 * @param set Sets a variable of this process.
 */
export function closeProxies(set: (name: string, text: string) => void): void {
  set(NO_PROXY_VARIABLE, EVERY_HOST);
}

/** A variable by which the runtime trusts, or tells, more than this program asks for; and what it does. */
export interface NetworkDoubt {
  readonly variable: EnvironmentVariable;
  readonly meaning: string;
}

/**
 * What the environment adds to the certificate authorities that the runtime brings, or gives away of its connections.
 * Labs and some hosts need it, so it is said and nothing is refused. A path is shown, nothing else.
 */
export function listNetworkDoubts(environment: Environment): NetworkDoubt[] {
  const doubts: NetworkDoubt[] = [];
  const add = (variable: EnvironmentVariable, meaning: string) => {
    const text = environment[variable];
    if (text) doubts.push({ variable, meaning: `${meaning} ${JSON.stringify(text)}` });
  };
  add("DENO_CERT", "trusts the certificate authorities of");
  add("NODE_EXTRA_CA_CERTS", "trusts the certificate authorities of");
  const stores = (environment.DENO_TLS_CA_STORE ?? "").split(",").map((store) => store.trim());
  if (stores.some((store) => store !== "" && store !== "mozilla")) {
    add("DENO_TLS_CA_STORE", "trusts the certificate authorities of the host, by");
    // Read by the host's store alone.
    add("SSL_CERT_FILE", "names that store:");
    add("SSL_CERT_DIR", "names that store:");
  }
  add("SSLKEYLOGFILE", "writes the keys of every connection to");
  return doubts;
}

/**
 * Refuses to run where the runtime would report every request to a collector by itself: an address can be a secret.
 * @throws {ConfigError} Naming the variable.
 */
export function refuseTelemetry(environment: Environment): void {
  const text = environment.OTEL_DENO ?? "";
  // In any case, as the runtime reads it.
  if (text.toLowerCase() !== "true") return;
  throw new ConfigError(
    "OTEL_DENO",
    `is ${
      quoteValue(text)
    }: the runtime would send the address of each request, the Slack webhook too, to a collector; unset it`,
  );
}
