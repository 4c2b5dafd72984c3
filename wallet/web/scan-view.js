// A link or a QR code: an offer of credentials, or a request to show some.
// SPDX-License-Identifier: EUPL-1.2
import { lookAtOffer, lookAtRequest } from './api.js';
import { startCamera, stopCamera } from './camera.js';
import { $, said } from './dom.js';
import { showBack, showOffer } from './offer-view.js';
import { problemNodes } from './problem-view.js';
import { showRequest } from './request-view.js';

/** 'offer', 'request' or null, by what the link carries. */
export function kindOf(link) {
  if (/[?&]credential_offer(_uri)?=/.test(link)) {
    return 'offer';
  }
  return /[?&](request_uri|request|dcql_query)=/.test(link) ? 'request' : null;
}

function only(id) {
  for (const name of ['scan', 'offer', 'request']) {
    $(name).hidden = name !== id;
  }
}

/** Back to the link. */
export function again() {
  $('offer').replaceChildren();
  $('request').replaceChildren();
  $('paste').reset();
  $('paste-status').replaceChildren();
  only('scan');
  $('paste-link').focus();
}

async function take(link) {
  const text = link.trim();
  const kind = kindOf(text);
  stopCamera();
  if (kind === null) {
    $('paste-status').replaceChildren(said('p.reason', 'scan.neither'));
    $('paste-link').focus();
    return;
  }
  $('paste-go').disabled = true;
  $('paste-status').replaceChildren(said('p.wait', 'scan.looking'));
  try {
    if (kind === 'offer') {
      showOffer(await lookAtOffer(text), again);
    } else {
      showRequest(await lookAtRequest(text), again);
    }
    only(kind);
    $(`${kind}-title`).focus();
  } catch (problem) {
    $('paste-status').replaceChildren(...problemNodes(problem));
  } finally {
    $('paste-go').disabled = false;
  }
}

/** The camera sees nothing when nobody looks. */
export const leaveScan = stopCamera;

/** #scan/LINK, escaped: a link that another app handed over. */
export function showScan(rest) {
  if (rest.length > 0) {
    const link = decodeURIComponent(rest.join('/'));
    history.replaceState(null, '', '#scan');
    $('paste-link').value = link;
    take(link);
  }
}

/** Back from an issuer's page: over when it is answered. */
export async function takeBack(url) {
  only('offer');
  await showBack(url, again);
}

export function startScan() {
  $('paste').addEventListener('submit', (e) => {
    e.preventDefault();
    take($('paste-link').value);
  });
  startCamera((link) => {
    $('paste-link').value = link;
    take(link);
  });
}
