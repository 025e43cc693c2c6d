import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useEffect, useState } from 'react'
import { base } from '../../api/client'
import { cancel, resume, type RunView } from '../../api/queries'
import { useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'

/** How far a run has come, as the server tells it. The stream comes back by itself when it breaks. */
export function Progress({ run, may }: { run: RunView; may: boolean }) {
  const { t } = useT()
  const f = useFormat()
  const cache = useQueryClient()
  const [now, setNow] = useState(run)
  const [away, setAway] = useState(false)
  useEffect(() => {
    const stream = new EventSource(`${base}/runs/${encodeURIComponent(run.id)}/events`)
    const take = (e: MessageEvent<string>) => { setAway(false); setNow(JSON.parse(e.data) as RunView) }
    stream.addEventListener('progress', take)
    stream.addEventListener('end', (e) => {
      take(e as MessageEvent<string>)
      stream.close()
      void cache.invalidateQueries({ predicate: (q) => ['run', 'runs', 'findings', 'verdicts', 'gates', 'evidence', 'cases', 'feasibility'].includes(String(q.queryKey[0])) })
    })
    stream.onerror = () => setAway(true)
    return () => stream.close()
  }, [run.id, cache])
  const stop = useMutation({ mutationFn: () => cancel(run.id), onSuccess: () => cache.invalidateQueries({ queryKey: ['run', run.id] }) })
  const phases = now.progress ?? []
  const done = phases.reduce((n, p) => n + p.done, 0)
  const total = phases.reduce((n, p) => n + p.total, 0)
  return (
    <>
      <section style={{ marginTop: 40 }}>
        <h2 className="say">{total ? t('progress.says', { share: f.share(done / total, 0) }) : t(`progress.step.${now.step === 'data' ? 'data' : 'start'}` as Key)}</h2>
        <p className="lead" role="status" aria-live="polite">{away ? t('progress.away') : t('progress.lead')}</p>
        {may && <div className="do"><Button loading={stop.isPending} onClick={() => stop.mutate()}>{t('progress.cancel')}</Button></div>}
        <TroubleNote error={stop.error} />
      </section>
      {phases.length > 0 && (
        <Section title={t('run.view.candidates')} ruled>
          <Table label={t('run.view.candidates')} rows={phases} id={(p) => p.id} columns={[
            { key: 'title', head: t('col.candidate'), names: true, cell: (p) => p.title },
            { key: 'bar', head: t('progress.done'), width: 260, cell: (p) => <Meter share={p.total ? p.done / p.total : 0} label={p.title} /> },
            { key: 'count', head: t('run.view.cases'), num: true, cell: (p) => `${f.count(p.done)} / ${f.count(p.total)}` },
            { key: 'failed', head: t('progress.failed'), num: true, cell: (p) => (p.failed ? f.count(p.failed) : '–') },
          ]} />
        </Section>
      )}
    </>
  )
}

/** Progress is grey: it is not a verdict. */
export function Meter({ share, label }: { share: number; label: string }) {
  const f = useFormat()
  return <span className="meter" role="progressbar" aria-label={label} aria-valuenow={Math.round(100 * share)} aria-valuemin={0} aria-valuemax={100}><i><b style={{ width: `${100 * share}%` }} /></i><span>{f.share(share, 0)}</span></span>
}

/** A run that stopped half way goes on where it was. */
export function Resume({ run }: { run: RunView }) {
  const { t } = useT()
  const cache = useQueryClient()
  const again = useMutation({ mutationFn: () => resume(run.id), onSuccess: () => cache.invalidateQueries({ queryKey: ['run', run.id] }) })
  return <div><Button type="primary" loading={again.isPending} onClick={() => again.mutate()}>{t('progress.resume')}</Button><TroubleNote error={again.error} /></div>
}
