// A QR code in a picture: its three finder patterns, then its modules. A picture
// is ImageData or the like: {width, height, data} in RGBA.
// SPDX-License-Identifier: EUPL-1.2
import { readSymbol, versionOf } from './symbol.js';

const TRIPLES_MAX = 8;
const FINDERS_MAX = 14;

/* ---- light and dark ------------------------------------------------------ */

function greyOf({ width, height, data }) {
  const grey = new Uint8Array(width * height);
  for (let i = 0, p = 0; i < grey.length; i++, p += 4) {
    grey[i] = (data[p] * 77 + data[p + 1] * 151 + data[p + 2] * 28) >> 8;
  }
  return { width, height, grey };
}

/** Darker than what is around it: shadows and lamps make no difference. */
function darkness({ width, height, grey }, share) {
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += grey[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const half = Math.max(4, Math.round(Math.max(width, height) * share / 2));
  const bits = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - half), Math.min(height, y + half + 1)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - half), Math.min(width, x + half + 1)];
      const sum = sums[bottom * (width + 1) + right] -
        sums[top * (width + 1) + right] - sums[bottom * (width + 1) + left] +
        sums[top * (width + 1) + left];
      const mean = sum / ((bottom - top) * (right - left));
      bits[y * width + x] = grey[y * width + x] < mean * 0.92 - 2 ? 1 : 0;
    }
  }
  return { width, height, bits };
}

const isDark = ({ width, height, bits }, x, y) =>
  x >= 0 && y >= 0 && x < width && y < height && bits[y * width + x] === 1;

/* ---- finder patterns: 1 1 3 1 1 ------------------------------------------ */

function looksRight(runs) {
  const unit = runs.reduce((a, b) => a + b) / 7;
  const slack = unit * 0.7;
  return unit >= 1 && runs.every((n, i) =>
    Math.abs(n - (i === 2 ? 3 : 1) * unit) < (i === 2 ? 3 : 1) * slack);
}

/** The five runs through a point, along a direction; null: not such ones. */
function across(map, x, y, dx, dy, most) {
  const runs = [0, 0, 0, 0, 0];
  const ends = [];
  for (const sign of [-1, 1]) {
    let [px, py] = sign < 0 ? [x, y] : [x + dx, y + dy];
    for (let k = 2; k >= 0 && k <= 4; k += sign) {
      while (isDark(map, px, py) === (k % 2 === 0) && runs[k] <= most &&
             px >= 0 && py >= 0 && px < map.width && py < map.height) {
        runs[k]++;
        px += sign * dx;
        py += sign * dy;
      }
    }
    ends.push(dx !== 0 ? px : py);
  }
  if (!looksRight(runs)) {
    return null;
  }
  const far = ends[1] - runs[4] - runs[3] - runs[2] / 2;
  return { centre: far - 0.5, unit: runs.reduce((a, b) => a + b) / 7 };
}

function note(found, x, y, unit) {
  for (const f of found) {
    if (Math.abs(f.x - x) < f.unit * 2.5 && Math.abs(f.y - y) < f.unit * 2.5 &&
        unit < f.unit * 1.8 && f.unit < unit * 1.8) {
      f.x += (x - f.x) / (f.seen + 1);
      f.y += (y - f.y) / (f.seen + 1);
      f.unit += (unit - f.unit) / (f.seen + 1);
      f.seen++;
      return;
    }
  }
  found.push({ x, y, unit, seen: 1 });
}

function check(map, found, middle, y, total) {
  const x = Math.round(middle);
  const down = across(map, x, y, 0, 1, total);
  if (down === null) {
    return;
  }
  const along = across(map, x, Math.round(down.centre), 1, 0, total);
  if (along !== null && along.unit < down.unit * 1.8 &&
      down.unit < along.unit * 1.8) {
    note(found, along.centre, down.centre, (along.unit + down.unit) / 2);
  }
}

function finders(map) {
  const found = [];
  for (let y = 0; y < map.height; y += map.height > 600 ? 2 : 1) {
    const ends = []; // where runs end, the first one light
    let dark = 0;
    for (let x = 0; x <= map.width; x++) {
      const now = x < map.width ? map.bits[y * map.width + x] : 1 - dark;
      if (now === dark) {
        continue;
      }
      ends.push(x);
      const n = ends.length;
      if (dark === 1 && n >= 6) {
        const runs = [5, 4, 3, 2, 1].map((i) => ends[n - i] - ends[n - i - 1]);
        if (looksRight(runs)) {
          check(map, found, ends[n - 3] - runs[2] / 2 - 0.5, y,
            x - ends[n - 6]);
        }
      }
      dark = now;
    }
  }
  return found.sort((a, b) => b.seen - a.seen).slice(0, FINDERS_MAX);
}

/* ---- three that belong together ------------------------------------------ */

