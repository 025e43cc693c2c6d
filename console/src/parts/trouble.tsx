import { Link, useRouter } from '@tanstack/react-router'
import { Button } from 'antd'
import { useEffect } from 'react'
import { Trouble } from '../api/client'
import { capital, useT } from '../i18n'
import { Page } from './page'

interface Said { title: string; hint?: string; code: string; where?: string; others?: string[] }

export function useSaid(error: unknown): Said {
  const { t } = useT()
  if (error instanceof Trouble) {
    const p = error.problem
    if (p.code === 'console.offline') return { title: t('trouble.offline'), hint: t('trouble.offline.hint'), code: p.code }
    if (p.code === 'console.bad_answer') return { title: t('trouble.broken'), hint: t('trouble.offline.hint'), code: `${p.code} ${p.status}` }
    return { title: p.detail, hint: p.hint, code: p.code, where: p.place ?? p.pointer, others: p.others?.map((o) => [o.place ?? o.pointer, o.detail].filter(Boolean).join(' · ')) }
  }
  return { title: t('trouble.broken'), hint: t('trouble.broken.hint'), code: `console.broken: ${error instanceof Error ? error.message : String(error)}` }
}

/** A whole page that says what went wrong and what to do about it. */
export function TroublePage({ error, reset }: { error: unknown; reset?: () => void }) {
  const { t } = useT()
  const said = useSaid(error)
  const router = useRouter()
  const out = error instanceof Trouble && error.status === 401
  useEffect(() => { if (out) void router.navigate({ to: '/sign-in', search: { to: location.pathname + location.search }, replace: true }) }, [out, router])
  const again = () => { reset?.(); void router.invalidate() }
  return (
    <div className="trouble" role="alert">
      <Page title={capital(said.title)} lead={said.hint && capital(said.hint)} facts={[[t('trouble.code'), <code key="c">{said.code}</code>], ...(said.where ? [[t('trouble.where'), <code key="w">{said.where}</code>] as [string, React.ReactNode]] : [])]}>
        <Others others={said.others} />
        <div className="do">
          {out ? <Link to="/sign-in" search={{ to: location.pathname + location.search }}><Button type="primary">{t('trouble.signin')}</Button></Link>
            : <Button type="primary" onClick={again}>{t('trouble.again')}</Button>}
          <Link to="/">{t('trouble.home')}</Link>
        </div>
      </Page>
    </div>
  )
}

function Others({ others }: { others?: string[] }) {
  if (!others?.length) return null
  return <ul className="note" style={{ marginTop: 12 }}>{others.map((o) => <li key={o}>{o}</li>)}</ul>
}

/** What went wrong with a part of a page, or with something that was just tried. */
export function TroubleNote({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useT()
  const said = useSaid(error)
  if (!error) return null
  return (
    <div role="alert" style={{ margin: '10px 0' }}>
      <p className="v-fail">{capital(said.title)}</p>
      <p className="note">{[said.hint && capital(said.hint), said.where].filter(Boolean).join(' · ')} <code>{said.code}</code></p>
      <Others others={said.others} />
      {retry && <button type="button" className="link" onClick={retry}>{t('part.retry')}</button>}
    </div>
  )
}

export function Lost() {
  const { t } = useT()
  return (
    <Page title={t('trouble.lost')} lead={t('trouble.lost.hint')}>
      <div className="do"><Link to="/"><Button type="primary">{t('trouble.home')}</Button></Link></div>
    </Page>
  )
}
