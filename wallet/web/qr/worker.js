// Looks for a QR code away from the page's thread.
// SPDX-License-Identifier: EUPL-1.2
import { readQr } from './find.js';

onmessage = ({ data }) => postMessage(readQr(data));
