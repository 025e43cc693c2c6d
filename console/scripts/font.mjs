// Makes src/assets/inter.woff2: Inter (SIL Open Font License 1.1) with the
// Latin letters, and with the signs that measurements need and the usual
// subsets lack. Run after
//   npm install --no-save inter-ui@4.1.1 subset-font@2.9.0
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const modules = process.argv[2] ?? 'node_modules'
const load = async (name) => (await import(pathToFileURL(join(process.cwd(), modules, name, 'index.js')).href)).default
const subset = await load('subset-font')
const range = (from, to) => String.fromCodePoint(...Array.from({ length: to - from + 1 }, (_, i) => from + i))
const text = range(0x20, 0x7e) + range(0xa0, 0xff) + '‐‑–—‘’“”…•′″←↑→↓⇧⌘⏎≤≥≠≈−×÷±∞½¼¾ŒœŠšŽžŸƒˆ˜€₂'
const source = join(modules, 'inter-ui/variable/InterVariable.woff2')
const out = await subset(await readFile(source), text, {
  targetFormat: 'woff2', variationAxes: { opsz: 14, wght: { min: 400, max: 700 } },
})
const target = join(dirname(new URL(import.meta.url).pathname), '../src/assets/inter.woff2')
await writeFile(target, out)
console.log(`${target}: ${out.length} bytes`)
