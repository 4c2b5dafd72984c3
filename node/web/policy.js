// C2SP tlog-policy: whom a verifier trusts. Every name is a member of one group
// at most and stands above the group that names it.
// SPDX-License-Identifier: EUPL-1.2
import { malformed, Refusal, utf8 } from './bytes.js';
import { ED25519, parseKey, verifyNote } from './note.js';

const BYTES_MAX = 64 * 1024;
const LIST_MAX = 32;
const LOG_ONLY_TYPES = [ED25519, 2, 5];

function addNew(policy, name) {
  if (name === 'none' || policy.members.has(name)) {
    throw malformed(`the name "${name}" is reserved or used twice`);
  }
}

function threshold(word, n) {
  const k = word === 'all' ? n : word === 'any' ? 1 : Number(word);
  if (!/^(all|any|[1-9][0-9]*)$/.test(word) || k > n) {
    throw malformed(`the threshold is "all", "any" or 1 to ${n}`);
  }
  return k;
}

function ownKey(list, key) {
  if (list.some((other) => other.key.join() === key.key.join())) {
    throw malformed('a public key stands there twice');
  }
  if (list.length === LIST_MAX) {
    throw new Refusal('too-large', 'more than 32 of a kind');
  }
  return key;
}

const lines = {
  log(policy, f) {
    if (f.length < 1 || f.length > 2) {
      throw malformed('log <vkey> [<url>]');
    }
    policy.logs.push(ownKey(policy.logs, parseKey(f[0])));
  },
  witness(policy, f) {
    if (f.length < 2 || f.length > 3) {
      throw malformed('witness <name> <vkey> [<url>]');
    }
    addNew(policy, f[0]);
    const key = ownKey(policy.witnesses, parseKey(f[1]));
    if (LOG_ONLY_TYPES.includes(key.type)) {
      throw malformed('a key of this type does not cosign');
    }
    policy.witnesses.push(key);
    policy.members.set(f[0], { witness: key, grouped: false });
  },
  group(policy, f) {
    if (f.length < 3) {
      throw malformed('group <name> all|any|<k> <name>...');
    }
    addNew(policy, f[0]);
    const members = f.slice(2).map((name) => {
      const member = policy.members.get(name);
      if (!member || member.grouped) {
        throw malformed(`"${name}" is not above, or in two groups`);
      }
      member.grouped = true;
      return name;
    });
    policy.members.set(f[0],
      { members, k: threshold(f[1], members.length), grouped: false });
  },
  quorum(policy, f) {
    if (f.length !== 1 || policy.quorum !== undefined) {
      throw malformed('one line: quorum <name>');
    }
    if (f[0] !== 'none' && !policy.members.has(f[0])) {
      throw malformed('the quorum is not defined above');
    }
    policy.quorum = f[0];
  },
};

/** {logs, witnesses, members, quorum}; errors name the line. */
export function parsePolicy(text) {
  const policy = { logs: [], witnesses: [], members: new Map() };
  if (utf8(text).length > BYTES_MAX) {
    throw new Refusal('too-large', 'policy: more than 64 KiB');
  }
  text.split(/\r?\n/).forEach((line, i) => {
    const fields = line.split(/[ \t]+/).filter((f) => f !== '');
    if (fields.length === 0 || fields[0].startsWith('#')) {
      return;
    }
    const [word, ...rest] = fields;
    try {
      if (!Object.hasOwn(lines, word)) {
        throw malformed('it begins with log, witness, group, quorum or #');
      }
      lines[word](policy, rest);
    } catch (error) {
      throw new Refusal(error.code, `policy, line ${i + 1}: ${error.message}`);
    }
  });
  if (policy.quorum === undefined) {
    throw malformed('policy: no quorum line; without witnesses: quorum none');
  }
  return policy;
}

/** Signed by a log of the policy under this origin? Throws a Refusal. */
export async function checkLog(policy, origin, note) {
  const keys = policy.logs.filter((key) => key.name === origin);
  if (keys.length === 0) {
    throw new Refusal('unknown-log', origin);
  }
  let signer = null;
  for (const key of keys) {
    signer = (await verifyNote(note, key)) ? signer ?? key : signer;
  }
  if (signer === null) {
    throw new Refusal('no-trusted-signature', origin);
  }
  return signer;
}

/** {votes: Map of key text to time, ok}: groups stand after their members, so
 *  that one pass is enough. */
export async function countVotes(policy, note) {
  const votes = new Map();
  const satisfied = new Set(['none']);
  for (const key of policy.witnesses) {
    const vote = await verifyNote(note, key);
    if (vote) {
      votes.set(key.text, vote.timeS);
    }
  }
  for (const [name, m] of policy.members) {
    const have = m.witness ? Number(votes.has(m.witness.text))
      : m.members.filter((x) => satisfied.has(x)).length;
    if (have >= (m.witness ? 1 : m.k)) {
      satisfied.add(name);
    }
  }
  return { votes, ok: satisfied.has(policy.quorum) };
}
