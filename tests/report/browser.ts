import { z } from "zod";

/** Chromium is not there, or does not start: the check can't be made. */
export class BrowserMissing extends Error {
  override readonly name = "BrowserMissing";
}

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--hide-scrollbars",
  "--remote-debugging-port=0",
];
const START_MS = 20_000;
const ANSWER_MS = 20_000;

const MessageWire = z.object({
  id: z.number().optional(),
  sessionId: z.string().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});
const TargetWire = z.object({ targetId: z.string() });
const SessionWire = z.object({ sessionId: z.string() });
const ValueWire = z.object({
  result: z.object({ value: z.unknown() }),
  exceptionDetails: z.object({ text: z.string() }).optional(),
});
const ImageWire = z.object({ data: z.string() });

/** How a page is to be seen. */
export interface Look {
  readonly width: number;
  readonly scheme: "light" | "dark";
}

/** A headless Chromium, driven by its own protocol; nothing but the page's file is loaded. */
export class Browser {
  readonly #child: Deno.ChildProcess;
  readonly #socket: WebSocket;
  readonly #dir: string;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 1;
  #sessionId: string | null = null;

  private constructor(child: Deno.ChildProcess, socket: WebSocket, dir: string) {
    this.#child = child;
    this.#socket = socket;
    this.#dir = dir;
    socket.onmessage = (event) => this.#take(String(event.data));
  }

  /** @throws {BrowserMissing} */
  static async start(program: string): Promise<Browser> {
    const dir = await Deno.makeTempDir({ prefix: "avwap-browser-" });
    const child = spawn(program, dir);
    try {
      const socket = await connect(await readAddress(child));
      const browser = new Browser(child, socket, dir);
      await browser.#openPage();
      return browser;
    } catch (error) {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(dir, { recursive: true });
      throw error;
    }
  }

  /** Loads a file as it is seen at that width and in that colour scheme. */
  async show(path: string, { width, scheme }: Look): Promise<void> {
    await this.#send("Emulation.setDeviceMetricsOverride", {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await this.#send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
    await this.#send("Page.navigate", { url: `file://${path}` });
    await this.evaluate(
      `new Promise((resolve) => document.readyState === "complete"
        ? resolve(1) : addEventListener("load", () => resolve(1)))`,
    );
  }

  /** The value of an expression in the page, awaited; by the protocol, so that no policy of the page forbids it. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = ValueWire.parse(
      await this.#send("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      }),
    );
    if (answer.exceptionDetails !== undefined) throw new Error(answer.exceptionDetails.text);
    return answer.result.value;
  }

  /** The whole page as a PNG. */
  async capture(): Promise<Uint8Array> {
    const answer = await this.#send("Page.captureScreenshot", { captureBeyondViewport: true });
    return Uint8Array.from(atob(ImageWire.parse(answer).data), (char) => char.charCodeAt(0));
  }

  async close(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#socket.onclose = () => closed.resolve();
    this.#socket.close();
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await closed.promise;
    await Deno.remove(this.#dir, { recursive: true });
  }

  async #openPage(): Promise<void> {
    const target = TargetWire.parse(
      await this.#send("Target.createTarget", { url: "about:blank" }),
    );
    const session = await this.#send("Target.attachToTarget", { ...target, flatten: true });
    this.#sessionId = SessionWire.parse(session).sessionId;
    await this.#send("Page.enable", {});
  }

  async #send(method: string, params: object): Promise<unknown> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    const session = this.#sessionId === null ? {} : { sessionId: this.#sessionId };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    const timer = setTimeout(
      () => answer.reject(new Error(`${method}: no answer within ${ANSWER_MS} ms`)),
      ANSWER_MS,
    );
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #take(text: string): void {
    const message = MessageWire.parse(JSON.parse(text));
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(new Error(message.error.message));
  }
}

function spawn(program: string, dir: string): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...FLAGS, `--user-data-dir=${dir}`, "about:blank"],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BrowserMissing(`${program} is not installed: apt-get install chromium`);
  }
}

/** The address that the browser prints when it listens; the rest of what it says is read and forgotten. */
async function readAddress(child: Deno.ChildProcess): Promise<string> {
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  let said = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new BrowserMissing(`the browser did not start: ${said.slice(-300)}`);
    said += value;
    const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
    if (address === undefined) continue;
    clearTimeout(timer);
    void drain(reader);
    return address;
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

async function connect(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address);
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onerror = () => opened.reject(new BrowserMissing("the browser can't be connected to"));
  await opened.promise;
  return socket;
}
