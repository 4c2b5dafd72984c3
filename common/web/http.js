// Asking our own server. What it refuses becomes a Problem (RFC 9457).
// SPDX-License-Identifier: EUPL-1.2

export class Problem extends Error {
  constructor(slug, status, doc) {
    super(doc?.detail ?? slug);
    this.slug = slug;
    this.status = status;
    this.title = doc?.title ?? '';
    this.detail = doc?.detail ?? '';
    this.remedy = doc?.remedy ?? '';
  }
}

async function problemOf(response) {
  let doc = null;
  try {
    doc = await response.json();
  } catch {
    // a proxy's page: the status has to do
  }
  const slug = String(doc?.type ?? '').split('/').pop() || 'http';
  return new Problem(slug, response.status, doc);
}

export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { cache: 'no-store', ...options });
  } catch {
    throw new Problem('offline', 0, null);
  }
  if (!response.ok) {
    throw await problemOf(response);
  }
  return response;
}
