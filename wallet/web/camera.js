// QR codes from the camera or a picture, where the browser can read them.
// SPDX-License-Identifier: EUPL-1.2
import { $ } from './dom.js';
import { say } from './i18n.js';

let stream = null;

async function detector() {
  if (!('BarcodeDetector' in window)) {
    return null;
  }
  const formats = await window.BarcodeDetector.getSupportedFormats();
  return formats.includes('qr_code')
    ? new window.BarcodeDetector({ formats: ['qr_code'] }) : null;
}

export function stopCamera() {
  for (const track of stream?.getTracks() ?? []) {
    track.stop();
  }
  stream = null;
  $('camera-video').hidden = true;
  $('camera-stop').hidden = true;
  $('camera-go').hidden = false;
}

async function look(reader, found) {
  const video = $('camera-video');
  while (stream !== null) {
    const codes = video.readyState >= 2 ? await reader.detect(video) : [];
    if (codes.length > 0) {
      stopCamera();
      found(codes[0].rawValue);
      return;
    }
    await new Promise((done) => setTimeout(done, 150));
  }
}

async function begin(reader, found) {
  try {
    stream = await navigator.mediaDevices.getUserMedia(
      { video: { facingMode: 'environment' } });
  } catch {
    say($('camera-status'), 'scan.no-camera');
    return;
  }
  $('camera-video').srcObject = stream;
  $('camera-video').hidden = false;
  $('camera-stop').hidden = false;
  $('camera-go').hidden = true;
  await $('camera-video').play();
  look(reader, found);
}

async function picture(reader, file, found) {
  try {
    const codes = await reader.detect(await createImageBitmap(file));
    if (codes.length > 0) {
      found(codes[0].rawValue);
      return;
    }
  } catch {
    // no picture: told below
  }
  say($('camera-status'), 'scan.no-code');
}

/** Shows itself only where it works. */
export async function startCamera(found) {
  const reader = await detector();
  if (reader === null) {
    return;
  }
  $('camera').hidden = false;
  $('camera-go').hidden = !navigator.mediaDevices?.getUserMedia;
  $('camera-go').addEventListener('click', () => begin(reader, found));
  $('camera-stop').addEventListener('click', stopCamera);
  $('camera-file').addEventListener('change', (e) => {
    if (e.target.files.length > 0) {
      picture(reader, e.target.files[0], found);
      e.target.value = '';
    }
  });
}
