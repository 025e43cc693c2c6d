// usage: node shot.mjs BASE OUT lang theme width path=name...
import { chromium } from 'playwright-core'
const [base, out, lang, theme, width, ...pages] = process.argv.slice(2)
const b = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--font-render-hinting=none'] })
const c = await b.newContext({ viewport: { width: +width, height: 900 }, colorScheme: theme, locale: lang === 'zh' ? 'zh-CN' : 'en-GB' })
await c.addInitScript((l) => localStorage.setItem('landfall.lang', l), lang)
const p = await c.newPage()
p.on('console', (m) => { if (['error', 'warning'].includes(m.type())) console.log('console:', m.text().slice(0, 400)) })
p.on('pageerror', (e) => console.log('pageerror:', String(e).slice(0, 600)))
for (const x of pages) {
  const i = x.lastIndexOf('='); const [path, name] = [x.slice(0, i), x.slice(i + 1)]
  await p.goto(base + path, { waitUntil: 'networkidle' })
  await p.waitForTimeout(250)
  const wide = await p.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  if (wide > 0) console.log('too wide by', wide, name)
  await p.screenshot({ path: `${out}/${name}-${lang}-${theme}-${width}.png`, fullPage: true })
}
await b.close()
