// The page in a real browser, on a real node, with real clicks. run-web starts
// this, and says with WEB_... where the browser and the packages are.
// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asking from './asking.mjs';
import { TestBody } from './body.mjs';
import * as citizen from './citizen.mjs';
import * as desk from './desk.mjs';
import * as deskMore from './desk_more.mjs';
import * as deskMany from './desk_many.mjs';
import * as granting from './granting.mjs';
import { TestNode } from './node.mjs';
import * as passkey from './passkey.mjs';
import * as notary from './stories.mjs';
import { Tap } from './tap.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const tap = new Tap();
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
  '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const WIDTHS = [375, 1280];
const ONLY = new RegExp(process.env.BROLETTO_STORIES ?? '');
const PATIENCE_MS = 30000;

async function units() {
  for (const name of readdirSync(join(here, 'unit'))) {
    if (!name.endsWith('.test.mjs')) {
      continue;
    }
    await tap.case(`unit ${name.replace('.test.mjs', '')}`, () => {
      const r = spawnSync(process.execPath,
        ['--test', join(here, 'unit', name)], { encoding: 'utf8' });
      if (r.status !== 0) {
        throw new Error(r.stdout + r.stderr);
      }
    });
  }
}

/** A context of its own for a story: nothing is remembered from another. */
async function open(browser, world, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB',
    viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.troubles = [];
  page.on('filechooser', () => {}); // from now on the tests answer choosers
  page.on('pageerror', (e) => page.troubles.push(String(e)));
  page.on('console', (m) => {
    if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) {
      page.troubles.push(m.text());
    }
  });
  page.on('request', (r) => {
    const from = r.isNavigationRequest() ? r.url() : r.frame().url();
    const goes = world.beyond && from.startsWith(world.beyond) &&
      r.url().startsWith(new URL(from).origin); // goes there, and comes back
    if (!/^(blob|data):/.test(r.url()) && !r.url().startsWith(world.url) &&
        !goes) {
      page.troubles.push(`asked elsewhere: ${r.url()}`);
    }
  });
  await page.goto(world.url);
  await page.waitForSelector('body[data-ready]');
  return page;
}

async function tell(browser, world, name, story, options) {
  if (!ONLY.test(name)) {
    return;
  }
  await tap.case(name, async () => {
    const page = await open(browser, world, options);
    try {
      await story(page, world);
      if (page.troubles.length > 0) {
        throw new Error(`the page said: ${page.troubles.join('; ')}`);
      }
    } finally {
      await page.context().close();
    }
  });
}

function show(browser, world, name, look, language, width, scheme) {
  return tell(browser, world,
    `no accessibility violations: ${name}, ${language}, ${width} wide, ${scheme}`,
    (page) => look(page, { ...world, language, width, scheme }),
    { viewport: { width, height: 900 }, reducedMotion: 'reduce',
      locale: language, colorScheme: scheme });
}

/** Each story of a page, then each of its views. */
async function walk(browser, world, { stories, looks }) {
  for (const [name, story] of Object.entries(stories)) {
    await tell(browser, world, name, story);
  }
  for (const [name, look] of Object.entries(looks)) {
    await show(browser, world, name, look, 'it', WIDTHS[0], 'dark');
    for (const language of ['it', 'en']) {
      for (const width of WIDTHS) {
        await show(browser, world, name, look, language, width, 'light');
      }
    }
  }
}

/** Does any story or view of these have a name that is asked for? */
const wanted = (...all) => all.some(({ stories, looks }) =>
  Object.keys(stories).some((name) => ONLY.test(name)) ||
  Object.keys(looks).some((name) => ONLY.test(`no accessibility violations: ${name}`)));

async function walkNotary(browser, tools) {
  if (!wanted(notary)) {
    return;
  }
  const node = new TestNode();
  try {
    await node.start();
    await walk(browser, { ...tools, url: node.url, node, token: node.token() },
      notary);
  } finally {
    await node.stop();
  }
}

async function walkBody(browser, tools) {
  const ledger = new TestNode();
  const body = new TestBody(ledger);
  try {
    await ledger.start();
    await body.start();
    await walk(browser, { ...tools, url: body.url, body }, desk);
    await walk(browser, { ...tools, url: body.url, body }, deskMore);
    await walk(browser, { ...tools, url: body.url, body }, deskMany);
    await walk(browser, { ...tools, url: body.url, body }, granting);
    const url = await body.startWallets();
    await walk(browser, { ...tools, url, body, beyond: `${body.url}/authorize` },
      citizen);
    await walk(browser, { ...tools, url, body }, asking);
    await walk(browser, { ...tools, url, body }, passkey);
  } finally {
    await body.stop();
    await ledger.stop();
  }
}

async function withBrowser(tools, require) {
  const { chromium } = require('playwright-core');
  const launch = (...more) => chromium.launch({ headless: true,
    executablePath: process.env.WEB_CHROMIUM, args: [...FLAGS, ...more] });
  const browser = await launch();
  try {
    await walkNotary(browser, tools);
    await walkBody(browser, { ...tools, launch });
  } finally {
    await browser.close();
  }
}

async function main() {
  await units();
  if (process.env.WEB_CANNOT) {
    tap.skip('the pages in a browser', process.env.WEB_CANNOT);
    return;
  }
  const require = createRequire(join(process.env.WEB_MODULES, 'package.json'));
  const screenshots = process.env.BROLETTO_SCREENSHOTS;
  if (screenshots) {
    mkdirSync(screenshots, { recursive: true });
  }
  await withBrowser({ screenshots, axe: require.resolve('axe-core/axe.min.js'),
    qr: require.resolve('jsqr') }, require);
}

try {
  await main();
} catch (error) {
  await tap.case('the tests themselves', () => {
    throw error;
  });
}
process.exit(tap.finish());
