import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Select } from 'antd'
import { useNames } from '../../api/names'
import { failureModes, failures, type FailureMode } from '../../api/queries'
import { useSay, useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Command } from '../../parts/command'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Page, Section } from '../../parts/page'
import { Table, type Column } from '../../parts/table'
import { Waiting } from '../../parts/waiting'

/** What failed in production, by failure mode, and what became of it. */
export default function FailuresPage() {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const s = useSearch({ from: '/shell/failures' })
  const go = useNavigate({ from: '/failures' })
  const names = useNames()
  const list = useInfiniteQuery(failureModes(s.scenario))
  const unguarded = useInfiniteQuery(failures({ scenario: s.scenario, open: true }))
  const rows = list.data?.pages.flatMap((p) => p.items)
  const waiting = unguarded.data?.pages.flatMap((p) => p.items) ?? []
  const toggle = (m: FailureMode) => void go({ search: { ...s, mode: s.mode === m.id ? undefined : m.id }, replace: true, resetScroll: false })
  const columns: Column<FailureMode>[] = [
    { key: 'text', head: t('failures.example'), names: true, cell: (m) => <button type="button" className="link" style={{ textAlign: 'left', color: 'inherit' }} aria-expanded={s.mode === m.id} onClick={() => toggle(m)}>{m.text}</button> },
    ...(s.scenario ? [] : [{ key: 'scenario', head: t('col.scenario'), cell: (m: FailureMode) => { const x = names.get(m.scenario); return x ? <Link to="/scenarios/$scenario" params={{ scenario: x.slug }}>{say(x.title)}</Link> : '–' } }]),
    { key: 'occurrences', head: t('failures.times'), num: true, cell: (m) => <span className="strong">{f.count(m.occurrences)}</span> },
    { key: 'first', head: t('failures.first'), num: true, cell: (m) => f.day(m.first) },
    { key: 'last', head: t('failures.last'), num: true, cell: (m) => f.day(m.last) },
  ]
  const slug = s.scenario ?? [...names.values()][0]?.slug ?? 'my-scenario'
  const bring = `landfall failures import ${slug} failures.csv`
  return (
    <Page title={t('nav.failures')} lead={t('failures.lead')}>
      <Section title={t('failures.modes')} note={t('failures.note')} extra={
        <Select showSearch={{ optionFilterProp: 'label' }} allowClear value={s.scenario} placeholder={t('runs.every')} aria-label={t('col.scenario')} style={{ minWidth: 200 }}
          options={[...names.values()].map((x) => ({ value: x.slug, label: say(x.title) }))} onChange={(v?: string) => void go({ search: { scenario: v }, replace: true })} />}>
        {!rows ? <Waiting /> : rows.length ? <Table label={t('failures.modes')} rows={rows} columns={columns} id={(m) => m.id} open={(m) => s.mode === m.id} onPick={toggle} more={(m) => <Occurred mode={m} />} />
          : <Empty command={bring}>{t('failures.empty')}</Empty>}
        <More of={list} />
      </Section>
      {waiting.length > 0 && (
        <Section title={t('failures.open')} note={t('failures.open.note')}>
          <Table label={t('failures.open')} rows={waiting} id={(x) => x.id} columns={[
            { key: 'text', head: t('failures.text'), names: true, cell: (x) => x.text },
            { key: 'got', head: t('cases.answered'), cell: (x) => x.got || '–' },
            { key: 'at', head: t('failures.occurred'), num: true, cell: (x) => f.day(x.occurred_at) },
            { key: 'file', head: t('failures.file'), num: true, cell: (x) => <span className="mono faint">{x.file}:{x.line}</span> },
          ]} />
          <More of={unguarded} />
        </Section>
      )}
      {!!rows?.length && <Section title={t('failures.bring')} note={t('failures.bring.note')}><Command>{bring}</Command></Section>}
    </Page>
  )
}

function Occurred({ mode }: { mode: FailureMode }) {
  const { t } = useT()
  const f = useFormat()
  const list = useInfiniteQuery(failures({ mode: mode.id }))
  const rows = list.data?.pages.flatMap((p) => p.items)
  if (!rows) return <Waiting />
  return (
    <>
      <Table label={mode.text} rows={rows} id={(x) => x.id} columns={[
        { key: 'text', head: t('failures.text'), names: true, cell: (x) => <>{x.text}{x.note && <div className="note">{x.note}</div>}</> },
        { key: 'got', head: t('cases.answered'), cell: (x) => x.got || '–' },
        { key: 'expected', head: t('cases.expected'), cell: (x) => x.expected || '–' },
        { key: 'case', head: t('failures.guard'), cell: (x) => (x.case ? <span className="mono">{x.case}</span> : <span className="v-insufficient">{t('failures.unguarded')}</span>) },
        { key: 'at', head: t('failures.occurred'), num: true, cell: (x) => f.time(x.occurred_at) },
      ]} />
      <More of={list} />
    </>
  )
}
