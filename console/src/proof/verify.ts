/**
 * Checks an item of evidence here, without trusting the server that handed it
 * out: DSSE signature, key history, inclusion in the log (RFC 6962) and the
 * signed checkpoint (C2SP tlog-checkpoint). It works on the stored bytes and
 * never serialises anything again. The libraries do without WebCrypto, which
 * is there in secure contexts only.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'

export interface Proof { envelope: string; leaf: number; checkpoint: string; path: string[]; keys: unknown[] }
export type Step = 'keys' | 'signature' | 'statement' | 'inclusion' | 'checkpoint'
export interface Checked { step: Step; ok: boolean; why?: string }
export interface Verification { ok: boolean; steps: Checked[]; key?: string; trust?: string; size?: number; root?: string }

interface Envelope { payloadType: string; payload: string; signatures: { keyid: string; sig: string }[] }
interface Key { id: string; algorithm: string; public: string; previous?: string }

const utf8 = new TextEncoder()
export const unbase64 = (s: string) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0))
export const base64 = (b: Uint8Array) => btoa(String.fromCharCode(...b))
const hex = (b: Uint8Array) => Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && a.every((x, i) => x === b[i])

function join(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const p of parts) { out.set(p, at); at += p.length }
  return out
}

/** What a DSSE signature covers: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
export function pae(type: string, body: Uint8Array): Uint8Array {
  const t = utf8.encode(type)
  return join(utf8.encode(`DSSEv1 ${t.length} `), t, utf8.encode(` ${body.length} `), body)
}

function signed(e: Envelope, key: Key): boolean {
  const s = e.signatures.find((x) => x.keyid === key.id)
  return !!s && verify(unbase64(s.sig), pae(e.payloadType, unbase64(e.payload)), unbase64(key.public))
}

function verify(sig: Uint8Array, msg: Uint8Array, pub: Uint8Array): boolean {
  try { return ed25519.verify(sig, msg, pub, { zip215: false }) } catch { return false }
}

/** The key history. Every key but a root is signed by the one before it, and each by itself. */
export function ring(statements: unknown[]): Key[] {
  const keys: Key[] = []
  for (const raw of statements) {
    const e = raw as Envelope
    const k = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(unbase64(e.payload))) as Key
    if (e.payloadType !== 'application/vnd.landfall.key+json' || k.algorithm !== 'ed25519') throw new Error(`key ${k.id}: not a key of a known kind`)
    if (k.id !== 'ed25519:' + hex(sha256(unbase64(k.public)).slice(0, 16))) throw new Error(`key ${k.id}: does not fit its id`)
    if (!signed(e, k)) throw new Error(`key ${k.id}: not signed by itself`)
    if (k.previous) {
      const before = keys.find((x) => x.id === k.previous)
      if (!before || !signed(e, before)) throw new Error(`key ${k.id}: not signed by the key that it replaces`)
    }
    keys.push(k)
  }
  if (!keys.length) throw new Error('no keys')
  return keys
}

/** The root that a leaf and its path lead to (RFC 9162, 2.1.3.2, whose hashes are those of RFC 6962). */
export function rootOf(leafHash: Uint8Array, leaf: number, size: number, path: Uint8Array[]): Uint8Array {
  if (leaf < 0 || leaf >= size) throw new Error(`leaf ${leaf} is not below ${size}`)
  let [fn, sn] = [BigInt(leaf), BigInt(size - 1)]
  let r = leafHash
  const node = (a: Uint8Array, b: Uint8Array) => sha256(join(Uint8Array.of(1), a, b))
  for (const p of path) {
    if (sn === 0n) throw new Error('the path is too long')
    if (fn & 1n || fn === sn) {
      r = node(p, r)
      while (!(fn & 1n) && fn !== 0n) { fn >>= 1n; sn >>= 1n }
    } else r = node(r, p)
    fn >>= 1n
    sn >>= 1n
  }
  if (sn !== 0n) throw new Error('the path is too short')
  return r
}

interface Point { origin: string; size: number; root: Uint8Array; key: Key }

/** Opens a signed note (https://c2sp.org/signed-note) and reads the checkpoint in it. */
export function checkpoint(note: string, keys: Key[]): Point {
  const cut = note.lastIndexOf('\n\n')
  const text = note.slice(0, cut + 1)
  const [origin, size, root] = text.split('\n')
  if (cut < 0 || !origin || !/^(0|[1-9]\d*)$/.test(size ?? '') || !root) throw new Error('not a checkpoint')
  for (const line of note.slice(cut + 2).split('\n')) {
    const m = /^— (\S+) (\S+)$/.exec(line)
    if (!m || m[1] !== origin) continue
    const sig = unbase64(m[2]!)
    const key = keys.find((k) => same(sig.slice(0, 4), noteHash(origin, unbase64(k.public))))
    if (key && verify(sig.slice(4), utf8.encode(text), unbase64(key.public))) return { origin, size: Number(size), root: unbase64(root), key }
  }
  throw new Error('no signature of a known key')
}

function noteHash(name: string, pub: Uint8Array): Uint8Array {
  return sha256(join(utf8.encode(name + '\n'), Uint8Array.of(1), pub)).slice(0, 4)
}

/** A key as `landfall evidence key` prints it, to compare with one that was kept apart. */
export const trustOf = (origin: string, k: Key) => {
  const pub = unbase64(k.public)
  return `${origin}+${hex(noteHash(origin, pub))}+${base64(join(Uint8Array.of(1), pub))}`
}

/** Checks an item and says of every step whether it holds. id is what the item is called. */
export function check(p: Proof, id: string): Verification {
  const steps: Checked[] = []
  const out: Verification = { ok: false, steps }
  const step = <T>(name: Step, f: () => T): T | undefined => {
    try { const v = f(); steps.push({ step: name, ok: true }); return v } catch (err) {
      steps.push({ step: name, ok: false, why: err instanceof Error ? err.message : String(err) })
      return undefined
    }
  }
  const bytes = unbase64(p.envelope)
  const keys = step('keys', () => ring(p.keys)) ?? []
  const e = step('signature', () => {
    const e = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Envelope
    const key = keys.find((k) => signed(e, k))
    if (!key) throw new Error('no signature of a known key')
    out.key = key.id
    return e
  })
  step('statement', () => {
    if (!e || e.payloadType !== 'application/vnd.in-toto+json') throw new Error('the envelope holds no statement')
    const st = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(unbase64(e.payload))) as { predicate: { id: string } }
    if (st.predicate.id !== id) throw new Error(`it is a statement about ${st.predicate.id}`)
  })
  const point = step('checkpoint', () => checkpoint(p.checkpoint, keys))
  step('inclusion', () => {
    if (!point) throw new Error('there is no checkpoint to prove it against')
    const root = rootOf(sha256(join(Uint8Array.of(0), bytes)), p.leaf, point.size, p.path.map(unbase64))
    if (!same(root, point.root)) throw new Error('the path leads to another root')
  })
  if (point) Object.assign(out, { size: point.size, root: hex(point.root), trust: trustOf(point.origin, point.key) })
  out.ok = steps.every((s) => s.ok)
  return out
}
