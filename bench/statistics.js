// What many rounds say in a few figures.

export function summarize(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1), values };
}

/** The ratio is that of each round, not that of the medians: what slowed a whole round down then does not count. */
export const compare = (pairs) => ({
  ours: summarize(pairs.map(([ours]) => ours)),
  bare: summarize(pairs.map(([, bare]) => bare)),
  ratio: summarize(pairs.map(([ours, bare]) => ours / bare)),
});

export const toText = ({ median, min, max }, digits) =>
  `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;

export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column]));
    console.log(cells.join('  ').trimEnd());
  }
}
