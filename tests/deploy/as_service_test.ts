import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";
import { type Host, withHost } from "./host.ts";

// How the stand-in unit is put together; that systemd reads it as the service's own is seen in the lab.

const UNIT_PATH = "/etc/systemd/system/execution.service";

async function writeService(host: Host): Promise<void> {
  await host.makeSystemd();
  await host.write(
    UNIT_PATH,
    "[Unit]\nOnFailure=tell@%n.service\nWants=scan.service\n[Service]\nUser=trader\n" +
      "Environment=A=1 B=1\nEnvironment=NAME=%n-%N-%i-%%n \\\n[Unit]\nExecStart=/bin/run\n[Install]\nWantedBy=x\n",
  );
  await host.write(
    `${UNIT_PATH}.d/40-b.conf`,
    "[Service]\nEnvironment=B=2\nEnvironmentFile=/etc/b.env\n",
  );
  await host.write(`${UNIT_PATH}.d/~~~~mine.conf`, "[Service]\nExecStart=/bin/mine\nOnFailure=x\n");
  await host.write("/etc/b.env", "A=3\nC=s3cret\n");
  await host.write(
    "/etc/systemd/system/service.d/45-all.conf",
    "[Unit]\nOnSuccess=tell@%n.service\n[Service]\nEnvironment=W=%n\n",
  );
  await host.write(
    "/run/systemd/system/execution.service.d/40-b.conf",
    "[Service]\nEnvironment=B=9\n",
  );
}

/** What makes a stand-in nothing but one run of one program. A line less, or more, is to be seen here first. */
const ALONE = [
  "[Unit]",
  "ConditionPathExists=",
  "AssertPathExists=",
  "RefuseManualStart=no",
  "FailureAction=none",
  "SuccessAction=none",
  "[Service]",
  "Type=simple",
  "Restart=no",
  "RestartForceExitStatus=",
  "RemainAfterExit=no",
  "WatchdogSec=0",
  "RuntimeMaxSec=infinity",
  "RuntimeDirectory=",
  `SuccessExitStatus=${Array.from({ length: 255 }, (_, at) => at + 1).join(" ")} SIGABRT SIGBUS ` +
  "SIGHUP SIGILL SIGINT SIGKILL SIGPIPE SIGQUIT SIGSEGV SIGSYS SIGTERM SIGTRAP",
  "ExecCondition=",
  "ExecStartPre=",
  "ExecStartPost=",
  "ExecReload=",
  "ExecStop=",
  "ExecStopPost=",
  "ExecStart=",
  'ExecStart="/bin/do" "x"',
];

Deno.test("a stand-in has the service's files in their order, without what would start other units, and its own word last", () =>
  withHost(async (host) => {
    await writeService(host);
    const { stdout } = await host.withLibraries(
      `STAND_IN_TERMINAL=--pipe; SYSTEMD_RUN=true; end_stand_in() { :; }; run_as_service /bin/do x; ` +
        `cd "$STAND_IN_DIR"; for file in *.conf; do echo "== $file"; cat "$file"; done`,
    );
    const files = stdout.split("== ").slice(1).map((text) => text.split("\n"));
    assertEquals(files.map(([name]) => name), [
      "!00-unit.conf",
      "40-b.conf",
      "45-all.conf",
      "~~~~mine.conf",
      "~~~~mine~.conf",
    ]);
    assertEquals(files[0]?.slice(1, -1), [
      "[Service]",
      "User=trader",
      "Environment=A=1 B=1",
      "Environment=NAME=execution.service-execution--%%n \\",
      "[Unit]",
      "ExecStart=/bin/run",
    ]);
    assertEquals(files[1]?.slice(1, -1), [
      "[Service]",
      "Environment=B=2",
      "EnvironmentFile=/etc/b.env",
    ]);
    assertEquals(files[2]?.slice(1, -1), ["[Service]", "Environment=W=execution.service"]);
    const [, ...last] = files[4] ?? [];
    const lines = last.filter((line) => line !== "");
    const result = lines.findIndex((line) => line.startsWith("ExecStopPost=+"));
    assertEquals(lines.toSpliced(result, 1), ALONE);
    assert(lines[result]?.endsWith('/result"'), lines[result]);
  }));

Deno.test("a word of a command is quoted so that systemd hands it on as it is", () =>
  withHost(async (host) => {
    await host.makeSystemd();
    const { stdout } = await host.withLibraries(
      `quote_command /bin/do 'a b' '$HOME' '\`id\`' '100%' 'say "x"' 'back\\slash' $'two\\nlines' ''`,
    );
    assertEquals(
      stdout,
      `"/bin/do" "a b" "$$HOME" "\`id\`" "100%%" "say \\"x\\"" "back\\\\slash" "two\\nlines" ""`,
    );
  }));

