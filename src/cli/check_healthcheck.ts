import { askHealthcheck } from "../alerts/healthcheck.ts";
import type { ProgramConfig } from "../runtime/config.ts";
import { createHttp } from "../runtime/http.ts";
import { isHealthcheckReachable } from "../runtime/permissions.ts";
import type { ProgramHost } from "./command.ts";
import { type CheckItem, pass, warn } from "./check_item.ts";
import { remedy } from "./check_remedies.ts";

/** The dead-man's switch, asked once; no item where none is set (interface, `HEALTHCHECK_URL`). */
export async function listHealthcheckItems(
  host: ProgramHost,
  config: ProgramConfig,
): Promise<CheckItem[]> {
  const { healthcheckUrl: url } = config;
  if ((host.environment.HEALTHCHECK_URL ?? "") === "") return [];
  if (url === null) {
    return [warn(
      "healthcheck",
      "HEALTHCHECK_URL is not usable: nobody outside this host would notice its end",
      remedy("set_healthcheck"),
    )];
  }
  if (!isHealthcheckReachable(config, host.isPermitted)) {
    return [warn(
      "healthcheck",
      "HEALTHCHECK_URL names a host that this process may not connect to",
      remedy("set_healthcheck"),
    )];
  }
  const why = await askHealthcheck({ url, http: createHttp(host.fetch), clock: host.clock });
  return [
    why === null ? pass("healthcheck", "HEALTHCHECK_URL answered") : warn(
      "healthcheck",
      `HEALTHCHECK_URL does not answer (${why})`,
      remedy("set_healthcheck"),
    ),
  ];
}
