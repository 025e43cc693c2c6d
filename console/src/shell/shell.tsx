import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import { useT, type Key } from '../i18n'
import { Account, Languages, Themes } from './choices'

const Palette = lazy(() => import('./palette'))

/** Stages get an entry as soon as something of theirs can be looked at. */
export const places: { apart?: boolean; head?: Key; items: { to: string; key: Key }[] }[] = [
  { items: [{ to: '/', key: 'nav.home' }, { to: '/scenarios', key: 'nav.scenarios' }, { to: '/runs', key: 'nav.runs' }] },
  { head: 'nav.method', items: [{ to: '/align', key: 'nav.align' }, { to: '/failures', key: 'nav.failures' }] },
  { apart: true, items: [{ to: '/evidence', key: 'nav.evidence' }, { to: '/settings', key: 'nav.settings' }] },
]

export function Brand() {
  return (
    <Link to="/" className="brand">
      <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true"><path d="M2.500 15c4 0 5-7.500 9.500-7.500S17.500 15 21.500 15" /><path d="M2.500 19h19" /></svg>
      Landfall
    </Link>
  )
}

function Rail({ path }: { path: string }) {
  const { t } = useT()
  return (
    <div className="rail">
      <Brand />
      <nav aria-label={t('nav.label')}>
        {places.map((group, i) => (
          <div key={i} style={{ display: 'contents' }}>
            {group.head && <div className="rail-head">{t(group.head)}</div>}
            <ul className={group.apart ? 'apart' : undefined}>
              {group.items.map(({ to, key }) => {
                const here = to === '/' ? path === '/' : path === to || path.startsWith(to + '/')
                return <li key={to}><Link to={to} className="item" aria-current={here ? 'page' : undefined}>{t(key)}</Link></li>
              })}
            </ul>
          </div>
        ))}
      </nav>
    </div>
  )
}

export function Shell() {
  const { t } = useT()
  const path = useRouterState({ select: (s) => s.location.pathname })
  const main = useRef<HTMLElement>(null)
  const [finding, setFinding] = useState(false)
  const before = useRef(path)

  useEffect(() => {
    const onKey = (e: KeyboardEvent) => {
      const typing = (e.target as HTMLElement).closest('input,textarea,select,[contenteditable]')
      if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === 'k' || e.key === '/' && !typing && !e.metaKey && !e.ctrlKey && !e.altKey) {
        e.preventDefault()
        setFinding((f) => !f)
      }
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])

  // A new page begins at its top, and screen readers are taken there.
  useEffect(() => {
    if (before.current !== path) main.current?.focus({ preventScroll: true })
    before.current = path
  }, [path])

  return (
    <>
      <a className="skip" href="#main" onClick={(e) => { e.preventDefault(); main.current?.focus() }}>{t('nav.skip')}</a>
      <div className="frame">
        <Rail path={path} />
        <div className="stage">
          <header className="bar">
            <button type="button" className="find" onClick={() => setFinding(true)} aria-keyshortcuts="Control+K Meta+K">{t('bar.find')}<kbd aria-hidden="true">{/Mac|iP/.test(navigator.platform) ? '⌘K' : 'Ctrl K'}</kbd></button>
            <div className="end"><Languages /><Themes /><Account /></div>
          </header>
          <main id="main" ref={main} tabIndex={-1}><Outlet /></main>
        </div>
      </div>
      {finding && <Suspense><Palette close={() => setFinding(false)} /></Suspense>}
    </>
  )
}
