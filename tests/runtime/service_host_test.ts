import {
  type Datagrams,
  readOutputId,
  readServiceHost,
  SYSTEMD_NOTIFY_PATH,
} from "../../src/runtime/service_host.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";

function createProbe(variables: Record<string, string>, outputId: string | null = "9:10") {
  const sent: string[] = [];
  let opened = 0;
  const open = (): Datagrams => {
    opened++;
    return {
      send(bytes) {
        sent.push(new TextDecoder().decode(bytes));
        return Promise.resolve(bytes.length);
      },
    };
  };
  const probe = {
    get: (name: string) => variables[name],
    readOutputId: () => outputId,
    open,
  };
  return { probe, sent, opened: () => opened };
}

const NOT_NOTIFIED = ["", "@abstract", "/run/systemd/notify2", "/tmp/notify", "vsock:2:1"];

Deno.test("readServiceHost() notifies nobody but systemd's own socket", () => {
  assertEquals(readServiceHost(createProbe({}).probe).notify, null);
  for (const NOTIFY_SOCKET of NOT_NOTIFIED) {
    assertEquals(readServiceHost(createProbe({ NOTIFY_SOCKET }).probe).notify, null, NOTIFY_SOCKET);
  }
});

Deno.test("readServiceHost() opens one socket, at the first message", async () => {
  const { probe, sent, opened } = createProbe({ NOTIFY_SOCKET: SYSTEMD_NOTIFY_PATH });
  const { notify } = readServiceHost(probe);
  assert(notify !== null);
  assertEquals(opened(), 0);
  await notify("READY=1");
  await notify("STATUS=é");
  assertEquals([sent, opened()], [["READY=1", "STATUS=é"], 1]);
});

Deno.test("a socket that can't be opened rejects each message and is tried again", async () => {
  const { probe } = createProbe({ NOTIFY_SOCKET: SYSTEMD_NOTIFY_PATH });
  let tries = 0;
  const { notify } = readServiceHost({
    ...probe,
    open() {
      tries++;
      throw new Error("no directory");
    },
  });
  assert(notify !== null);
  await assertRejects(() => notify("READY=1"), Error, "no directory");
  await assertRejects(() => notify("READY=1"), Error, "no directory");
  assertEquals(tries, 2);
});

const STREAMS: { stream: string | undefined; output: string | null; isJournal: boolean }[] = [
  { stream: "9:10", output: "9:10", isJournal: true },
  { stream: "9:11", output: "9:10", isJournal: false },
  { stream: "19:10", output: "9:10", isJournal: false },
  { stream: "", output: "9:10", isJournal: false },
  { stream: undefined, output: "9:10", isJournal: false },
  { stream: "9:10", output: null, isJournal: false },
  { stream: undefined, output: null, isJournal: false },
];

for (const { stream, output, isJournal } of STREAMS) {
  Deno.test(`readServiceHost() takes ${output} for ${isJournal ? "" : "no "}journal ${stream}`, () => {
    const variables: Record<string, string> = stream === undefined
      ? {}
      : { JOURNAL_STREAM: stream };
    assertEquals(readServiceHost(createProbe(variables, output).probe).isJournal, isJournal);
  });
}

Deno.test("readOutputId() names standard output by device and inode", () => {
  assertMatch(readOutputId() ?? "", /^\d+:\d+$/);
});
