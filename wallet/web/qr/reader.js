// What reads QR codes here: the browser where it can, else our own reader, in a
// worker. A picture never leaves the device.
// SPDX-License-Identifier: EUPL-1.2

async function ofBrowser() {
  if (!('BarcodeDetector' in window)) {
    return null;
  }
  try {
    const formats = await window.BarcodeDetector.getSupportedFormats();
    if (!formats.includes('qr_code')) {
      return null;
    }
    const detector = new window.BarcodeDetector({ formats: ['qr_code'] });
    return async (source) => (await detector.detect(source))[0]?.rawValue ?? null;
  } catch {
    return null; // there, and not working
  }
}

/** A source's pixels, no side longer than `most`. */
function pixels(source, most) {
  const width = source.videoWidth ?? source.width;
  const height = source.videoHeight ?? source.height;
  const scale = Math.min(1, most / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** One picture at a time. */
function ofOurs() {
  const worker = new Worker('/web/qr/worker.js', { type: 'module' });
  const ask = (image) => new Promise((done, failed) => {
    worker.onmessage = (e) => done(e.data);
    worker.onerror = failed;
    worker.postMessage({ width: image.width, height: image.height,
      data: image.data }, [image.data.buffer]);
  });
  return async (source, patient) => {
    for (const most of patient ? [800, 1600, 400] : [800]) {
      const text = await ask(pixels(source, most));
      if (text !== null) {
        return text;
      }
    }
    return null;
  };
}

let reader = null;

/** The text of a code in a video's frame or an image, or null; patient: an
 *  image that does not come again. */
export async function readFrom(source, patient = false) {
  reader ??= await ofBrowser() ?? ofOurs();
  return reader(source, patient);
}
