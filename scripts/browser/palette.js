import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = 8;
const MOST = 256;

/**
 * A screenshot with at most 256 colours: a third of its size. What is not among the most frequent ones is the edge of a letter, and
 * becomes the nearest of them.
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
  const palette = [...counts]
    .sort(([a, many], [b, more]) => more - many || a - b)
    .slice(0, MOST)
    .map(([colour]) => colour);
  const indexes = new Map([...counts.keys()].map((colour) => [colour, findNearest(palette, colour)]));

  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      rows[y * (width + 1) + 1 + x] = indexes.get(pixels.readUIntBE(3 * (y * width + x), 3));
    }
  }
  const colours = Buffer.concat(palette.map(toBytes));
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
  const wanted = toBytes(colour);
  const distances = palette.map((one) => toBytes(one).reduce((sum, byte, i) => sum + (byte - wanted[i]) ** 2, 0));
  return distances.indexOf(Math.min(...distances));
}

const toBytes = (colour) => Buffer.from([colour >> 16, (colour >> 8) & 255, colour & 255]);
