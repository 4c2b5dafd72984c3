// The page's own files without a network: then it opens, and says that the
// wallet cannot be reached. What a person has comes from the wallet alone: the
// interface under /api is never touched here, and nothing of it is kept.
// SPDX-License-Identifier: EUPL-1.2
/* global clients */
const CACHE = 'broletto-shell-1';
const FILES_MAX = 200;
const PATHS = [
  /(?:href|src)="(\/web\/[^"]+)"/g, // the page, the manifest's icons
  /"src": "(\/web\/[^"]+)"/g,
  /url\("(\/web\/[^"]+)"\)/g, // fonts
  /from '(\.\.?\/[^']+)'/g, // modules
  /Worker\('(\/web\/[^']+)'/g,
];
const TEXT = /\.(?:js|css|webmanifest)$|\/$/;

const isShell = (url) => url.origin === location.origin && url.search === '' &&
  (url.pathname === '/' || url.pathname.startsWith('/web/'));

/** A file, and the files that it names. */
async function keep(cache, path) {
  const response = await fetch(path, { cache: 'no-cache' });
  if (!response.ok) {
    throw new Error(`${path}: ${response.status}`);
  }
  await cache.put(path, response.clone());
  if (!TEXT.test(path)) {
    return [];
  }
  const text = await response.text();
  return PATHS.flatMap((pattern) => [...text.matchAll(pattern)])
    .map((found) => new URL(found[1], new URL(path, location.href)).pathname)
    .filter((p) => p.startsWith('/web/'));
}

async function keepAll() {
  const cache = await caches.open(CACHE);
  const seen = new Set(['/']);
  for (const path of seen) { // it grows while we walk
    for (const next of await keep(cache, path)) {
      if (seen.size < FILES_MAX) {
        seen.add(next);
      }
    }
  }
}

self.addEventListener('install', (e) => e.waitUntil(keepAll()));

self.addEventListener('activate', (e) => e.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name !== CACHE) {
      await caches.delete(name);
    }
  }
  await clients.claim();
})()));

/** The server's, so that nobody sees yesterday's page; else what was kept. */
async function answer(request) {
  try {
    const response = await fetch(request);
    if (response.ok && response.status === 200) {
      const cache = await caches.open(CACHE);
      await cache.put(new URL(request.url).pathname, response.clone());
    }
    return response;
  } catch (problem) {
    const kept = await caches.match(new URL(request.url).pathname);
    if (kept === undefined) {
      throw problem;
    }
    return kept;
  }
}

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url);
  if (e.request.method === 'GET' && isShell(url)) {
    e.respondWith(answer(e.request));
  }
});
