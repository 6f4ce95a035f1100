import type { Panel } from './state.ts';

/** In their order, with the feature of the server that each needs, and the word of its tab. */
export const PANELS: readonly [name: Panel, feature: string, word: string][] = [
  ['limits', 'limits', 'Limits'],
  ['organizations', 'organizations', 'Orgs'],
  ['faults', 'faults', 'Faults'],
  ['snapshots', 'snapshots', 'Snapshots'],
  ['seed', 'state', 'Seed'],
];
