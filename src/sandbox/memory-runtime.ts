import { MemoryBuckets } from './buckets.ts';
import { Journal } from './journal.ts';
import type { Runtime } from './runtime.ts';

/**
 * A runtime in the memory of this process.
 * @param journalSize entries that the journal keeps
 * @param before the runtime of the same sandbox before its state was replaced: `seq` goes on from there
 */
export function buildMemoryRuntime(journalSize: number, before: Runtime | undefined): Runtime {
  return { buckets: new MemoryBuckets(), journal: new Journal(journalSize, before?.journal.lastSeq) };
}
