import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Button, Input, Segmented } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useMay } from '../../api/may'
import { check, document, edit, type DocumentView } from '../../api/queries'
import { Trouble } from '../../api/client'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Command, CopyButton } from '../../parts/command'
import { Section } from '../../parts/page'
import { TroubleNote } from '../../parts/trouble'
import { Verdict } from '../../parts/verdict'
import { Waiting } from '../../parts/waiting'
import { DocumentForm } from './form'

/** scenario.yaml: read, or changed as a form or as text. What is typed is checked as it would be when saved. */
export function Document({ scenario }: { scenario: string }) {
  const { t } = useT()
  const s = useSearch({ from: '/shell/scenarios/$scenario' })
  const go = useNavigate({ from: '/scenarios/$scenario' })
  const { data } = useQuery(document(scenario))
  const may = useMay(data?.scenario.team, 'contribute')
  if (!data) return <Waiting />
  const able = may && !data.scenario.read_only && data.files.length > 0
  const as = s.as === 'form' && able ? 'form' : 'text'
  const source = data.scenario.source
  return (
    <Section title="scenario.yaml"
      note={able ? t('document.note') : !may ? t('document.viewer') : source?.kind === 'git' ? t('document.git', { remote: source.remote || 'git', commit: source.commit?.slice(0, 10) ?? '' }) : t('document.folder')}
      extra={able ? <Segmented value={as} aria-label={t('document.as')} onChange={(v) => void go({ search: { ...s, as: v === 'form' ? 'form' : undefined }, replace: true, resetScroll: false })} options={[{ value: 'text', label: 'YAML' }, { value: 'form', label: t('document.form') }]} /> : <CopyButton text={data.yaml} />}>
      {able ? <Editor key={data.tag} doc={data} tag={data.tag} as={as} scenario={scenario} /> : (
        <>
          <pre className="doc" tabIndex={0} aria-label="scenario.yaml">{data.yaml}</pre>
          {may && source?.kind !== 'git' && <div style={{ marginTop: 14 }}><Command>{`landfall push ${scenario} --no-git`}</Command></div>}
        </>
      )}
    </Section>
  )
}

function Editor({ doc, tag, as, scenario }: { doc: DocumentView; tag: string; as: 'text' | 'form'; scenario: string }) {
  const { t } = useT()
  const f = useFormat()
  const [yaml, setYaml] = useState(doc.yaml)
  const changed = yaml !== doc.yaml
  const checked = useChecked(doc, yaml)
  const cache = useQueryClient()
  const save = useMutation({
    mutationFn: () => edit(scenario, tag, yaml),
    onSuccess: () => Promise.all(['document', 'scenario', 'scenarios', 'revisions', 'verdicts', 'gates', 'feasibility'].map((k) => cache.invalidateQueries({ queryKey: [k] }))),
  })
  useEffect(() => {
    if (!changed) return
    const stay = (e: BeforeUnloadEvent) => e.preventDefault()
    addEventListener('beforeunload', stay)
    return () => removeEventListener('beforeunload', stay)
  }, [changed])
  return (
    <>
      {as === 'form' ? <DocumentForm yaml={yaml} onChange={setYaml} />
        : <Input.TextArea className="mono" aria-label="scenario.yaml" value={yaml} spellCheck={false} autoSize={{ minRows: 16, maxRows: 34 }} onChange={(e) => setYaml(e.target.value)} />}
      <div role="status" aria-live="polite" style={{ minHeight: 28, marginTop: 12 }}>
        {checked.state === 'busy' && <span className="note">{t('document.checking')}</span>}
        {checked.state === 'good' && <span style={{ display: 'inline-flex', gap: 12, flexWrap: 'wrap' }}><Verdict outcome="pass" /><span className="note">{t('document.valid', { test: f.count(checked.valid.test), train: f.count(checked.valid.train), candidates: f.count(checked.valid.candidates) })}</span></span>}
        {checked.state === 'bad' && <TroubleNote error={checked.error} />}
      </div>
      <div className="do" style={{ marginTop: 8 }}>
        <Button type="primary" disabled={!changed || checked.state === 'bad'} loading={save.isPending} onClick={() => save.mutate()}>{t('document.save')}</Button>
        <Button disabled={!changed} onClick={() => setYaml(doc.yaml)}>{t('part.cancel')}</Button>
        {changed && <span className="note">{t('document.stale')}</span>}
      </div>
      {save.error && <TroubleNote error={save.error} />}
      {save.error instanceof Trouble && save.error.status === 412 && <Button onClick={() => void cache.invalidateQueries({ queryKey: ['document', scenario] })}>{t('document.reload')}</Button>}
    </>
  )
}

type Checked = { state: 'none' | 'busy' } | { state: 'good'; valid: Awaited<ReturnType<typeof check>> } | { state: 'bad'; error: unknown }

/** Checks a text a moment after the last key. */
function useChecked(doc: DocumentView, yaml: string): Checked {
  const [checked, setChecked] = useState<Checked>({ state: 'none' })
  const of = useRef(doc)
  of.current = doc
  useEffect(() => {
    if (yaml === of.current.yaml) { setChecked({ state: 'none' }); return }
    const stop = new AbortController()
    const timer = setTimeout(() => {
      setChecked({ state: 'busy' })
      check(of.current, yaml, stop.signal).then((valid) => setChecked({ state: 'good', valid }), (error: unknown) => { if (!stop.signal.aborted) setChecked({ state: 'bad', error }) })
    }, 700)
    return () => { clearTimeout(timer); stop.abort() }
  }, [yaml])
  return checked
}
