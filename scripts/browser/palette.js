import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = 8;
const MOST = 256;

/**
 * A screenshot with at most 256 colours: a third of its size. What has none of its own, an edge of a letter, gets the nearest.
 * @param png as Chromium writes it: 8 bits, RGB, not interlaced
 */
export function toPalette(png) {
  const chunks = readChunks(png);
  const header = chunks.find(({ type }) => type === 'IHDR').data;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data);
  const pixels = unfilter(inflateSync(Buffer.concat(data)), 3 * width, height);

  const counts = new Map();
  for (let at = 0; at < pixels.length; at += 3) {
    const colour = pixels.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = choosePalette(counts);
  const indexes = new Map([...counts.keys()].map((colour) => [colour, findNearest(palette, colour)]));

  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = indexes.get(pixels.readUIntBE(3 * (y * width + x), 3));
    }
  }
  const colours = Buffer.from(palette.flatMap(toBytes));
  const indexed = Buffer.from(header);
  indexed[9] = 3;
  return Buffer.concat([
    png.subarray(0, SIGNATURE),
    toChunk('IHDR', indexed),
    toChunk('PLTE', colours),
    toChunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    toChunk('IEND', Buffer.alloc(0)),
  ]);
}

function readChunks(png) {
  const chunks = [];
  for (let at = SIGNATURE; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

function toChunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** First the most frequent colour, then always the one that would be missed most: it is frequent, and far from what there is. */
function choosePalette(counts) {
  const left = [...counts].map(([colour, count]) => ({ colour, count, missing: Number.POSITIVE_INFINITY }));
  const palette = [];
  while (palette.length < MOST) {
    const next = left.reduce((a, b) => (b.count * b.missing > a.count * a.missing ? b : a));
    if (next.missing === 0) break;
    palette.push(next.colour);
    for (const one of left) one.missing = Math.min(one.missing, toDistance(one.colour, next.colour));
  }
  return palette;
}

/** Undoes what is predicted from the pixel on the left, above, and left above. */
function unfilter(rows, stride, height) {
  const pixels = Buffer.alloc(stride * height);
  const at = (x, y) => (x < 0 || y < 0 ? 0 : pixels[y * stride + x]);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const predict = PREDICTORS[rows[start]];
    for (let x = 0; x < stride; x++) {
      pixels[y * stride + x] = rows[start + 1 + x] + predict(at(x - 3, y), at(x, y - 1), at(x - 3, y - 1));
    }
  }
  return pixels;
}

const PREDICTORS = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  (left, above, corner) => {
    const guess = left + above - corner;
    const [a, b, c] = [left, above, corner].map((one) => Math.abs(guess - one));
    if (a <= b && a <= c) return left;
    return b <= c ? above : corner;
  },
];

function findNearest(palette, colour) {
  const distances = palette.map((one) => toDistance(one, colour));
  return distances.indexOf(Math.min(...distances));
}

/** The square of how far two colours are apart. */
function toDistance(a, b) {
  const other = toBytes(b);
  return toBytes(a).reduce((sum, byte, i) => sum + (byte - other[i]) ** 2, 0);
}

const toBytes = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
