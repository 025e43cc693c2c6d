import type { Estimate } from '../../api/kinds'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Table, type Column } from '../../parts/table'

interface Row { name: string; value: number | null; estimate?: Estimate }

/** The metrics of a statement, flat: groups become "group.name". */
export function flat(metrics: Record<string, unknown>, prefix = ''): Row[] {
  return Object.entries(metrics).flatMap(([key, v]): Row[] => {
    const name = prefix + key
    if (typeof v === 'number') return [{ name, value: v }]
    if (v && typeof v === 'object' && !Array.isArray(v)) {
      const e = v as Estimate
      return typeof e.value === 'number' && 'low' in e ? [{ name, value: e.value, estimate: e }] : flat(v as Record<string, unknown>, name + '.')
    }
    return []
  })
}

export function Metrics({ metrics }: { metrics: Record<string, unknown> }) {
  const { t } = useT()
  const f = useFormat()
  const num = (v: number | null | undefined) => f.plain(v, v != null && Math.abs(v) < 10 ? 4 : 2)
  const columns: Column<Row>[] = [
    { key: 'name', head: t('evidence.metric'), names: true, cell: (r) => <code>{r.name}</code> },
    { key: 'value', head: t('col.measured'), num: true, cell: (r) => <span className="strong">{num(r.value)}</span> },
    { key: 'interval', head: t('col.interval.any'), num: true, cell: (r) => (r.estimate ? `${num(r.estimate.low)} – ${num(r.estimate.high)}` : '–') },
    { key: 'level', head: t('evidence.level'), num: true, cell: (r) => (r.estimate ? f.share(r.estimate.level, 2) : '–') },
    { key: 'n', head: t('col.n'), num: true, cell: (r) => (r.estimate ? f.count(r.estimate.n) : '–') },
    { key: 'method', head: t('evidence.method'), cell: (r) => r.estimate?.method ?? '–' },
  ]
  return <Table label={t('evidence.metrics')} rows={flat(metrics)} columns={columns} id={(r) => r.name} />
}
