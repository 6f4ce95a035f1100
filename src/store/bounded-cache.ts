/** What was read, by its key: the entries that came last, bounded in number and in the sum of their sizes. */
export class BoundedCache<Value> {
  private readonly entries = new Map<string, Value>();
  private readonly maxEntries: number;
  private readonly maxSize: number;
  private readonly sizeOf: (value: Value) => number;
  private size = 0;

  constructor(maxEntries: number, maxSize = Number.POSITIVE_INFINITY, sizeOf: (value: Value) => number = () => 0) {
    this.maxEntries = maxEntries;
    this.maxSize = maxSize;
    this.sizeOf = sizeOf;
  }

  get(key: string): Value | undefined {
    return this.entries.get(key);
  }

  /** The value of the key; else that which `read` gives, if any. */
  getOrSet(key: string, read: () => Value | undefined): Value | undefined {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const value = read();
    if (value !== undefined) this.set(key, value);
    return value;
  }

  /** A value that is replaced leaves its place in the order to the new one. */
  set(key: string, value: Value): void {
    const replaced = this.entries.get(key);
    if (replaced !== undefined) this.size -= this.sizeOf(replaced);
    this.entries.set(key, value);
    this.size += this.sizeOf(value);
    while (this.entries.size > this.maxEntries || this.size > this.maxSize) this.dropOldest();
  }

  delete(key: string): void {
    const value = this.entries.get(key);
    if (value === undefined) return;
    this.size -= this.sizeOf(value);
    this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
    this.size = 0;
  }

  private dropOldest(): void {
    for (const key of this.entries.keys()) {
      this.delete(key);
      return;
    }
  }
}
