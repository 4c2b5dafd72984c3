// Texts in the reader's language. A node's text is remembered as a key and its
// parameters, so that changing the language changes what is on the page.
// SPDX-License-Identifier: EUPL-1.2
import en from './words/en.js';
import it from './words/it.js';

const texts = { en: { ...en }, it: { ...it } };
const params = new WeakMap();
let language = 'en';

/** A page's own texts; they come before the shared ones. */
export function addTexts(own) {
  for (const name of Object.keys(texts)) {
    Object.assign(texts[name], own[name]);
  }
}

export function currentLanguage() {
  return language;
}

function formatTime(us) {
  return new Intl.DateTimeFormat(language === 'it' ? 'it-IT' : 'en-GB', {
    dateStyle: 'long', timeStyle: 'long',
  }).format(new Date(us / 1000));
}

/** Short enough for the foot of a chart. */
function formatWhen(us) {
  return new Intl.DateTimeFormat(language === 'it' ? 'it-IT' : 'en-GB', {
    dateStyle: 'short', timeStyle: 'short',
  }).format(new Date(us / 1000));
}

function formatBytes(n) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  return new Intl.NumberFormat(language, {
    style: 'unit', unit: units[unit], unitDisplay: unit === 0 ? 'long' : 'short',
    maximumFractionDigits: n < 10 && unit > 0 ? 1 : 0,
  }).format(n);
}

/** A parameter: text as it is, a number, {us}, {when}, {bytes} or {key}. */
function format(value) {
  if (typeof value === 'number' || typeof value === 'bigint') {
    return new Intl.NumberFormat(language).format(value);
  }
  if (value?.us !== undefined) {
    return formatTime(value.us);
  }
  if (value?.when !== undefined) {
    return formatWhen(value.when);
  }
  if (value?.bytes !== undefined) {
    return formatBytes(value.bytes);
  }
  return value?.key !== undefined ? t(value.key) : String(value ?? '');
}

export function has(key) {
  return key in texts[language];
}

export function t(key, values = {}) {
  const text = texts[language][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name) =>
    name in values ? format(values[name]) : all);
}

/** Give a node a text by its key. */
export function say(node, key, values = {}) {
  node.dataset.i18n = key;
  params.set(node, values);
  node.textContent = t(key, values);
  return node;
}

/** Give it words that are nobody's translation. */
export function sayPlain(node, text) {
  delete node.dataset.i18n;
  node.textContent = text;
  return node;
}

export function translate(root) {
  for (const node of root.querySelectorAll('[data-i18n]')) {
    node.textContent = t(node.dataset.i18n, params.get(node));
  }
  for (const node of root.querySelectorAll('[data-i18n-label]')) {
    node.setAttribute('aria-label', t(node.dataset.i18nLabel));
  }
}

export function setLanguage(wanted) {
  language = wanted in texts ? wanted : 'en';
  document.documentElement.lang = language;
  translate(document);
}

export function preferredLanguage() {
  const kept = localStorage.getItem('broletto-language');
  const asked = [kept, ...navigator.languages].map((l) => l?.slice(0, 2));
  return asked.find((l) => l in texts) ?? 'en';
}

export function keepLanguage(wanted) {
  localStorage.setItem('broletto-language', wanted);
}
