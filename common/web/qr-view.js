// A QR code, from what the server computed: {side, path}.
// SPDX-License-Identifier: EUPL-1.2
import { svg } from './dom.js';
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
