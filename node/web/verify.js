// The verifier: is this receipt true, of this file, by whom I trust? No
// network, no clock: bytes, a policy and the time come in, a verdict with every
// step comes out. All steps are walked even when one fails: "the receipt is
// genuine, but of another file" is worth saying.
// SPDX-License-Identifier: EUPL-1.2
import { equal, fromBase64, Refusal, toHex } from './bytes.js';
import { parseLeaf } from './leaf.js';
import { leafHash, rootFromInclusion } from './merkle.js';
import { checkLog, countVotes } from './policy.js';
import { isProof, parseProof } from './proof.js';
import { sha256 } from './sha256.js';

const TOLERANCE_S = 300;
export const STEPS = ['format', 'leaf', 'digest', 'inclusion', 'log',
  'signature', 'witnesses', 'time'];

const ok = (reason, params = {}) => ({ outcome: 'ok', reason, params });
const skipped = (reason) => ({ outcome: 'skipped', reason, params: {} });
const failed = (reason, code, detail = '') =>
  ({ outcome: 'failed', reason, code, params: { detail } });

function stepFormat(run) {
  if (!isProof(run.receipt)) {
    return failed('format.kind', 'unsupported');
  }
  try {
    run.proof = parseProof(run.receipt);
    return ok('format.ok');
  } catch (error) {
    return failed('format.damaged', 'proof-invalid', error.message);
  }
}

function stepLeaf(run) {
  if (run.proof.extra === null) {
    return failed('leaf.missing', 'missing-field');
  }
  try {
    run.leaf = parseLeaf(run.proof.extra);
  } catch (error) {
    return failed('leaf.damaged', 'proof-invalid', error.message);
  }
  return run.leaf.kind === 'raw' ? ok('leaf.raw')
    : ok('leaf.ok', { author: run.leaf.author, time: { us: run.leaf.timeUs } });
}

async function stepDigest(run) {
  if (!run.leaf) {
    return skipped('needs-leaf');
  }
  if (!run.digestOf) {
    return skipped('digest.no-file');
  }
  const raw = run.leaf.kind === 'raw';
  const alg = raw ? 'sha-256' : run.leaf.alg;
  const want = toHex(raw ? sha256(run.proof.extra) : run.leaf.digest);
  try {
    return await run.digestOf(alg) === want ? ok('digest.ok', { alg })
      : failed('digest.other', 'digest-mismatch');
  } catch (error) {
    return error.code === 'unsupported'
      ? failed('digest.unsupported', 'unsupported', alg)
      : failed('digest.unreadable', 'io', error.message);
  }
}

function stepInclusion(run) {
  const { proof } = run;
  if (!run.leaf) {
    return skipped('needs-leaf');
  }
  try {
    const root = rootFromInclusion(proof.index, proof.checkpoint.size,
      leafHash(proof.extra), proof.path);
    return equal(root, proof.checkpoint.root)
      ? ok('inclusion.ok', { index: proof.index, size: proof.checkpoint.size })
      : failed('inclusion.other-root', 'proof-invalid');
  } catch (error) {
    return failed('inclusion.bad-path', 'proof-invalid', error.message);
  }
}

async function stepSignature(run) {
  try {
    const { origin, note } = run.proof.checkpoint;
    await checkLog(run.policy, origin, note);
    return ok('signature.ok', { origin });
  } catch (error) {
    return error.code === 'no-webcrypto'
      ? failed('signature.no-webcrypto', 'unsupported', error.message)
      : failed('signature.bad', 'no-trusted-signature');
  }
}

function stepLog(run) {
  const { origin } = run.proof.checkpoint;
  run.known = run.policy.logs.some((key) => key.name === origin);
  return run.known ? ok('log.ok', { origin })
    : failed('log.unknown', 'unknown-log', origin);
}

async function stepWitnesses(run) {
  const params = { count: 0, of: run.policy.witnesses.length };
  try {
    const { votes, ok: enough } = await countVotes(run.policy,
      run.proof.checkpoint.note);
    run.votes = [...votes.values()];
    params.count = votes.size;
    if (!enough) {
      return { ...failed('witnesses.few', 'quorum-missing'), params };
    }
    return run.policy.quorum === 'none' && votes.size === 0
      ? skipped('witnesses.none') : ok('witnesses.ok', params);
  } catch (error) {
    return failed('witnesses.bad', 'no-trusted-signature', error.message);
  }
}

function stepTime(run) {
  const latest = run.nowUs / 1e6 + TOLERANCE_S;
  const leafS = (run.leaf?.timeUs ?? 0) / 1e6;
  const votes = run.votes ?? [];
  if (leafS > latest || votes.some((t) => t > latest)) {
    return failed('time.future', 'future-time');
  }
  if (votes.length > 0 && leafS > Math.min(...votes) + TOLERANCE_S) {
    return failed('time.after-witness', 'future-time');
  }
  return leafS === 0 && votes.length === 0 ? skipped('time.none')
    : ok('time.ok');
}

async function walk(run) {
  const steps = { format: stepFormat(run) };
  if (!run.proof) {
    return steps;
  }
  steps.leaf = stepLeaf(run);
  steps.digest = await stepDigest(run);
  steps.inclusion = stepInclusion(run);
  steps.log = stepLog(run);
  steps.signature = run.known ? await stepSignature(run)
    : skipped('needs-log');
  steps.witnesses = await stepWitnesses(run);
  steps.time = stepTime(run);
  return steps;
}

/** {receipt: bytes, policy, nowUs, digestOf?: async (alg) => hex} in;
 *  {ok, code, steps: [{id, outcome, reason, params}], leaf, index, size,
 *  origin, witnessedS} out. */
export async function verifyReceipt(input) {
  const run = { ...input };
  const found = await walk(run);
  const steps = STEPS.map((id) =>
    ({ id, ...(found[id] ?? skipped('needs-format')) }));
  const first = steps.find((s) => s.outcome === 'failed');
  return {
    ok: first === undefined, code: first?.code ?? null, steps,
    leaf: run.leaf ?? null, entry: run.proof?.extra ?? null,
    index: run.proof?.index ?? null,
    size: run.proof?.checkpoint.size ?? null,
    origin: run.proof?.checkpoint.origin ?? null,
    witnessedS: run.votes?.length > 0 ? Math.min(...run.votes) : null,
  };
}

/** Is this the receipt of the entry that the node shows? */
export function isReceiptOf(result, entry) {
  return result.entry !== null && result.index === BigInt(entry.index) &&
    equal(result.entry, fromBase64(entry.leaf));
}

/** Is the checkpoint signed by a log that the policy trusts? */
export async function verifyCheckpoint(policy, checkpoint) {
  if (!policy) {
    throw new Refusal('unknown-log', 'no policy');
  }
  return checkLog(policy, checkpoint.origin, checkpoint.note);
}
