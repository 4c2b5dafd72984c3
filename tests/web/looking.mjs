// How tests look at a page: as a camera, as axe, as somebody who clicks a tab.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** By its tab, and until it is there. */
export async function visit(page, view) {
  await page.click(`.tabs a[href="#${view}"]`);
  await page.waitForSelector(`#view-${view}:not([hidden])`);
}

/** What a QR reader sees in a picture, on an empty page that allows it to run. */
export async function scan(page, world, picture) {
  const reader = await page.context().newPage();
  await reader.evaluate(readFileSync(world.qr, 'utf8'));
  const bytes = await reader.evaluate(async (base64) => {
    const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
    const bitmap = await createImageBitmap(blob);
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.drawImage(bitmap, 0, 0);
    const { data } = canvas.getImageData(0, 0, width, height);
    return window.jsQR(data, width, height)?.binaryData ?? [];
  }, picture.toString('base64'));
  await reader.close();
  return Buffer.from(bytes).toString('utf8');
}

/** Axe on what is shown, and nothing wider than the screen. */
export async function inspect(page, world, name) {
  const wide = await page.evaluate(() =>
    document.documentElement.scrollWidth - window.innerWidth);
  if (world.screenshots) {
    await page.screenshot({ fullPage: true, path: join(world.screenshots,
      `${name}-${world.language}-${world.width}-${world.scheme}.png`) });
  }
  assert.ok(wide <= 0, `${wide} pixels too wide`);
  assert.equal(await page.getAttribute('html', 'lang'), world.language);
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.evaluate(readFileSync(world.axe, 'utf8'));
  }
  const { violations } = await page.evaluate(() => window.axe.run());
  assert.deepEqual(violations.map((v) =>
    `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`), []);
}
