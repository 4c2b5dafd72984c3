// A QR code, from what the server computed: {side, path}.
// SPDX-License-Identifier: EUPL-1.2
import { el, said, svg } from './dom.js';
import { t } from './i18n.js';

/** Black on white in any colour scheme, for cameras. */
export function qrPicture(qr, key) {
  const side = String(qr.side);
  return svg('svg', { class: 'qr', role: 'img', 'data-i18n-label': key,
    'aria-label': t(key), viewBox: `0 0 ${side} ${side}`,
    'shape-rendering': 'crispEdges' },
  svg('rect', { width: side, height: side, fill: '#fff' }),
  svg('path', { d: qr.path, fill: '#000' }));
}

const MODULE_PIXELS = 8;

/** A button that saves it as a PNG, for a letter or a poster. */
export function qrSave(qr, name) {
  return said('button.quiet', 'qr.save', {}, { type: 'button', onclick: () => {
    const canvas = document.createElement('canvas');
    canvas.width = qr.side * MODULE_PIXELS;
    canvas.height = canvas.width;
    const context = canvas.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.scale(MODULE_PIXELS, MODULE_PIXELS);
    context.fillStyle = '#000';
    context.fill(new Path2D(qr.path));
    canvas.toBlob((blob) => {
      const url = URL.createObjectURL(blob);
      el('a', { href: url, download: `${name}.png` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    }, 'image/png');
  } });
}