const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** [top left, top right, bottom left], and how far from a right angle. */
function arrange(a, b, c) {
  const sides = [[distance(b, c), a, b, c], [distance(a, c), b, a, c],
    [distance(a, b), c, a, b]].sort((p, q) => q[0] - p[0]);
  const [long, corner, p, q] = sides[0];
  const [u, v] = [distance(corner, p), distance(corner, q)];
  const turn = (p.x - corner.x) * (q.y - corner.y) -
    (p.y - corner.y) * (q.x - corner.x);
  const units = [a.unit, b.unit, c.unit];
  const score = Math.abs(u - v) / (u + v) * 2 +
    Math.abs(long * long - u * u - v * v) / (long * long) +
    (Math.max(...units) / Math.min(...units) - 1) / 2 -
    Math.min(a.seen, b.seen, c.seen) / 100;
  return { score, corners: turn > 0 ? [corner, p, q] : [corner, q, p] };
}

function triples(found) {
  const all = [];
  for (let i = 0; i < found.length; i++) {
    for (let j = i + 1; j < found.length; j++) {
      for (let k = j + 1; k < found.length; k++) {
        all.push(arrange(found[i], found[j], found[k]));
      }
    }
  }
  return all.filter((t) => t.score < 1.2).sort((p, q) => p.score - q.score)
    .slice(0, TRIPLES_MAX).map((t) => t.corners);
}

/* ---- how large its modules are ------------------------------------------- */

/** From a finder's centre outward, 3.5 modules: dark, light, dark. */
function outward(map, from, to, sign) {
  const length = distance(from, to);
  const [dx, dy] = [(to.x - from.x) / length * sign, (to.y - from.y) / length * sign];
  let changes = 0;
  for (let t = 0; t < length; t += 0.25) {
    const dark = isDark(map, Math.round(from.x + dx * t), Math.round(from.y + dy * t));
    if (dark !== (changes % 2 === 0)) {
      changes++;
      if (changes === 3) {
        return t / 3.5;
      }
    }
  }
  return null;
}

function moduleSize(map, pairs) {
  const sizes = pairs.flatMap(([a, b]) => [outward(map, a, b, 1),
    outward(map, a, b, -1), outward(map, b, a, 1), outward(map, b, a, -1)])
    .filter((s) => s !== null && s >= 0.8);
  return sizes.length === 0 ? null
    : sizes.reduce((a, b) => a + b) / sizes.length;
}

/** How often dark and light change between two finders along their timing
 *  pattern, which lies three modules off the line of their centres, towards the
 *  third; perspective makes modules of one end larger. */
function changes(map, from, to, third, side) {
  const [dx, dy] = [(third.x - from.x) / side * 3, (third.y - from.y) / side * 3];
  const mean = (from.unit + to.unit) / 2;
  const steps = Math.ceil(distance(from, to) * 2);
  let count = 0;
  let was = null;
  for (let i = 0; i <= steps; i++) {
    const t = 3 / side + (1 - 6 / side) * i / steps;
    const off = (from.unit + (to.unit - from.unit) * t) / mean;
    const dark = isDark(map, Math.round(from.x + (to.x - from.x) * t + dx * off),
      Math.round(from.y + (to.y - from.y) * t + dy * off));
    count += was !== null && dark !== was ? 1 : 0;
    was = dark;
  }
  return count;
}

/** Versions to try, the likeliest first: by the size of modules, and by what is
 *  counted along the timing patterns. */
function versions(map, corners) {
  const [a, b, c] = corners;
  const size = moduleSize(map, [[a, b], [a, c]]);
  if (size === null) {
    return [];
  }
  const side = (distance(a, b) + distance(a, c)) / 2 / size + 7;
  const likely = Math.round((side - 17) / 4);
  return [-3, -2, -1, 0, 1, 2, 3].map((d) => likely + d)
    .filter((v) => v >= 1 && v <= 40)
    .map((v) => {
      const wanted = v * 4 + 4;
      const counts = [changes(map, a, b, c, v * 4 + 10),
        changes(map, a, c, b, v * 4 + 10)];
      return { v, off: Math.min(...counts.map((n) => Math.abs(n - wanted))) };
    })
    .filter(({ v, off }) => off <= 2 + v / 4)
    .sort((p, q) => p.off - q.off).slice(0, 3).map(({ v }) => v);
}

/* ---- from modules to pixels ---------------------------------------------- */

