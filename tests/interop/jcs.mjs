// Documents and their canonical form by JavaScript's own rules, which RFC 8785
// takes over: JSON.stringify for numbers and strings, sort() for UTF-16.
//
//   node jcs.mjs numbers|trees COUNT SEED
//
// SPDX-License-Identifier: EUPL-1.2
const [kind, countText, seedText] = process.argv.slice(2);
const count = Number(countText);
const mask = (1n << 64n) - 1n;
let state = BigInt(seedText);
let lines = [];

function next() {
  state = (state + 0x9e3779b97f4a7c15n) & mask;
  let z = state;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
  return z ^ (z >> 31n);
}

const below = (n) => Number(next() % BigInt(n));

function put(document, canonical) {
  lines.push(`${document}\t${canonical}\n`);
  if (lines.length === 5000) {
    process.stdout.write(lines.join(""));
    lines = [];
  }
}

// ---- numbers -----------------------------------------------------------------
const view = new DataView(new ArrayBuffer(8));

function fromBits(bits) {
  view.setBigUint64(0, bits & mask);
  return view.getFloat64(0);
}

function putNumber(v) {
  if (Number.isFinite(v)) {
    // 17 digits name every double; 25 must not be read as another.
    put(v.toPrecision(below(2) === 0 ? 17 : 25), JSON.stringify(v));
  }
}

function numbers() {
  const edges = [0n, 1n, 2n, 3n, (1n << 52n) - 1n, (1n << 52n) - 2n, 1n << 51n];
  for (let exponent = 0n; exponent < 2047n; exponent++) {
    for (const fraction of edges) {
      putNumber(fromBits((exponent << 52n) | fraction));
      putNumber(fromBits((1n << 63n) | (exponent << 52n) | fraction));
    }
  }
  for (let bit = 0n; bit < 52n; bit++) {
    for (const near of [-1n, 0n, 1n]) {
      putNumber(fromBits((1n << bit) + near));
    }
  }
  for (let power = -330; power <= 308; power++) {
    putNumber(Number(`1e${power}`));
    putNumber(Number(`9.5e${power}`));
  }
  const kinds = [
    () => fromBits(next()),
    () => fromBits(next() >> BigInt(12 + below(50))), // denormals
    () => Number(next() >> BigInt(below(64))), // whole
    () => Number(next() % 10000000000n) / 10 ** below(12), // amounts
    () => Number(next()) * 2 ** (below(200) - 100),
  ];
  for (let i = 0; i < count; i++) {
    putNumber(kinds[i % kinds.length]());
  }
}

// ---- trees -------------------------------------------------------------------
const characters = [
  "a", "b", "_", "1", " ", '"', "\\", "/", "\b", "\f", "\n", "\r", "\t",
  "\u0000", "\u001f", "\u007f", "\u0080", "\u00f6", "\u20ac", "\ud7ff",
  "\ue000", "\ufb33", "\uffff", "\u{10000}", "\u{1f600}", "\u{10ffff}",
];

const text = (n) =>
  Array.from({ length: below(n) }, () => characters[below(characters.length)])
    .join("");

function value(depth) {
  const kind = below(depth === 0 ? 5 : 8);
  if (kind === 0) return null;
  if (kind === 1) return below(2) === 0;
  if (kind === 2) return Number(next() % 1000000n) / 10 ** below(7);
  if (kind === 3) return Number(next() >> BigInt(below(64)));
  if (kind === 4) return text(12);
  const n = below(below(10) === 0 ? 60 : 7);
  if (kind === 5) return Array.from({ length: n }, () => value(depth - 1));
  const members = {};
  for (let i = 0; i < n; i++) {
    members[`${text(4)}${below(3) === 0 ? i : ""}`] = value(depth - 1);
  }
  return members;
}

function canonical(v) {
  if (Array.isArray(v)) return `[${v.map(canonical).join(",")}]`;
  if (v === null || typeof v !== "object") return JSON.stringify(v);
  const member = (name) => `${JSON.stringify(name)}:${canonical(v[name])}`;
  return `{${Object.keys(v).sort().map(member).join(",")}}`;
}

// The same document in other clothes: escapes where none are needed.
function escaped(document) {
  return document.replace(/[\u007f-\uffff]/g, (c) =>
    `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function trees() {
  for (let i = 0; i < count; i++) {
    const v = value(5);
    const document = JSON.stringify(v);
    put(i % 2 === 0 ? document : escaped(document), canonical(v));
  }
}

if (kind === "numbers") {
  numbers();
} else {
  trees();
}
process.stdout.write(lines.join(""));
