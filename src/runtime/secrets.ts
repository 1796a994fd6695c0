import type { Environment } from "./environment.ts";

/** Variables whose values stand in no line, no file and no message (interface, Files). */
const SECRET_VARIABLES = [
  "APCA_API_KEY_ID",
  "APCA_API_SECRET_KEY",
  "LIVE_CONFIRM_TOKEN",
  "SLACK_WEBHOOK_URL",
  "HEALTHCHECK_URL",
] as const;
/** Shorter texts are no secrets, and redacting them would make every line unreadable. */
const SECRET_LENGTH_MIN = 6;

/** Every secret of the environment, without the white space around it, which nobody prints with it. */
export function listSecrets(environment: Environment): string[] {
  return SECRET_VARIABLES.map((name) => (environment[name] ?? "").trim())
    .filter((text) => text.length >= SECRET_LENGTH_MIN);
}
