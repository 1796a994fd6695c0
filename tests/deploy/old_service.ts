import type { Host } from "./host.ts";

/** A unit of somebody else's, as people write them. */
export const OLD_UNIT = `[Unit]
OnFailure=tell@execution.service
[Service]
User=trader
Environment="MAX_LIVE_ORDERS_PER_DAY=2" LIVE_TRADING=1
Environment=APCA_API_SECRET_KEY=s3cret$x DRY_RUN=0
EnvironmentFile=-/etc/scan.env
ExecStartPre=/bin/gate
ExecStart=/usr/bin/python3
Nice=5
`;
/** The environment file that it shares with the scan. */
export const SCAN_ENV =
  "APCA_API_KEY_ID=KEY\nDRY_RUN=0\nKILL_SWITCH=1\nMAX_LIVE_POSITIONS=3\nMY_DRY_RUN=0\n";
/** Where both units are. */
export const UNIT_PATH = "/etc/systemd/system/execution.service";

/** A stopped service of somebody else's, as people write them. */
export async function writeOldService(host: Host): Promise<void> {
  await host.makeSystemd({ isRunning: false });
  await host.write(UNIT_PATH, OLD_UNIT);
  await host.write("/etc/scan.env", SCAN_ENV);
  await host.write("/root/scan/state/live_orders_today.json", "{}");
  const mine = "[Service]\nEnvironment=MAX_LIVE_POSITIONS=9 LIVE_CONFIRM_TOKEN=s3cret\n";
  await host.write(`${UNIT_PATH}.d/40-mine.conf`, mine);
}
