import { createHash } from "node:crypto";
import { decodeBase64, encodeBase64, encodeHex } from "./encoding.ts";

// The format of minisign, as it documents it: what is made here, minisign verifies, and the other way round.

/** Kind, 8 bytes of name, 32 bytes of key. */
const KEY_KIND = new TextEncoder().encode("Ed");
/** What is signed is the BLAKE2b-512 of the file, which WebCrypto does not have. */
const SIGNATURE_KIND = new TextEncoder().encode("ED");

/** A key that signs releases. */
export interface SigningKey {
  readonly privateKey: CryptoKey;
  /** The 32 bytes that everybody may have. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** What PKCS #8 writes before the 32 bytes of a private Ed25519 key. */
const PKCS8_HEAD = decodeBase64("MC4CAQAwBQYDK2VwBCIEIA==");

/** A new key, as PKCS #8 in PEM, which openssl reads as well. Whoever has it can sign: it is a secret. */
export function createKeyText(): string {
  const bytes = concat(PKCS8_HEAD, crypto.getRandomValues(new Uint8Array(32)));
  return `-----BEGIN PRIVATE KEY-----\n${encodeBase64(bytes)}\n-----END PRIVATE KEY-----\n`;
}

/**
 * Parses a key in PEM.
 * @returns `null` where it is no Ed25519 key in PKCS #8, or is locked with a password.
 */
export async function parseKeyText(text: string): Promise<SigningKey | null> {
  const body = /^-----BEGIN PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----\s*$/
    .exec(text)?.[1];
  if (body === undefined) return null;
  try {
    const bytes = decodeBase64(body);
    const privateKey = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", privateKey);
    if (x === undefined) return null;
    return { privateKey, publicKey: decodeBase64(x) };
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** The public key's file. */
export async function formatPublicKey({ publicKey }: SigningKey): Promise<string> {
  const name = await buildKeyName(publicKey);
  return `untrusted comment: minisign public key ${encodeHex(name.toReversed()).toUpperCase()}\n` +
    `${encodeBase64(concat(KEY_KIND, name, publicKey))}\n`;
}

/**
 * The signature's file for `message`.
 * @param comment One line that is signed too.
 */
export async function formatSignature(
  { key, message, comment }: {
    readonly key: SigningKey;
    readonly message: Uint8Array;
    readonly comment: string;
  },
): Promise<string> {
  const sign = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.sign("Ed25519", key.privateKey, bytes));
  const digest = new Uint8Array(createHash("blake2b512").update(message).digest());
  const signature = await sign(digest);
  const all = await sign(concat(signature, new TextEncoder().encode(comment)));
  const named = concat(SIGNATURE_KIND, await buildKeyName(key.publicKey), signature);
  return `untrusted comment: verify with minisign, or with verify.sh\n${encodeBase64(named)}\n` +
    `trusted comment: ${comment}\n${encodeBase64(all)}\n`;
}

/** The 8 bytes by which key and signature find each other; minisign draws them, here they follow from the key. */
async function buildKeyName(publicKey: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", publicKey)).slice(0, 8);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}
