/** Collects the lines of a process's two streams, and tells who waits for them. */
export class LineReader {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly #listeners = new Set<() => void>();
  #openStreams = 2;

  constructor(readonly onLine: (line: string) => void) {}

  /** Calls `listener` after each line. @returns What ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when so many lines have been read, of both streams together, or when no more will come. */
  async untilCount(count: number): Promise<void> {
    if (this.lines.length >= count || this.#openStreams === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stopListening = this.listen(() => {
      if (this.lines.length >= count || this.#openStreams === 0) resolve();
    });
    await promise;
    stopListening();
  }

  /** Reads a stream to its end. */
  async read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, isError: boolean): Promise<void> {
    let rest = "";
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) this.#take(line, isError);
    }
    if (rest !== "") this.#take(rest, isError);
    this.#openStreams--;
    this.#tell();
  }

  #take(line: string, isError: boolean): void {
    this.lines.push(line);
    if (isError) this.errors.push(line);
    this.onLine(line);
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
