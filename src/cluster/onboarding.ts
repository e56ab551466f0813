/** KV of requests on its way up from the tiers below GPU memory. */
export class Onboarding {
  readonly #awaited = new Map<number, { readonly worker: number; readonly readyNs: number }>();

  /** KV of the request will be in the worker at `readyNs`. */
  begin(request: number, worker: number, readyNs: number): void {
    this.#awaited.set(request, { worker, readyNs });
  }

  /** The worker whose KV of the request is there at `nowNs`; undefined if it was lost meanwhile, or something else is awaited. */
  end(request: number, nowNs: number): number | undefined {
    const awaited = this.#awaited.get(request);
    if (awaited?.readyNs !== nowNs) return undefined;
    this.#awaited.delete(request);
    return awaited.worker;
  }

  /** Nobody waits for the request's KV any more. */
  drop(request: number): void {
    this.#awaited.delete(request);
  }
}
