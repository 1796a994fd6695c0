import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { withInstalled } from "./installed.ts";

Deno.test("uninstall.sh leaves state, keys and drop-ins, says so, and refuses a running service", () =>
  withInstalled(async (host) => {
    const before = await host.listTree();
    const refused = await host.uninstall();
    assertEquals([refused.status, await host.listTree()], [1, before]);
    assertStringIncludes(refused.stderr, "systemctl stop execution.service first");
    await Deno.writeTextFile(`${host.root}.active`, "inactive");
    const dry = await host.uninstall("--dry-run");
    assertEquals([dry.status, await host.listTree()], [0, before]);
    const { status, stdout } = await host.uninstall();
    assertEquals(status, 0);
    for (
      const path of [
        "/root/scan/state",
        "/etc/avwap-execution",
        "/etc/systemd/system/execution.service.d/50-dry-run.conf",
      ]
    ) {
      assertStringIncludes(stdout, `left: ${host.root}${path}`);
    }
    const left = (await host.listTree()).map((line) => line.slice(host.root.length));
    assertFalse(left.some((line) => /^\/(opt\/avwap-execution|usr\/local\/bin\/)/.test(line)));
    assertFalse(left.some((line) => line.startsWith("/etc/systemd/system/execution.service ")));
    assert(left.some((line) => line.startsWith("/root/scan/state 700")));
    assert((await host.listControls()).includes("disable execution.service"));
    // It is gone for good when it says so.
    assertEquals((await host.listSyncs()).map((line) => line.trim()), ["dry-run"]);
  }));
