// The whole wallet as an encrypted file, and back into a new one.
// SPDX-License-Identifier: EUPL-1.2
import { makeBackup, restoreBackup } from './api.js';
import { $, el, said } from './dom.js';
import { toBytes, toText } from './passkey.js';
import { problemNodes } from './problem-view.js';
import { prove } from './ways-view.js';

const LENGTH_MIN = 8;
const BYTES_MAX = 6 * 1024 * 1024;

/** The backup's passphrase, or null when it is too short. */
function word() {
  const text = $('backup-word').value;
  if (text.length >= LENGTH_MIN) {
    return text;
  }
  $('backup-status').replaceChildren(said('p.reason', 'enter.short'));
  $('backup-word').focus();
  return null;
}

function save() {
  const passphrase = word();
  if (passphrase === null) {
    return;
  }
  prove($('backup-status'), async (proof) => {
    const bytes = toBytes(await makeBackup(passphrase, proof));
    const url = URL.createObjectURL(new Blob([bytes]));
    el('a', { href: url, download: 'broletto-wallet.backup' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    $('backup-word').value = '';
    $('backup-status').replaceChildren(said('p.mark.ok', 'backup.done'));
  });
}

async function restore(file) {
  const passphrase = word();
  if (passphrase === null) {
    return;
  }
  if (file.size > BYTES_MAX) {
    $('backup-status').replaceChildren(said('p.reason', 'backup.too-large'));
    return;
  }
  try {
    await restoreBackup(passphrase, toText(await file.arrayBuffer()));
    $('backup-word').value = '';
    $('backup-status').replaceChildren(said('p.mark.ok', 'backup.restored'));
  } catch (problem) {
    $('backup-status').replaceChildren(...problemNodes(problem));
  }
}

export function startBackup() {
  $('backup').addEventListener('submit', (e) => {
    e.preventDefault();
    save();
  });
  $('backup-file').addEventListener('change', () => {
    const [file] = $('backup-file').files;
    if (file !== undefined) {
      restore(file);
      $('backup-file').value = ''; // the same file may be chosen again
    }
  });
}
