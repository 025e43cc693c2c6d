import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { revisionDiff, revisions, type Revision } from '../../api/queries'
import { useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Diff } from '../../parts/diff'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { Waiting } from '../../parts/waiting'

/** The revisions of a scenario; each opens as what it changed. */
export function History({ scenario }: { scenario: string }) {
  const { t } = useT()
  const f = useFormat()
  const s = useSearch({ from: '/shell/scenarios/$scenario' })
  const go = useNavigate({ from: '/scenarios/$scenario' })
  const list = useInfiniteQuery(revisions(scenario))
  const rows = list.data?.pages.flatMap((p) => p.items)
  const toggle = (r: Revision) => void go({ search: { ...s, rev: s.rev === String(r.number) ? undefined : String(r.number) }, replace: true, resetScroll: false })
  return (
    <Section title={t('scenario.view.history')} note={t('history.note')}>
      {!rows ? <Waiting /> : (
        <Table label={t('scenario.view.history')} rows={rows} id={(r) => r.id} open={(r) => s.rev === String(r.number)} onPick={toggle} more={(r) => <Changes id={r.id} />} columns={[
          { key: 'number', head: t('scenario.revision'), names: true, width: 110, cell: (r) => <button type="button" className="link" aria-expanded={s.rev === String(r.number)} onClick={() => toggle(r)}>{r.number}</button> },
          { key: 'at', head: t('col.when'), cell: (r) => f.time(r.created) },
          { key: 'by', head: t('col.actor'), cell: (r) => r.actor },
          { key: 'from', head: t('history.from'), cell: (r) => t(`source.${r.source?.kind ?? 'folder'}` as Key) + (r.source?.commit ? ` · ${r.source.commit.slice(0, 10)}` : '') },
          { key: 'digest', head: t('history.digest'), num: true, cell: (r) => <span className="mono faint" title={r.digest}>{r.digest.slice(0, 12)}</span> },
        ]} />
      )}
      <More of={list} />
    </Section>
  )
}

function Changes({ id }: { id: string }) {
  const { t } = useT()
  const { data } = useQuery(revisionDiff(id))
  if (!data) return <Waiting />
  const files = data.files.filter((x) => x.path !== 'scenario.yaml')
  if (!data.from) return <p className="note">{t('history.first')}</p>
  return (
    <>
      {data.document ? <Diff text={data.document} label="scenario.yaml" /> : <p className="note">{t('history.same')}</p>}
      {files.length > 0 && <ul style={{ marginTop: 14 }}>{files.map((x) => (
        <li key={x.path} style={{ marginBottom: 8 }}><code>{x.path}</code> <span className="quiet">{t(`history.${x.change}` as Key)}</span>{x.diff && <details><summary className="link">{t('part.show')}</summary><Diff text={x.diff} label={x.path} /></details>}</li>
      ))}</ul>}
    </>
  )
}
