// The faults of which each must be caught by a test: what was once made on purpose and went unseen.
// `find` stands in `file` exactly once; `put` takes its place.

/** @type {{ name: string, file: string, find: string, put: string }[]} */
export const FAULTS = [];
