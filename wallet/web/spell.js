// A claim's path in words, where nobody has given it a name.
// SPDX-License-Identifier: EUPL-1.2

/** ["isee_not_over", "20000"] as "Isee not over 20000" */
export function spell(path) {
  const text = path.map((step) => (step === null ? '*' : String(step)))
    .join(' ').replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
