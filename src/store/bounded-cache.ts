/** What was read, by its key: the newest entries, bounded in number and in the sum of their sizes. */
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

  set(key: string, value: Value): void {
    this.delete(key);
    this.entries.set(key, value);
    this.size += this.sizeOf(value);
    while (this.entries.size > this.maxEntries || this.size > this.maxSize) {
      const { value: oldest } = this.entries.keys().next();
      if (oldest === undefined) return;
      this.delete(oldest);
    }
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
}
