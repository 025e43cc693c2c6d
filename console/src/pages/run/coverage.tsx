import type { CoveragePoint, Poc } from '../../api/kinds'
import { lines } from '../../charts/lines'
import { useSay, useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Figure } from '../../parts/figure'
import { Section } from '../../parts/page'
import { Empty } from '../../parts/empty'
import { CsvButton, Table, type Column } from '../../parts/table'
import { firstSuite } from '../scenario/candidates'

/** Error against coverage: what a candidate gets wrong among what it dares to answer. */
export function Coverage({ poc }: { poc: Poc }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const able = firstSuite(poc).rows.filter((c) => (c.coverage?.length ?? 0) > 2)
  if (!able.length) return <Empty>{t('coverage.none')}</Empty>
  const rows = able.flatMap((c) => (c.coverage ?? []).map((x): CoveragePoint & { name: string } => ({ ...x, name: say(c.title) })))
  const columns: Column<(typeof rows)[number]>[] = [
    { key: 'name', head: t('col.candidate'), names: true, cell: (r) => r.name, csv: (r) => r.name },
    { key: 'threshold', head: t('coverage.threshold'), num: true, cell: (r) => f.plain(r.threshold, 3), csv: (r) => r.threshold },
    { key: 'coverage', head: t('coverage.coverage'), num: true, cell: (r) => f.share(r.coverage), csv: (r) => r.coverage },
    { key: 'error', head: t('coverage.error'), num: true, cell: (r) => <span className="strong">{f.share(1 - r.accuracy)}</span>, csv: (r) => 1 - r.accuracy },
    { key: 'interval', head: t('col.interval'), num: true, cell: (r) => `${f.bare(1 - r.high)} – ${f.bare(1 - r.low)}`, csv: (r) => `${1 - r.high} ${1 - r.low}` },
    { key: 'n', head: t('col.n'), num: true, cell: (r) => f.count(r.n), csv: (r) => r.n },
  ]
  return (
    <>
      <Section title={t('run.view.coverage')} note={t('coverage.note')}>
        <Figure title={t('coverage.figure')} height={390} table={<Table label={t('coverage.figure')} rows={rows} columns={columns} id={(r) => r.name + r.threshold} />} extra={<CsvButton name="coverage" rows={rows} columns={columns} />}
          option={lines(able.map((c) => ({ name: say(c.title), points: (c.coverage ?? []).map((x) => [x.coverage, 1 - x.accuracy]) })), { x: t('coverage.coverage'), y: t('coverage.error'), fx: (v) => f.share(v, 0), fy: (v) => f.share(v, 0), min: 0 })} />
      </Section>
      <Section title={t('coverage.surest')} note={t('coverage.surest.note')}>
        <Table label={t('coverage.surest')} rows={able.filter((c) => c.surest_80)} id={(c) => c.id} columns={[
          { key: 'name', head: t('col.candidate'), names: true, cell: (c) => say(c.title) },
          { key: 'coverage', head: t('coverage.coverage'), num: true, cell: (c) => f.share(c.surest_80!.coverage) },
          { key: 'accuracy', head: t('col.correct'), num: true, cell: (c) => <span className="strong">{f.share(c.surest_80!.accuracy)}</span> },
          { key: 'interval', head: t('col.interval'), num: true, cell: (c) => `${f.bare(c.surest_80!.low)} – ${f.bare(c.surest_80!.high)}` },
          { key: 'n', head: t('col.n'), num: true, cell: (c) => f.count(c.surest_80!.n) },
        ]} />
      </Section>
    </>
  )
}
