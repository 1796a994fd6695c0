import { type ProgramStart, runToEnd, UNREACHABLE_BROKER } from "../support/real_program.ts";
import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { inOperatorDir } from "./operator_host.ts";

function build(dir: string, args: string[], env: Record<string, string> = {}): ProgramStart {
  return {
    args,
    env: { AVWAP_BASE_DIR: dir, AVWAP_STATE_DIR: `${dir}/state`, ...env },
    writeDir: dir,
  };
}

Deno.test("the commands work in a process of their own, with the start task's permissions", () =>
  inOperatorDir(async (dir) => {
    const token = await runToEnd(build(dir, ["token"]));
    assertEquals([token.status, token.stderr], [0, ""]);
    assertMatch(token.stdout, /^LIVE_CONFIRM_TOKEN=[0-9a-f]{32}$/m);
    const kill = await runToEnd(build(dir, ["kill", "--reason", "drill"]));
    assertEquals([kill.status, kill.stderr], [0, ""]);
    const status = await runToEnd(build(dir, ["status"]));
    assertEquals([status.status, status.stderr], [0, ""]);
    assertMatch(status.stdout, /^Kill switch +ON \(file\): \S+ drill$/m);
    assertFalse(status.stdout.includes("\x1b"));
    const resume = await runToEnd(build(dir, ["resume"]));
    assertEquals([resume.status, resume.stderr], [0, ""]);
  }));

Deno.test("check in a process of its own tells missing watchlist from unreachable broker", () =>
  inOperatorDir(async (dir) => {
    await Deno.mkdir(`${dir}/state`, { mode: 0o700 });
    const missing = await runToEnd(build(dir, ["--check", "--verbose"], UNREACHABLE_BROKER));
    assertEquals([missing.status, missing.stderr], [1, ""]);
    assertMatch(missing.stdout, /^FAIL watchlist/m);
    assertMatch(missing.stdout, /^FAIL broker/m);
    // The real disk, with the permission to ask it.
    assertMatch(missing.stdout, /^(PASS|WARN) disk space +\d+ MiB free$/m);
    await Deno.writeTextFile(
      `${dir}/daily_candidates.csv`,
      "Symbol,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R2\nNVDA,120,124,0,117,136\n",
    );
    const away = await runToEnd(build(dir, ["check"], UNREACHABLE_BROKER));
    assertEquals([away.status, away.stderr], [69, ""]);
    assertFalse(away.stdout.includes(UNREACHABLE_BROKER.APCA_API_SECRET_KEY));
    assertEquals([...Deno.readDirSync(`${dir}/state`)], []);
  }));

Deno.test("a state directory out of reach is named by each command, in one line or one item", () =>
  inOperatorDir(async (dir) => {
    const env = { ...UNREACHABLE_BROKER, AVWAP_STATE_DIR: "/usr/avwap-state" };
    for (
      const args of [["kill"], ["token"], ["flatten", "--yes"], ["ledger", "rebuild", "--yes"]]
    ) {
      const { status, stdout, stderr } = await runToEnd(build(dir, args, env));
      assertEquals([status, stdout], [args[0] === "kill" ? 1 : 78, ""], args.join(" "));
      assertStringIncludes(stderr, "AVWAP_STATE_DIR");
      assertEquals(stderr.indexOf("\n"), stderr.length - 1);
    }
    const check = await runToEnd(build(dir, ["check"], env));
    assertMatch(check.stdout, /^FAIL permissions +AVWAP_STATE_DIR is "\/usr\/avwap-state"/m);
  }));
