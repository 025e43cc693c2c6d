import type { Candidate, Poc } from '../../api/kinds'
import { against, forest, type Interval } from '../../charts/forest'
import { useSay, useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Figure } from '../../parts/figure'
import { Table, type Column } from '../../parts/table'
import { Verdict } from '../../parts/verdict'

/** The candidates that answer the scenario's first suite: others have bars of their own. */
export function firstSuite(poc: Poc): { suite?: string; rows: Candidate[] } {
  const suite = poc.candidates.flatMap((c) => c.suites ?? [])[0]?.suite
  if (!suite) return { rows: poc.candidates }
  return {
    suite, rows: poc.candidates.flatMap((c) => {
      if (!c.suites?.length) return c
      const s = c.suites.find((x) => x.suite === suite)
      return s ? { ...c, overall: s } : []
    }),
  }
}

export function CandidatesFigure({ poc, bar, recommended }: { poc: Poc; bar?: number; recommended?: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const rows = firstSuite(poc).rows.map((c): Interval & { n: number; id: string } => ({
    id: c.id, name: say(c.title), n: c.overall.n, value: c.overall.accuracy, low: c.overall.low, high: c.overall.high,
    outcome: c.provenance === 'assumed' ? 'assumed' : bar == null ? 'none' : against(c.overall.low, c.overall.high, bar),
    note: c.provenance === 'assumed' ? t('provenance.assumed') : t('figure.n', { n: f.count(c.overall.n) }),
  }))
  const columns: Column<(typeof rows)[number]>[] = [
    { key: 'name', head: t('col.candidate'), names: true, cell: (r) => r.name + (r.id === recommended ? ` · ${t('run.recommended')}` : '') },
    { key: 'value', head: t('col.measured'), num: true, cell: (r) => <span className="strong">{f.share(r.value)}</span> },
    { key: 'interval', head: t('col.interval'), num: true, cell: (r) => `${f.bare(r.low)} – ${f.bare(r.high)}` },
    { key: 'outcome', head: t('col.verdict'), cell: (r) => <Verdict outcome={r.outcome} /> },
  ]
  return (
    <Figure title={t('figure.candidates')} caption={t('figure.candidates.note')} height={64 + rows.length * 33}
      option={forest(rows, { bar, barLabel: bar == null ? '' : t('figure.bar', { bar: f.share(bar, 0) }), format: (v) => f.share(v, 0) })}
      table={<Table label={t('figure.candidates')} rows={rows} columns={columns} id={(r) => r.id} />} />
  )
}
