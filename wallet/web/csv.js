// Tables as text (RFC 4180), for programs that calculate.
// SPDX-License-Identifier: EUPL-1.2

/** A text that such a program would take for a formula gets an apostrophe. */
function cell(value) {
  const text = String(value ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export const toCsv = (rows) =>
  rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
