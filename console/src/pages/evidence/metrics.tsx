import { useQuery } from '@tanstack/react-query'
import { kindsDeclared } from '../../api/queries'
import type { Estimate } from '../../api/kinds'
import { useSay, useT, type Text } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Table, type Column } from '../../parts/table'

interface Row { name: string; value: number | null; estimate?: Estimate; title?: Text; unit?: string }

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

export function Metrics({ kind, metrics, currency }: { kind: string; metrics: Record<string, unknown>; currency?: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const declared = useQuery(kindsDeclared()).data?.items.find((k) => k.name === kind)?.metrics
  const rows = flat(metrics).map((r): Row => { const d = declared?.find((m) => m.name === r.name); return d ? { ...r, title: d.title, unit: d.unit } : r })
  const figure = (v: number | null | undefined, unit?: string) => f.figure(v, unit, currency)
  const columns: Column<Row>[] = [
    { key: 'name', head: t('evidence.metric'), names: true, cell: (r) => (r.title && say(r.title) ? <>{say(r.title)}<div className="faint mono">{r.name}</div></> : <code>{r.name}</code>) },
    { key: 'value', head: t('col.measured'), num: true, cell: (r) => <span className="strong">{figure(r.value, r.unit)}</span> },
    { key: 'interval', head: t('col.interval.any'), num: true, cell: (r) => (r.estimate ? `${figure(r.estimate.low, r.unit)} – ${figure(r.estimate.high, r.unit)}` : '–') },
    { key: 'level', head: t('evidence.level'), num: true, cell: (r) => (r.estimate ? f.share(r.estimate.level, 2) : '–') },
    { key: 'n', head: t('col.n'), num: true, cell: (r) => (r.estimate?.n ? f.count(r.estimate.n) : '–') },
    { key: 'method', head: t('evidence.method'), cell: (r) => r.estimate?.method ?? '–' },
  ]
  return <Table label={t('evidence.metrics')} rows={rows} columns={columns} id={(r) => r.name} />
}
