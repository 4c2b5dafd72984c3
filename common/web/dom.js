// Making elements.
// SPDX-License-Identifier: EUPL-1.2
import { say } from './i18n.js';

const SVG = 'http://www.w3.org/2000/svg';

export const $ = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      node.addEventListener(name.slice(2), value);
    } else if (value === true || typeof value === 'string' ||
               typeof value === 'number') {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  node.append(...children.filter((c) => c !== null && c !== undefined));
  return node;
}

/** el('p.help', {attribute: value, onclick: f}, ...children) */
export function el(what, attributes = {}, ...children) {
  const [name, ...classes] = what.split('.');
  const node = document.createElement(name);
  node.className = classes.join(' ');
  return fill(node, attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** An element with a translated text. */
export function said(what, key, params = {}, attributes = {}) {
  return say(el(what, attributes), key, params);
}

/** <dt> and <dd> of a list of facts; value is a node or text. */
export function fact(key, value, params = {}) {
  return el('div', {}, said('dt', key, params), el('dd', {}, value));
}

/** Files dropped on a place, which shows that it would take them. */
export function onDrop(place, take) {
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    place.classList.toggle('over', depth > 0);
  };
  place.addEventListener('dragenter', () => mark(1));
  place.addEventListener('dragleave', () => mark(-1));
  place.addEventListener('dragover', (e) => e.preventDefault());
  place.addEventListener('drop', (e) => {
    e.preventDefault();
    depth = 0;
    mark(0);
    take([...e.dataTransfer.files]);
  });
}

export function short(hex) {
  return hex.length > 20 ? `${hex.slice(0, 12)}…${hex.slice(-6)}` : hex;
}
