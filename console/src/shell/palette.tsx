import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Input, Modal } from 'antd'
import { useEffect, useMemo, useRef, useState } from 'react'
import { scenarios } from '../api/queries'
import { speak, useSay, useT } from '../i18n'
import { copy } from '../parts/command'
import { choose } from '../theme/mode'
import { places } from './shell'

interface Entry { id: string; group: string; name: string; note?: string; words: string; run: () => void }

/** Every word that was typed must occur; what begins with the first one comes first. */
export function found(entries: Entry[], what: string): Entry[] {
  const words = what.toLowerCase().split(/\s+/).filter(Boolean)
  const hits = entries.filter((e) => words.every((w) => e.words.includes(w)))
  if (!words.length) return hits
  return hits.map((e, i) => ({ e, i, s: e.name.toLowerCase().startsWith(words[0]!) ? 0 : 1 })).sort((a, b) => a.s - b.s || a.i - b.i).map((x) => x.e)
}

export default function Palette({ close }: { close: () => void }) {
  const { t, lang } = useT()
  const say = useSay()
  const go = useNavigate()
  const [what, setWhat] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const known = useQuery(scenarios())

  const entries = useMemo<Entry[]>(() => {
    const make = (id: string, group: string, name: string, run: () => void, note?: string, more = ''): Entry => ({ id, group, name, note, run, words: `${name} ${note ?? ''} ${more}`.toLowerCase() })
    return [
      ...places.flatMap((p) => p.items).map(({ to, key }) => make(to, t('find.pages'), t(key), () => void go({ to }), undefined, to)),
      ...(known.data ?? []).map((s) => make(s.id, t('find.scenarios'), say(s.title) || s.slug, () => void go({ to: '/scenarios/$scenario', params: { scenario: s.slug } }), s.slug, `${s.title.zh} ${s.title.en} ${s.owner}`)),
      make('lang', t('find.actions'), t('find.speak'), () => void speak(lang === 'zh' ? 'en' : 'zh'), undefined, 'language 语言 english 中文'),
      ...(['light', 'dark', 'system'] as const).map((m) => make(m, t('find.actions'), `${t('bar.theme')}: ${t(`theme.${m}`)}`, () => choose(m), undefined, `theme ${m}`)),
      ...['landfall init my-scenario', 'landfall run my-scenario', 'landfall evidence verify'].map((c) => make(c, t('find.copy'), c, () => void copy(c))),
    ]
  }, [known.data, t, say, go, lang])
  const hits = found(entries, what).slice(0, 60)

  useEffect(() => { list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }) }, [at])
  const pick = (e?: Entry) => { if (e) { close(); e.run() } }

  return (
    <Modal open title={t('find.title')} footer={null} onCancel={close} closable={false} width={560} transitionName="" maskTransitionName="" style={{ top: 90 }} destroyOnHidden>
      <Input autoFocus value={what} placeholder={t('find.hint')} aria-label={t('find.hint')} role="combobox" aria-expanded aria-controls="find-list" aria-autocomplete="list"
        aria-activedescendant={hits[at] && `find-${at}`} onChange={(e) => { setWhat(e.target.value); setAt(0) }}
        onKeyDown={(e) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[e.key]
          if (step && hits.length) { e.preventDefault(); setAt((at + step + hits.length) % hits.length) }
          if (e.key === 'Enter' && !e.nativeEvent.isComposing) { e.preventDefault(); pick(hits[at]) }
        }} />
      <div className="find-list" id="find-list" role="listbox" aria-label={t('find.title')} ref={list}>
        {hits.map((e, i) => (
          <div key={e.id} role="presentation">
            {hits[i - 1]?.group !== e.group && <div className="group" role="presentation">{e.group}</div>}
            <div role="option" id={`find-${i}`} aria-selected={i === at} onMouseMove={() => setAt(i)} onClick={() => pick(e)}><span>{e.name}</span>{e.note && <span className="faint">{e.note}</span>}</div>
          </div>
        ))}
      </div>
      {!hits.length && <p className="note" role="status">{t('find.none', { what })}</p>}
    </Modal>
  )
}
