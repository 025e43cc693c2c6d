import { sha256 } from '@noble/hashes/sha2.js'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { base64, check, rootOf, unbase64, type Proof, type Step } from '../src/proof/verify'

/** Handed out by Landfall for an item of a log of its own; the keys are made for it. */
const proof = JSON.parse(readFileSync(new URL('testdata/proof.json', import.meta.url), 'utf8')) as Proof
const statement = JSON.parse(atob((JSON.parse(atob(proof.envelope)) as { payload: string }).payload).replace(/[\x80-\xff]/g, '?')) as { predicate: { id: string } }
const id = statement.predicate.id
const unhex = (s: string) => Uint8Array.from(s.match(/../g) ?? [], (x) => parseInt(x, 16))
const hex = (b: Uint8Array) => Buffer.from(b).toString('hex')

test('a proof holds', () => {
  const v = check(proof, id)
  expect(v.steps).toEqual(['keys', 'signature', 'statement', 'checkpoint', 'inclusion'].map((step) => ({ step, ok: true })))
  expect(v.ok).toBe(true)
  expect(v.trust).toMatch(/^landfall\.dev\/log\/evidence\+[0-9a-f]{8}\+/)
})

test('paths are those of RFC 6962', () => {
  // The tree and the proofs of certificate-transparency's own tests:
  // https://github.com/google/certificate-transparency/blob/master/cpp/merkletree/merkle_tree_test.cc
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((x) => sha256(Uint8Array.of(0, ...unhex(x))))
  const root8 = '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'
  const path = (...h: string[]) => h.map(unhex)
  const first = path('96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e', '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4')
  expect(hex(rootOf(leaves[0]!, 0, 8, first))).toBe(root8)
  expect(hex(rootOf(leaves[0]!, 0, 1, []))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  expect(() => rootOf(leaves[0]!, 0, 8, first.slice(1))).toThrow('too short')
  expect(() => rootOf(leaves[0]!, 0, 8, [...first, first[0]!])).toThrow('too long')
  expect(() => rootOf(leaves[0]!, 8, 8, first)).toThrow('not below')
})

function broken(change: (p: Proof) => void, ...steps: Step[]) {
  const p = structuredClone(proof)
  change(p)
  const v = check(p, id)
  expect(v.ok).toBe(false)
  expect(v.steps.filter((s) => !s.ok).map((s) => s.step)).toEqual(steps)
}

const flip = (s: string, at: number) => { const b = unbase64(s); b[at]! ^= 1; return base64(b) }
interface KeyStatement { payload: string; signatures: { sig: string }[] }

test('whatever was changed is found where it was changed', () => {
  broken((p) => { const e = JSON.parse(atob(p.envelope)) as { payload: string }; e.payload = flip(e.payload, 300); p.envelope = btoa(JSON.stringify(e)) }, 'signature', 'statement', 'inclusion')
  // The signature holds, but these are not the bytes that were logged.
  broken((p) => { p.envelope = btoa(atob(p.envelope) + ' ') }, 'inclusion')
  broken((p) => { p.path[0] = flip(p.path[0]!, 0) }, 'inclusion')
  broken((p) => { p.leaf += 1 }, 'inclusion')
  broken((p) => { p.checkpoint = p.checkpoint.replace(/\n(\d+)\n/, (_, n: string) => `\n${Number(n) + 1}\n`) }, 'checkpoint', 'inclusion')
  broken((p) => { const k = p.keys[0] as KeyStatement; k.signatures[0]!.sig = flip(k.signatures[0]!.sig, 5) }, 'keys', 'signature', 'statement', 'checkpoint', 'inclusion')
  expect(check(proof, 'ev_another').steps.filter((s) => !s.ok).map((s) => s.step)).toEqual(['statement'])
})
