// Tables as text, and paths in words.
// SPDX-License-Identifier: EUPL-1.2
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCsv } from '../../../wallet/web/csv.js';
import { spell } from '../../../wallet/web/spell.js';

test('cells', () => {
  assert.equal(toCsv([['a', 'b'], ['1,2', 'say "x"'], [undefined, 'two\nlines']]),
    'a,b\r\n"1,2","say ""x"""\r\n,"two\nlines"\r\n');
});

test('what would be a formula is text', () => {
  assert.equal(toCsv([['=1+1', '@x', '-2', '+3', '\t=1']]),
    "'=1+1,'@x,'-2,'+3,'\t=1\r\n");
});

test('paths in words', () => {
  assert.equal(spell(['isee_not_over', '20000']), 'Isee not over 20000');
  assert.equal(spell(['children', 0, null]), 'Children 0 *');
});
