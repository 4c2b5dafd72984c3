// What every page says, in English; a page may say it otherwise. it.js has the
// same keys.
// SPDX-License-Identifier: EUPL-1.2
export default {
  'skip': 'Skip to the content',
  'language': 'Language',
  'nav': 'Sections',
  'footer': 'Broletto is free software under the EUPL 1.2. This page loads nothing from elsewhere.',
  'problem.offline': 'The server cannot be reached.',
  'problem.offline.remedy': 'Check the connection, then try again.',
  'problem.http': 'The answer is an error that this page does not know: {status}.',
  'problem.rate-exceeded': 'Too many attempts.',
  'problem.rate-exceeded.remedy': 'Wait a minute, then try again.',
  'problem.busy': 'The server has too much to do.',
  'problem.busy.remedy': 'Try again in a moment.',
  'problem.stopping': 'The server is stopping.',
  'problem.stopping.remedy': 'Try again when it is back.',
  'qr.save': 'Save the code as a picture (PNG)',
  'value.text': '{text}',
  'value.when': '{when}',
};
