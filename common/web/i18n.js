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

/** What a type's configuration calls a thing: [{locale, name, ...}]. */
export function local(display, field = 'name') {
  const of = (wanted) => display?.find((d) =>
    d.locale?.slice(0, 2) === wanted && field in d);
  return (of(language) ?? of('en') ?? display?.find((d) => field in d))
    ?.[field] ?? '';
}

/** A day, from its text "2026-11-26". */
function formatDay(day) {
  const at = new Date(`${day}T12:00:00Z`);
  return Number.isNaN(at.getTime()) ? String(day)
    : new Intl.DateTimeFormat(language === 'it' ? 'it-IT' : 'en-GB',
      { dateStyle: 'long', timeZone: 'UTC' }).format(at);
}

/** A parameter: text as it is, a number, {us}, {when}, {day}, {amount}, {bytes}, {key}
 *  with {params}, or {local}: a display, {field} of it, {or} when it is empty. */
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
  if (value?.amount !== undefined) {
    return new Intl.NumberFormat(language, { minimumFractionDigits: 2 })
      .format(value.amount);
  }
  if (value?.day !== undefined) {
    return formatDay(value.day);
  }
  if (value?.local !== undefined) {
    return local(value.local, value.field) || (value.or ?? '');
  }
  return value?.key !== undefined ? t(value.key, value.params)
    : String(value ?? '');
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