Deno.test("a program that runs as the service passes its status on; one that could not run is 70, and is said", () =>
  withHost(async (host) => {
    await writeService(host);
    for (const status of [0, 1, 78, 199]) {
      const { stdout } = await host.withLibraries(
        `run_as_service /bin/sh -c "exit ${status}"; echo "$HAS_RUN $STATUS"`,
      );
      assertEquals(stdout, `1 ${status}\n`);
    }
    const unexecuted = await host.withLibraries(
      `run_as_service /bin/sh -c 'exit 226'; echo "$HAS_RUN $STATUS"`,
    );
    assertEquals(unexecuted.stdout, "0 70\n");
    await Deno.writeTextFile(`${host.root}.cannot-run`, "");
    const { stdout, stderr } = await host.withLibraries(
      `run_as_service /bin/true; echo "$HAS_RUN $STATUS"`,
    );
    assertEquals(stdout, "0 70\n");
    assertStringIncludes(stderr, "could not be run as execution.service would run");
    assertFalse((await host.listTree()).some((line) => line.includes("/execution@")));
  }));

Deno.test("each variable that is set twice with two values is named, with what holds, and no value", () =>
  withHost(async (host) => {
    await host.makeSystemd();
    await host.write(
      UNIT_PATH,
      "[Service]\nEnvironment=AVWAP_STATE_DIR=/a SAME=1 GONE=1 UNIT=1\nExecStart=/bin/run\n",
    );
    await host.write(
      `${UNIT_PATH}.d/40-a.conf`,
      "[Service]\nEnvironment=CAP=s3cret-1 SAME=1 UNIT=2\nEnvironmentFile=/etc/b.env\n",
    );
    await host.write(
      `${UNIT_PATH}.d/50-b.conf`,
      "[Service]\nEnvironment=CAP=s3cret-2 AVWAP_STATE_DIR=/b GONE=2 OUT=s3cret-3\nUnsetEnvironment=GONE OUT\n",
    );
    await host.write("/etc/b.env", "CAP=s3cret-1\n");
    await host.write(
      "/etc/systemd/system/service.d/45-all.conf",
      "[Service]\nEnvironment=UNIT=3\n",
    );
    const { status, stdout, stderr } = await host.withLibraries("say_twice_set");
    const at = (name: string) => `${host.root}${UNIT_PATH}.d/${name}`;
    const [unit, wide] = [
      `${host.root}${UNIT_PATH}`,
      `${host.root}/etc/systemd/system/service.d/45-all.conf`,
    ];
    assertEquals([status, stderr], [0, ""]);
    const twice = "is set twice with two values";
    const edit = (name: string) => `; remedy: /opt/avwap-execution/host/edit.sh ${name}`;
    assertEquals(stdout.trimEnd().split("\n"), [
      `WARN environment: OUT is set (${at("50-b.conf")}) and taken out again by an ` +
      `UnsetEnvironment=: none holds${edit("OUT")}`,
      `WARN environment: CAP ${twice} (${at("40-a.conf")}, ${
        at("50-b.conf")
      }, /etc/b.env): /etc/b.env holds${edit("CAP")}`,
      `WARN environment: GONE ${twice} (${unit}, ${at("50-b.conf")}): none holds${edit("GONE")}`,
      `WARN environment: UNIT ${twice} (${unit}, ${at("40-a.conf")}, ${wide}): ${wide} holds${
        edit("UNIT")
      }`,
    ]);
  }));

Deno.test("what systemd gives every process is no file's, and names none", () =>
  withHost(async (host) => {
    await host.makeSystemd();
    await Deno.writeTextFile(`${host.root}.manager`, "CAP=7\nDRY_RUN=0\n");
    await host.write(UNIT_PATH, "[Service]\nEnvironment=OTHER=1\nExecStart=/bin/run\n");
    await host.write(`${UNIT_PATH}.d/50-a.conf`, "[Service]\nEnvironment=DRY_RUN=1\n");
    await host.write("/etc/b.env", "PLAIN=1\n");
    const { status, stdout, stderr } = await host.withLibraries(
      `say_twice_set; declare -A alone=() whole=(); probe_file alone /etc/b.env; echo "\${!alone[@]}"; ` +
        `probe_environment whole "$ROOT${UNIT_PATH}" "$ROOT${UNIT_PATH}.d/50-a.conf"; echo "\${whole[DRY_RUN]} \${whole[CAP]}"`,
    );
    assertEquals([status, stderr], [0, ""]);
    assertEquals(stdout, "PLAIN\n1 7\n");
  }));
