import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Chunk { file: string; imports?: string[]; css?: string[] }
const dist = new URL('../dist', import.meta.url).pathname
const built = existsSync(join(dist, 'manifest.json'))

/** Every file that a page needs before it can be used: its chunk and what that imports, not what it loads on demand. */
function needs(manifest: Record<string, Chunk>, entries: string[]): Set<string> {
  const seen = new Set<string>()
  const walk = (key: string) => {
    const c = manifest[key]
    if (!c || seen.has(c.file)) return
    seen.add(c.file)
    c.imports?.forEach(walk)
  }
  entries.forEach(walk)
  return seen
}

test.skipIf(!built && !process.env.LANDFALL_STRICT)('the first page is at most 380 KB of compressed script', () => {
  const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')) as Record<string, Chunk>
  for (const lang of ['zh', 'en']) {
    const entries = ['index.html', 'src/pages/home/home.tsx', `src/i18n/${lang}/index.ts`, `node_modules/antd/es/locale/${lang === 'zh' ? 'zh_CN' : 'en_GB'}.js`]
    for (const e of entries) expect(manifest, e).toHaveProperty([e])
    const files = [...needs(manifest, entries)].filter((f) => f.endsWith('.js'))
    const compressed = (ext: string) => files.reduce((n, f) => n + readFileSync(existsSync(join(dist, f + ext)) ? join(dist, f + ext) : join(dist, f)).length, 0)
    console.log(`${lang}: ${files.length} files, gzip ${Math.round(compressed('.gz') / 1024)} KB, Brotli ${Math.round(compressed('.br') / 1024)} KB`)
    expect(compressed('.gz')).toBeLessThanOrEqual(380 * 1024)
    // Charts come on demand.
    expect(files.some((f) => f.includes('chart'))).toBe(false)
  }
})