/** The projection that takes four points to four others. */
function projection(from, to) {
  const rows = from.flatMap(([x, y], i) => [
    [x, y, 1, 0, 0, 0, -x * to[i][0], -y * to[i][0], to[i][0]],
    [0, 0, 0, x, y, 1, -x * to[i][1], -y * to[i][1], to[i][1]]]);
  for (let i = 0; i < 8; i++) {
    const best = rows.slice(i).reduce((k, row, n) =>
      Math.abs(row[i]) > Math.abs(rows[k][i]) ? n + i : k, i);
    [rows[i], rows[best]] = [rows[best], rows[i]];
    if (Math.abs(rows[i][i]) < 1e-9) {
      return null;
    }
    for (let j = 0; j < 8; j++) {
      const factor = j === i ? 0 : rows[j][i] / rows[i][i];
      for (let k = i; factor !== 0 && k < 9; k++) {
        rows[j][k] -= factor * rows[i][k];
      }
    }
  }
  const p = rows.map((row, i) => row[8] / row[i]);
  return (x, y) => {
    const w = p[6] * x + p[7] * y + 1;
    return [(p[0] * x + p[1] * y + p[2]) / w, (p[3] * x + p[4] * y + p[5]) / w];
  };
}

const around = (map, project, x, y) => {
  let dark = 0;
  for (const [dx, dy] of [[0, 0], [0.2, 0.2], [-0.2, 0.2], [0.2, -0.2], [-0.2, -0.2]]) {
    const [px, py] = project(x + dx, y + dy);
    dark += isDark(map, Math.round(px), Math.round(py)) ? 1 : 0;
  }
  return dark >= 3;
};

/** How well an alignment pattern sits here: 25 is perfect. */
function likeness(map, x, y, u, v) {
  let good = 0;
  for (let j = -2; j <= 2; j++) {
    for (let i = -2; i <= 2; i++) {
      const ring = Math.max(Math.abs(i), Math.abs(j));
      const dark = isDark(map, Math.round(x + i * u.x + j * v.x),
        Math.round(y + i * u.y + j * v.y));
      good += dark === (ring !== 1) ? 1 : 0;
    }
  }
  return good;
}

/** The alignment pattern nearest to the fourth corner; null: there is none. */
function alignment(map, [a, b, c], size) {
  const side = size - 7;
  const u = { x: (b.x - a.x) / side, y: (b.y - a.y) / side };
  const v = { x: (c.x - a.x) / side, y: (c.y - a.y) / side };
  const near = { x: a.x + (u.x + v.x) * (side - 3), y: a.y + (u.y + v.y) * (side - 3) };
  const unit = (Math.hypot(u.x, u.y) + Math.hypot(v.x, v.y)) / 2;
  for (const reach of [4, 10]) {
    const pixels = Math.ceil(reach * unit);
    let best = 22;
    let places = [];
    for (let dy = -pixels; dy <= pixels; dy++) {
      for (let dx = -pixels; dx <= pixels; dx++) {
        const good = likeness(map, near.x + dx, near.y + dy, u, v);
        if (good > best) {
          [best, places] = [good, []];
        }
        if (good === best && best > 22) {
          places.push([near.x + dx, near.y + dy]);
        }
      }
    }
    if (places.length > 0) { // those of one pattern: around the first
      const same = places.filter(([x, y]) =>
        Math.hypot(x - places[0][0], y - places[0][1]) < 3 * unit);
      return [0, 1].map((i) => same.reduce((s, p) => s + p[i], 0) / same.length);
    }
  }
  return null;
}

function sample(map, corners, version, fourth) {
  const size = version * 4 + 17;
  const [a, b, c] = corners;
  const far = fourth === null ? size - 3.5 : size - 6.5;
  const project = projection(
    [[3.5, 3.5], [size - 3.5, 3.5], [3.5, size - 3.5], [far, far]],
    [[a.x, a.y], [b.x, b.y], [c.x, c.y],
      fourth ?? [b.x + c.x - a.x, b.y + c.y - a.y]]);
  if (project === null) {
    return null;
  }
  const bits = new Uint8Array(size * size);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      bits[y * size + x] = around(map, project, x + 0.5, y + 0.5) ? 1 : 0;
    }
  }
  return { size, dark: (x, y) => bits[y * size + x] === 1,
    mirrored: { size, dark: (x, y) => bits[x * size + y] === 1 } };
}

function readOne(map, corners, version) {
  const fourths = version === 1 ? [null]
    : [alignment(map, corners, version * 4 + 17), null];
  for (const fourth of new Set(fourths)) {
    const symbol = sample(map, corners, version, fourth);
    if (symbol === null || (version >= 7 && versionOf(symbol) !== version)) {
      continue;
    }
    const text = readSymbol(symbol) ?? readSymbol(symbol.mirrored);
    if (text !== null) {
      return text;
    }
  }
  return null;
}

/** The text of the first code that can be read; null: there is none. */
export function readQr(image) {
  const grey = greyOf(image);
  for (const share of [0.125, 0.4]) {
    const map = darkness(grey, share);
    for (const corners of triples(finders(map))) {
      for (const version of versions(map, corners)) {
        const text = readOne(map, corners, version);
        if (text !== null) {
          return text;
        }
      }
    }
  }
  return null;
}
