/** A certificate for 127.0.0.1 and its key, both PEM; made anew for each test, so that no key is kept anywhere. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
}

/** DER tags (X.690). */
const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8 = 0x0c;
const TIME = 0x18;

/** Object identifiers, encoded. */
const ECDSA_SHA256 = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03];
const SUBJECT_ALT_NAME = [0x06, 0x03, 0x55, 0x1d, 0x11];

/** Valid whatever the host's date: a test never depends on it. */
const FROM = "20000101000000Z";
const UNTIL = "29990101000000Z";

/** Makes a key and a certificate for the address 127.0.0.1 that it signs itself. */
export async function buildSelfSigned(): Promise<SelfSigned> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
  const signed = buildToBeSigned([...publicKey]);
  const hashed = { name: "ECDSA", hash: "SHA-256" };
  const raw = await crypto.subtle.sign(hashed, keys.privateKey, new Uint8Array(signed));
  const cert = der(
    SEQUENCE,
    signed,
    der(SEQUENCE, ECDSA_SHA256),
    der(BIT_STRING, [0], buildSignature([...new Uint8Array(raw)])),
  );
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { cert: formatPem("CERTIFICATE", cert), key: formatPem("PRIVATE KEY", [...key]) };
}

function buildToBeSigned(publicKey: readonly number[]): number[] {
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8, bytesOf("loopback")))));
  const address = der(SEQUENCE, [0x87, 4, 127, 0, 0, 1]);
  const extensions = der(SEQUENCE, der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, address)));
  return der(
    SEQUENCE,
    [0xa0, 3, INTEGER, 1, 2],
    der(INTEGER, [1]),
    der(SEQUENCE, ECDSA_SHA256),
    name,
    der(SEQUENCE, der(TIME, bytesOf(FROM)), der(TIME, bytesOf(UNTIL))),
    name,
    publicKey,
    der(0xa3, extensions),
  );
}

/** Two numbers side by side, as the runtime signs, become two integers. */
function buildSignature(raw: readonly number[]): number[] {
  const half = raw.length / 2;
  return der(SEQUENCE, buildInteger(raw.slice(0, half)), buildInteger(raw.slice(half)));
}

function buildInteger(bytes: readonly number[]): number[] {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.slice(first);
  return der(INTEGER, (digits[0] ?? 0) > 0x7f ? [0] : [], digits);
}

function der(tag: number, ...parts: readonly (readonly number[])[]): number[] {
  const content = parts.flat();
  const { length } = content;
  if (length < 0x80) return [tag, length, ...content];
  if (length < 0x100) return [tag, 0x81, length, ...content];
  return [tag, 0x82, length >> 8, length & 0xff, ...content];
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function formatPem(label: string, bytes: readonly number[]): string {
  const lines = btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
