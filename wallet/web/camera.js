// QR codes from the camera, from a picture, or from what was pasted.
// SPDX-License-Identifier: EUPL-1.2
import { $ } from './dom.js';
import { say, sayPlain } from './i18n.js';
import { readFrom } from './qr/reader.js';

const PAUSE_MS = 120;
let stream = null;

export function stopCamera() {
  for (const track of stream?.getTracks() ?? []) {
    track.stop();
  }
  stream = null;
  $('camera-video').srcObject = null;
  $('camera-video').hidden = true;
  $('camera-stop').hidden = true;
  $('camera-go').hidden = !navigator.mediaDevices?.getUserMedia;
  sayPlain($('camera-status'), '');
}

async function look(found) {
  const video = $('camera-video');
  const mine = stream;
  while (stream === mine) {
    const text = video.readyState >= 2 ? await readFrom(video) : null;
    if (text !== null && stream === mine) {
      stopCamera();
      found(text);
      return;
    }
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
}

async function begin(found) {
  try {
    stream = await navigator.mediaDevices.getUserMedia(
      { video: { facingMode: 'environment', width: { ideal: 1280 } } });
  } catch {
    say($('camera-status'), 'scan.no-camera');
    return;
  }
  $('camera-video').srcObject = stream;
  $('camera-video').hidden = false;
  $('camera-stop').hidden = false;
  $('camera-go').hidden = true;
  say($('camera-status'), 'scan.hold');
  $('camera-stop').focus();
  $('camera-video').play().catch(() => {}); // stopped before it began
  look(found);
}

async function picture(file, found) {
  say($('camera-status'), 'scan.looking');
  try {
    const text = await readFrom(await createImageBitmap(file), true);
    if (text !== null) {
      sayPlain($('camera-status'), '');
      found(text);
      return;
    }
  } catch {
    // no picture: told below
  }
  say($('camera-status'), 'scan.no-code');
}

/** The first picture among what was pasted or dropped. */
const pictureIn = (files) =>
  [...files].find((f) => f.type.startsWith('image/'));

export function startCamera(found) {
  $('camera-go').hidden = !navigator.mediaDevices?.getUserMedia;
  $('camera-go').addEventListener('click', () => begin(found));
  $('camera-stop').addEventListener('click', () => {
    stopCamera();
    $('camera-go').focus();
  });
  $('camera-file').addEventListener('change', (e) => {
    if (e.target.files.length > 0) {
      picture(e.target.files[0], found);
      e.target.value = '';
    }
  });
  $('view-scan').addEventListener('paste', (e) => {
    const image = pictureIn(e.clipboardData.files);
    if (image !== undefined) {
      e.preventDefault();
      picture(image, found);
    }
  });
}
