import { parsePayload } from "../alerts/fake_slack.ts";

/** How the sink answers: a status, or `hang` for one that never comes. */
export type SinkAnswer = number | "hang";

/** A webhook on loopback that keeps what it was sent, and answers as it is told. */
export class SlackSink {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #hung: PromiseWithResolvers<void>[] = [];
  /** Texts of messages that were taken (2xx). */
  readonly taken: string[] = [];
  /** Requests that came at all. */
  requests = 0;
  answer: SinkAnswer = 200;
  /** Called with each message that was taken. */
  onTaken: (text: string) => void = () => {};

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#take(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/services/T0/B0/x`;
  }

  /** Taken messages whose title line holds `title`. */
  of(title: string): string[] {
    return this.taken.filter((text) => text.split("\n", 1)[0]?.includes(title));
  }

  async stop(): Promise<void> {
    for (const each of this.#hung) each.resolve();
    await this.#server.shutdown();
  }

  async #take(request: Request): Promise<Response> {
    this.requests++;
    const { text } = parsePayload(await request.text());
    if (this.answer === "hang") {
      const hung = Promise.withResolvers<void>();
      this.#hung.push(hung);
      await hung.promise;
      return new Response("late", { status: 503 });
    }
    if (this.answer >= 200 && this.answer < 300) {
      this.taken.push(text);
      this.onTaken(text);
    }
    return new Response("ok", { status: this.answer });
  }
}
