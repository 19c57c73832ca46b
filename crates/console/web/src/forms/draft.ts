// Drafts of forms: what was entered and not saved survives a reload of the tab, and is gone when
// the tab is closed, because the machine may be shared.

/** What was entered in a form. */
export interface Draft<V> {
  readonly values: V;
  /** The values at which the edit began. */
  readonly base: V;
  /** The revision that has the values of `base`; 0 for something new. */
  readonly version: number;
  /** The idempotency key of the creation, the same after a reload. */
  readonly key: string;
  /** When something was last entered, in ms since 1970. */
  readonly at: number;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The drafts of a user in a store of the browser. */
export class Drafts {
  constructor(private readonly store: Store, private readonly user: string) {}

  /** The draft of the form `name`; null if there is none of the shape of `like`. */
  read<V extends object>(name: string, like: V): Draft<V> | null {
    try {
      const found = JSON.parse(this.store.getItem(this.place(name)) ?? "null") as Draft<V> | null;
      if (found === null || !alike(like, found.values) || !alike(like, found.base)) return null;
      return typeof found.version === "number" && typeof found.key === "string" && typeof found.at === "number" ? found : null;
    } catch {
      return null;
    }
  }

  /** Keeps a draft, as far as the browser allows it. */
  write<V>(name: string, draft: Draft<V>): void {
    try {
      this.store.setItem(this.place(name), JSON.stringify(draft));
    } catch {
      // The store is full or forbidden: the form works without drafts.
    }
  }

  discard(name: string): void {
    this.store.removeItem(this.place(name));
  }

  private place(name: string): string {
    return `console.draft.${this.user}.${name}`;
  }
}

/** Whether a value has the fields of another one, with values of the same types. */
function alike(like: object, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const entries = Object.entries(like);
  const kind = (of: unknown) => (Array.isArray(of) ? "list" : typeof of);
  return Object.keys(value).length === entries.length
    && entries.every(([name, one]) => kind(one) === kind((value as Readonly<Record<string, unknown>>)[name]));
}
