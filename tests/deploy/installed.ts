import { assert, assertEquals } from "../assert.ts";
import { type BinaryPlan, type Host, withHost } from "./host.ts";

/** A host with one release that runs. */
export async function withInstalled(
  act: (host: Host, first: string) => Promise<void>,
  { isRunning = true, statusText = "", ...plan }: BinaryPlan & {
    readonly isRunning?: boolean;
    readonly statusText?: string;
  } = {},
): Promise<void> {
  await withHost(async (host) => {
    assertEquals((await host.install(await host.makeBinary(plan))).status, 0);
    await host.makeSystemd({ isRunning, statusText });
    const first = await host.readLink("current");
    assert(first !== null);
    await act(host, first);
  });
}
