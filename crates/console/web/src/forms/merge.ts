// Combines two edits of the same revision of something, field by field.

/** The outcome of a merge. The fields are the keys of `V`. */
export interface Merge<V> {
  /** Both edits together; a field in conflict has the own value. */
  readonly values: V;
  /** The fields that both edits changed, to different values. */
  readonly conflicts: readonly (keyof V & string)[];
  /** The fields that only the other edit changed. */
  readonly theirs: readonly (keyof V & string)[];
}

/** Merges `mine` and `theirs`, both edits of `base`. */
export function merge<V extends object>(base: V, mine: V, theirs: V): Merge<V> {
  const values = { ...mine };
  const conflicts: (keyof V & string)[] = [];
  const taken: (keyof V & string)[] = [];
  for (const field of changed(base, theirs)) {
    if (same(base[field], mine[field])) {
      values[field] = theirs[field];
      taken.push(field);
    } else if (!same(mine[field], theirs[field])) {
      conflicts.push(field);
    }
  }
  return { values, conflicts, theirs: taken };
}

/** The fields in which two forms of the same thing differ. */
export function changed<V extends object>(one: V, other: V): (keyof V & string)[] {
  return (Object.keys(other) as (keyof V & string)[]).filter((field) => !same(one[field], other[field]));
}

/** Whether two values of a form are equal; they consist of texts, lists and objects of them. */
export function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
