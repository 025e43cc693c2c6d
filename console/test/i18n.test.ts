import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { en } from '../src/i18n/en'
import { zh } from '../src/i18n/zh'

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((e) => {
    const path = join(dir, e.name)
    if (e.isDirectory()) return e.name === 'i18n' ? [] : sources(path)
    return /\.tsx?$/.test(e.name) ? [readFileSync(path, 'utf8')] : []
  })
}

const code = sources(new URL('../src', import.meta.url).pathname).join('\n')
const keys = Object.keys(zh)
const bare = (k: string) => k.replace(/_(one|other)$/, '')

/** Keys that stand in the code, and the beginnings of those that are put together. */
const literal = new Set([...code.matchAll(/['"`]([a-z][\w.-]*\.[\w.-]+)['"`]/g)].map((m) => m[1]!))
const begun = [...code.matchAll(/`([a-z][\w]*(?:\.[\w-]+)*\.)\$\{/g)].map((m) => m[1]!)

test('every key is used', () => {
  expect(keys.map(bare).filter((k) => !literal.has(k) && !begun.some((b) => k.startsWith(b)))).toEqual([])
})

test('what is put together can be found', () => {
  expect(begun.filter((b) => !keys.some((k) => k.startsWith(b)))).toEqual([])
})

test('both languages fill in the same values, and none is empty', () => {
  const holes = (s: string) => [...s.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]!).sort()
  for (const k of keys as (keyof typeof zh)[]) {
    expect(en[k].trim(), k).not.toBe('')
    expect(zh[k].trim(), k).not.toBe('')
    expect(new Set(holes(en[k])), k).toEqual(new Set(holes(zh[k])))
  }
})

test('Chinese is written with its own punctuation', () => {
  const bad = keys.filter((k) => /[\u4e00-\u9fff][,:;?!()]|[,:;?!()][\u4e00-\u9fff]/.test(zh[k as keyof typeof zh]))
  expect(bad).toEqual([])
})

test('English has no Chinese left in it', () => {
  expect(Object.entries(en).filter(([, v]) => /[\u4e00-\u9fff]/.test(v)).map(([k]) => k)).toEqual([])
})
