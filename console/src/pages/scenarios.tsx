import { useQueries, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Input, Select } from 'antd'
import { useMemo } from 'react'
import { gates, scenarios, type ScenarioView } from '../api/queries'
import { capital, useSay, useT, type Key } from '../i18n'
import { useFormat } from '../i18n/format'
import { Empty } from '../parts/empty'
import { GateMarks } from '../parts/gates'
import { Page } from '../parts/page'
import { CsvButton, Table, type Column } from '../parts/table'
import { Waiting } from '../parts/waiting'

const levels = ['L1', 'L2', 'L3']
const classes = ['public', 'internal', 'confidential', 'personal']
/** Verdicts are asked for as many as one looks at. */
const shownAtMost = 60

export default function ScenariosPage() {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const s = useSearch({ from: '/shell/scenarios' })
  const go = useNavigate({ from: '/scenarios' })
  const list = useQuery(scenarios())
  const rows = useMemo(() => {
    const words: string[] = (s.q ?? '').toLowerCase().split(/\s+/).filter(Boolean)
    return list.data?.filter((x) => (!s.level || x.declared_level === s.level) && (!s.class || x.data_class === s.class)
      && words.every((w) => `${x.slug} ${x.title.zh} ${x.title.en} ${x.owner}`.toLowerCase().includes(w)))
  }, [list.data, s.q, s.level, s.class])
  const seen = (rows ?? []).slice(0, shownAtMost)
  const lines = useQueries({ queries: seen.map((x) => gates(x.slug)) })
  const of = new Map(seen.map((x, i) => [x.id, lines[i]?.data]))
  const columns: Column<ScenarioView>[] = [
    { key: 'title', head: t('col.scenario'), names: true, csv: (x) => say(x.title), cell: (x) => <><Link to="/scenarios/$scenario" params={{ scenario: x.slug }}>{say(x.title) || x.slug}</Link><div className="faint mono">{x.slug}</div></> },
    { key: 'gates', head: t('col.gates'), width: 80, cell: (x) => <GateMarks gates={of.get(x.id) ?? []} /> },
    { key: 'say', head: t('home.blocks'), cell: (x) => { const g = of.get(x.id)?.find((v) => v.rules > 0 && v.outcome !== 'pass'); return g ? <span className="quiet">{capital(say(g.reason))}</span> : '' } },
    { key: 'owner', head: t('col.owner'), csv: (x) => x.owner, cell: (x) => x.owner },
    { key: 'level', head: t('col.level'), csv: (x) => x.declared_level, cell: (x) => x.declared_level },
    { key: 'class', head: t('col.class'), csv: (x) => x.data_class, cell: (x) => t(`class.${x.data_class}` as Key) },
    { key: 'updated', head: t('col.updated'), num: true, csv: (x) => x.updated, cell: (x) => f.ago(x.updated) },
  ]
  const set = (change: Partial<typeof s>) => void go({ search: { ...s, ...change }, replace: true })
  const filtered = !!(s.q || s.level || s.class)
  return (
    <Page title={t('nav.scenarios')} lead={t('scenarios.lead')}>
      <div className="section">
        {!list.data ? <Waiting /> : !list.data.length ? <Empty command="landfall init my-scenario && landfall run my-scenario">{t('scenarios.empty')}</Empty> : (
          <>
            <div className="filters">
              <Input.Search allowClear defaultValue={s.q} placeholder={t('scenarios.find')} aria-label={t('scenarios.find')} style={{ width: 240 }} onSearch={(q) => set({ q: q || undefined })} />
              <Select allowClear value={s.level} placeholder={t('col.level')} aria-label={t('col.level')} style={{ width: 120 }} options={levels.map((v) => ({ value: v, label: v }))} onChange={(v?: string) => set({ level: v })} />
              <Select allowClear value={s.class} placeholder={t('col.class')} aria-label={t('col.class')} style={{ width: 130 }} options={classes.map((v) => ({ value: v, label: t(`class.${v}` as Key) }))} onChange={(v?: string) => set({ class: v })} />
              {filtered && <button type="button" className="link" onClick={() => void go({ search: {}, replace: true })}>{t('part.clear')}</button>}
              <span style={{ marginLeft: 'auto' }}><CsvButton name="scenarios" rows={rows!} columns={columns} /></span>
            </div>
            {seen.length ? <Table label={t('nav.scenarios')} rows={seen} columns={columns} id={(x) => x.id} /> : <p className="note" role="status">{t('scenarios.nothing')}</p>}
            {rows!.length > shownAtMost && <p className="note" style={{ marginTop: 12 }}>{t('scenarios.more', { n: f.count(rows!.length), shown: shownAtMost })}</p>}
          </>
        )}
      </div>
    </Page>
  )
}
