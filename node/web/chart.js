// The growth of the log as a line, made of SVG elements, and as a table.
// SPDX-License-Identifier: EUPL-1.2
import { el, said, svg } from './dom.js';
import { say } from './i18n.js';
import { timeNode } from './steps-view.js';

const WIDTH = 400;
const HEIGHT = 160;
const LEFT = 46;
const TOP = 10;
const BOTTOM = 130;
const ROWS_MAX = 12;

/** Steps, for a log grows at once and then waits. */
function pathOf(points, x, y) {
  let d = `M${x(points[0].time_us)} ${y(points[0].size)}`;
  for (const p of points.slice(1)) {
    d += `H${x(p.time_us)}V${y(p.size)}`;
  }
  return d;
}

function scale(low, high, from, to) {
  const span = Math.max(high - low, 1);
  return (v) => Number((from + (v - low) / span * (to - from)).toFixed(1));
}

function label(text, x, y) {
  return svg('text', { x, y, 'text-anchor': 'end' }, text);
}

function timeLabel(us, x, anchor) {
  return say(svg('text', { x, y: HEIGHT - 8, 'text-anchor': anchor }),
    'value.time', { time: { when: us } });
}

function draw(points) {
  const first = points[0];
  const last = points[points.length - 1];
  const x = scale(first.time_us, last.time_us, LEFT, WIDTH - 6);
  const y = scale(0, last.size, BOTTOM, TOP);
  const line = pathOf(points, x, y);
  const title = svg('title', { id: 'growth-words' });
  say(title, 'growth.chart', { from: first.size, to: last.size,
    start: { us: first.time_us }, end: { us: last.time_us } });
  return svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img',
    class: 'chart', 'aria-labelledby': 'growth-words' },
  title,
  svg('path', { class: 'chart-grid',
    d: `M${LEFT} ${TOP}H${WIDTH - 6}M${LEFT} ${BOTTOM}H${WIDTH - 6}` }),
  svg('path', { class: 'chart-area',
    d: `${line}V${BOTTOM}H${x(first.time_us)}Z` }),
  svg('path', { class: 'chart-line', d: line }),
  svg('circle', { class: 'chart-end', cx: x(last.time_us), cy: y(last.size),
    r: 4 }),
  label(String(last.size), LEFT - 8, TOP + 5),
  label('0', LEFT - 8, BOTTOM + 5),
  timeLabel(first.time_us, LEFT, 'start'),
  timeLabel(last.time_us, WIDTH - 6, 'end'));
}

/** Evenly chosen, the last one always. */
function sample(points) {
  const n = Math.min(points.length, ROWS_MAX);
  return Array.from({ length: n }, (_, i) =>
    points[Math.floor((i + 1) * points.length / n) - 1]);
}

function table(points) {
  const row = (p) => el('tr', {},
    el('td', {}, timeNode(p.time_us)), el('td.number', {}, String(p.size)));
  return el('details', {},
    said('summary', 'growth.table'),
    el('table', {},
      el('thead', {}, el('tr', {},
        said('th', 'growth.when', {}, { scope: 'col' }),
        said('th.number', 'growth.size', {}, { scope: 'col' }))),
      el('tbody', {}, ...sample(points).map(row))));
}

export function growthChart(points) {
  if (points.length < 2) {
    return el('div', {}, said('p', 'growth.empty'));
  }
  return el('div', {}, draw(points), table(points));
}
