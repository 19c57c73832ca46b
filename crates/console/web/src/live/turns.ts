// Reading things anew one by one: each at most once at a time, and a few side by side.

/** At most so many at once, so that a storm of changes does not take all connections. */
const AT_ONCE = 4;

export class Turns {
  private readonly waiting = new Set<string>();
  private readonly busy = new Set<string>();

  constructor(private readonly act: (name: string) => Promise<void>) {}

  /** Does it soon; once if it is asked for many times. */
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
