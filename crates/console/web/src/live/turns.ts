// A queue of reloads: each item at most once at a time, a few items in parallel.

/** Largest number of parallel reloads, so that many changes do not use all connections. */
const AT_ONCE = 4;

export class Turns {
  private readonly waiting = new Set<string>();
  private readonly busy = new Set<string>();

  constructor(private readonly act: (name: string) => Promise<void>) {}

  /** Queues an item; an item that is already queued is processed once. */
  ask(name: string): void {
    this.waiting.add(name);
    this.next();
  }

  private next(): void {
    for (const name of this.waiting) {
      if (this.busy.size >= AT_ONCE) return;
      if (this.busy.has(name)) continue;
      this.waiting.delete(name);
      this.busy.add(name);
      void this.act(name).catch(() => undefined).finally(() => {
        this.busy.delete(name);
        this.next();
      });
    }
  }
}
