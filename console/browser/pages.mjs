// Every page in both languages, light and dark, wide and narrow (pair by pair,
// with --shots in every combination): nothing serious for axe-core, nothing wider than the window, no word in the console
// log. Pictures go to a folder outside the repository.
//
//   node browser/pages.mjs BASE [--session FILE] [--shots DIR] [--only NAME]
//
// BASE is a server with the shipped examples in it; FILE holds the browser
// state of somebody who is signed in.
import axe from 'axe-core'
import { mkdirSync } from 'node:fs'
import { launch, options, pagesOf } from './common.mjs'

const { base, session, shots, only, widths } = options()
if (shots) mkdirSync(shots, { recursive: true })
const browser = await launch()
const faults = []
const looks = widths ? widths.split(',').map(Number) : [1360, 360]
const pages = (await pagesOf(browser, base, session)).filter(([name]) => !only || only.split(',').includes(name))

for (const lang of ['zh', 'en']) {
  for (const theme of ['light', 'dark']) {
    for (const width of looks) {
      // Every pair of two looks is walked; all three together only for pictures.
      if (!shots && [lang === 'en', theme === 'dark', width < 900].filter(Boolean).length % 2) continue
      const context = await browser.newContext({
        viewport: { width, height: 900 }, colorScheme: theme, reducedMotion: 'reduce', storageState: session,
        locale: lang === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: 'Asia/Shanghai',
      })
      const page = await context.newPage()
      let name = ''
      const wrong = (what) => faults.push(`${name} ${lang} ${theme} ${width}: ${what}`)
      page.on('console', (m) => { if (['error', 'warning'].includes(m.type()) && !/status of (401|404)/.test(m.text()) && !expected(name)) wrong(m.text().slice(0, 300)) })
      page.on('pageerror', (e) => { if (!expected(name)) wrong(String(e).slice(0, 300)) })
      for (const [called, path] of pages) {
        name = called
        await page.goto(base + path, { waitUntil: 'networkidle' })
        await page.locator('h1').first().waitFor({ state: 'attached' })
        if (await page.locator('.waiting').count()) await page.locator('.waiting').first().waitFor({ state: 'detached' })
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        if (wide > 0) wrong(`${wide} px wider than the window`)
        if (await page.evaluate(() => document.documentElement.lang) !== (lang === 'zh' ? 'zh-CN' : 'en')) wrong('the language of the page is another one')
        await page.evaluate(axe.source) // not by a tag: the content security policy holds
        const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
        for (const v of violations.filter((v) => ['serious', 'critical'].includes(v.impact))) {
          wrong(`axe ${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? n.all[0]?.message ?? ''}`).slice(0, 3).join(' | ')}`)
        }
        if (shots) {
          // A window as high as the page: a full-page capture scales what charts draw.
          await page.setViewportSize({ width, height: Math.max(900, await page.evaluate(() => document.documentElement.scrollHeight)) })
          await page.screenshot({ path: `${shots}/${name}-${lang}-${theme}-${width}.png` })
          await page.setViewportSize({ width, height: 900 })
        }
      }
      await context.close()
    }
  }
}
await browser.close()
for (const f of faults) console.error(f)
console.log(`${pages.length} pages, ${faults.length} faults`)
process.exit(faults.length ? 1 : 0)

/** Pages about what is not there report what they are about. */
function expected(name) { return name === 'lost' || name === 'unknown' }
