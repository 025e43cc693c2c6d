// A new user's first ten minutes in a real browser: become the administrator,
// read the verdict, change a bar and watch the gate reopen, run, share a link,
// invite somebody who then may not do what they may not do.
//
//   node browser/journey.mjs BASE --link URL --lang zh|en --session FILE
import { readFileSync } from 'node:fs'
import { launch, options } from './common.mjs'

const { base, link, lang = 'zh', session } = options()
const texts = words(lang)
const browser = await launch()
const context = await browser.newContext({ locale: lang === 'zh' ? 'zh-CN' : 'en-GB', viewport: { width: 1360, height: 900 }, reducedMotion: 'reduce' })
const page = await context.newPage()
page.setDefaultTimeout(60_000)
const password = 'a sentence that is easy to remember'
const step = async (name, f) => { try { await f(); console.log('ok', name) } catch (err) { await page.screenshot({ path: session + '.failed.png', fullPage: true }); throw new Error(`${name}: ${err.message}`) } }
const button = (key, on = page) => on.getByRole('button', { name: texts(key), exact: true })
const see = (text, on = page) => on.getByText(text).first().waitFor()

await step('nobody sees anything', async () => {
  await page.goto(base + '/scenarios/bank-support')
  await page.waitForURL(/\/sign-in\?to=/)
})
await step('set up', async () => {
  await page.goto(base + '/welcome#' + link.split('#')[1])
  await page.getByLabel(texts('door.login')).fill('lin@example.com')
  await page.getByLabel(texts('door.name')).fill('Lin Yan')
  await page.getByLabel(texts('door.newpassword')).fill(password)
  await button('door.first.do').click()
  await page.waitForURL(base + '/')
  await context.storageState({ path: session })
})
await step('the link worked once', async () => {
  const other = await (await browser.newContext({ locale: lang === 'zh' ? 'zh-CN' : 'en-GB' })).newPage()
  await other.goto(base + '/welcome#' + link.split('#')[1])
  await see(texts('trouble.signin'), other)
  if (await other.getByLabel(texts('door.newpassword')).count()) throw new Error('it can be used again')
})
await step('find a scenario by keyboard', async () => {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('bank')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/scenarios\/bank-support/)
})
await step('read the verdict', () => see(texts('say.pass')))
await step('change the bar; the gate reopens', async () => {
  await page.goto(base + '/scenarios/bank-support?view=document&as=form')
  await page.getByLabel(texts('form.accuracy')).fill('0.76')
  await button('document.save').click()
  await page.waitForFunction(() => !document.querySelector('.ant-btn-loading'))
  await page.goto(base + '/scenarios/bank-support')
  await see(texts('say.stale'))
})
await step('run, watch, read', async () => {
  await button('scenario.start').click()
  await page.waitForURL(/\/runs\/run_/)
  await see(texts('run.view.boundary'))
})
await step('a link shows the same to whoever has it', async () => {
  const url = page.url() + '?view=boundary'
  const other = await context.newPage()
  await other.goto(url)
  await see(texts('boundary.map'), other)
  await other.close()
})
await step('invite a viewer', async () => {
  await page.goto(base + '/settings/teams')
  await page.getByPlaceholder('name@example.com').fill('zhou@example.com')
  await page.getByLabel(texts('teams.role'), { exact: true }).first().click()
  await page.getByTitle(texts('role.of.viewer')).last().click()
  await button('teams.add').click()
  const dialog = page.getByRole('dialog')
  const url = await dialog.locator('code').innerText()
  await button('once.close').click()
  const theirs = await browser.newContext({ locale: lang === 'zh' ? 'zh-CN' : 'en-GB' })
  const them = await theirs.newPage()
  await them.goto(base + '/welcome#' + url.split('#')[1])
  await them.getByLabel(texts('door.name')).fill('Zhou Li')
  await them.getByLabel(texts('door.newpassword')).fill(password + ' too')
  await button('door.invite.do', them).click()
  await them.waitForURL(base + '/')
  // What they may not do is not offered, and refused to whoever asks all the same.
  await them.goto(base + '/settings/users')
  await see(texts('trouble.lost'), them)
  const refused = await them.evaluate(async () => (await fetch('/api/v1/invitations', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"login":"x@example.com"}' })).status)
  if (![403, 404].includes(refused)) throw new Error(`an invitation by a viewer: ${refused}`)
})
await browser.close()

/** The console's own texts, so that a word that changes there changes here. */
function words(lang) {
  const all = {}
  for (const file of ['shell', 'pages', 'run', 'scenario', 'people']) {
    const source = readFileSync(new URL(`../src/i18n/${lang}/${file}.ts`, import.meta.url), 'utf8')
    for (const m of source.matchAll(/^ {2}'([^']+)': '((?:[^'\\]|\\.)*)',$/gm)) all[m[1]] = m[2].replace(/\\(.)/g, '$1')
  }
  return (key) => { if (!(key in all)) throw new Error('no text ' + key); return all[key] }
}
