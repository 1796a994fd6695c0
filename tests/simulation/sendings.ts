import type { World } from "./world.ts";

/** The order-changing request that left last and has no certain answer, for as long as nothing was asked since. */
export class Sendings {
  #open: string | null = null;

  constructor(readonly world: World) {}

  /** A request leaves: the same one again, with no question in between, is one sending that left twice (pipeline 6). */
  leaving(request: { readonly method: string; readonly body: string | null }, path: string): void {
    const key = `${request.method} ${path} ${request.body ?? ""}`;
    if (this.#open === key) {
      this.world.violate("each sending of an order-changing request leaves once", key);
    }
    this.#open = key;
  }

  /** The broker was asked something, said something certain, or another process has begun: what follows is a decision. */
  settled(): void {
    this.#open = null;
  }
}
