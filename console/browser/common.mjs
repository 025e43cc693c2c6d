import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

export function options() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { session: { type: 'string' }, shots: { type: 'string' }, only: { type: 'string' }, widths: { type: 'string' }, link: { type: 'string' }, lang: { type: 'string' } } })
  return { base: positionals[0], ...values }
}

export function launch() {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
  if (!executablePath) throw new Error('Chromium is not installed: make setup')
  // A container's user has no sandbox.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--font-render-hinting=none'] })
}

/** Name and path of every page. Ids are asked of the server. */
export async function pagesOf(browser, base, session) {
  const context = await browser.newContext({ storageState: session })
  const get = async (path) => {
    const r = await context.request.get(base + '/api/v1' + path)
    if (!r.ok()) throw new Error(`${path}: ${r.status()} ${await r.text()}`)
    return r.json()
  }
  const run = (await get('/runs?scenario=bank-support&limit=10')).items.find((r) => r.state === 'done').id
  const item = async (kind) => (await get(`/evidence?scenario=bank-support&kind=${kind}&limit=1`)).items[0].id
  const pages = [
    ['home', '/'], ['scenarios', '/scenarios'], ['scenario', '/scenarios/bank-support'], ['scenario-rule', '/scenarios/contract-review?rule=align.recommended-accuracy'],
    ['scenario-evidence', '/scenarios/bank-support?view=evidence'], ['scenario-document', '/scenarios/bank-support?view=document'],
    ['scenario-form', '/scenarios/bank-support?view=document&as=form'], ['scenario-history', '/scenarios/bank-support?view=history&rev=2'],
    ['runs', '/runs'], ['run', `/runs/${run}`],
    ...['boundary', 'coverage', 'speed', 'cases', 'return', 'data'].map((v) => [`run-${v}`, `/runs/${run}?view=${v}`]),
    ['run-beside', `/runs/${run}?view=cases&candidate=faq&other=tfidf&wrong=true`],
    ['scenario-waivers', '/scenarios/contract-review?view=waivers'], ['failures', '/failures'],
    ...(session ? ['account', 'teams', 'users', 'tokens', 'endpoints', 'audit', 'backup'].map((v) => [`settings-${v}`, `/settings/${v}`]) : []),
    ['sign-in', '/sign-in'], ['welcome', '/welcome'], ['align', '/align'], ['evidence', '/evidence'], ['evidence-item', `/evidence/${await item('poc')}`], ['evidence-verdict', `/evidence/${await item('verdict')}`],
    ['unknown', '/scenarios/nothing'], ['lost', '/nowhere'],
  ]
  await context.close()
  return pages
}
