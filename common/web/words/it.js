// Ciò che ogni pagina dice, in italiano; una pagina può dirlo altrimenti. en.js
// ha le stesse chiavi.
// SPDX-License-Identifier: EUPL-1.2
export default {
  'skip': 'Vai al contenuto',
  'language': 'Lingua',
  'nav': 'Sezioni',
  'footer': 'Broletto è software libero, con licenza EUPL 1.2. Questa pagina non carica nulla da altri siti.',
  'problem.offline': 'Il server non è raggiungibile.',
  'problem.offline.remedy': 'Controlla la connessione, poi riprova.',
  'problem.http': 'La risposta è un errore che questa pagina non conosce: {status}.',
  'problem.rate-exceeded': 'Troppi tentativi.',
  'problem.rate-exceeded.remedy': 'Attendi un minuto, poi riprova.',
  'problem.busy': 'Il server ha troppo da fare.',
  'problem.busy.remedy': 'Riprova tra poco.',
  'problem.stopping': 'Il server si sta fermando.',
  'problem.stopping.remedy': 'Riprova quando sarà ripartito.',
  'qr.save': 'Salva il codice come immagine (PNG)',
  'value.text': '{text}',
  'value.when': '{when}',
};
