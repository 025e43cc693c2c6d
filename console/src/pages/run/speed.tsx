import type { EChartsCoreOption } from 'echarts/core'
import type { Candidate, Poc } from '../../api/kinds'
import { escape, room } from '../../charts/forest'
import { useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Empty } from '../../parts/empty'
import { Figure } from '../../parts/figure'
import { Section } from '../../parts/page'
import { CsvButton, Table, type Column } from '../../parts/table'
import type { Palette } from '../../theme/palette'

/** How fast each candidate answers one case, on a scale that holds microseconds and seconds. */
export function Speed({ poc, limit }: { poc: Poc; limit?: number }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const rows = poc.candidates.filter((c) => c.latency_ms)
  if (!rows.length) return <Empty>{t('speed.none')}</Empty>
  const columns: Column<Candidate>[] = [
    { key: 'name', head: t('col.candidate'), names: true, csv: (c) => c.id, cell: (c) => say(c.title) },
    { key: 'p50', head: 'p50', num: true, csv: (c) => c.latency_ms!.p50, cell: (c) => f.latency(c.latency_ms!.p50) },
    { key: 'p95', head: 'p95', num: true, csv: (c) => c.latency_ms!.p95, cell: (c) => <span className="strong">{f.latency(c.latency_ms!.p95 || null)}</span> },
    { key: 'high', head: t('speed.high'), num: true, csv: (c) => c.latency_ms!.p95_high, cell: (c) => f.latency(c.latency_ms!.p95_high) },
    { key: 'p99', head: 'p99', num: true, csv: (c) => c.latency_ms!.p99, cell: (c) => f.latency(c.latency_ms!.p99 || null) },
    { key: 'throughput', head: t('speed.throughput'), num: true, csv: (c) => c.throughput, cell: (c) => (c.throughput ? f.count(Math.round(c.throughput)) : '–') },
    { key: 'n', head: t('col.n'), num: true, csv: (c) => c.latency_ms!.n, cell: (c) => (c.latency_ms!.n ? f.count(c.latency_ms!.n) : '–') },
    { key: 'from', head: t('col.provenance'), csv: (c) => c.provenance, cell: (c) => t(`provenance.${c.provenance}` as Key) },
  ]
  const drawn = rows.filter((c) => c.latency_ms!.p50 > 0)
  const option = (p: Palette): EChartsCoreOption => ({
    grid: { left: room(drawn.map((c) => say(c.title)), 170), right: 30, top: limit ? 26 : 8, bottom: 26 },
    tooltip: { trigger: 'item', formatter: (x: { dataIndex: number }) => { const c = drawn[x.dataIndex]!; const l = c.latency_ms!; return `${escape(say(c.title))}<br>p50 <b>${f.latency(l.p50)}</b> · p95 <b>${f.latency(l.p95)}</b> · p99 <b>${f.latency(l.p99)}</b>` } },
    xAxis: { type: 'log', axisLabel: { formatter: f.latency, hideOverlap: true }, splitLine: { lineStyle: { color: p.soft_line } } },
    yAxis: { type: 'category', inverse: true, data: drawn.map((c) => say(c.title)), axisLine: { show: false }, axisLabel: { color: p.text, width: 170, overflow: 'truncate' } },
    series: [{
      type: 'custom', data: drawn.map((c, i) => [c.latency_ms!.p50, i, c.latency_ms!.p99 || c.latency_ms!.p50]), encode: { x: [0, 2], y: 1 },
      renderItem: (_: unknown, api: { value: (i: number) => number; coord: (v: number[]) => number[] }) => {
        const c = drawn[api.value(1)]!
        const l = c.latency_ms!
        const at = (v: number) => api.coord([v, api.value(1)]) as [number, number]
        const [a, y] = at(l.p50)
        const imported = c.provenance !== 'measured'
        const dot = { fill: imported ? p.ground : p.accent, stroke: p.accent, lineWidth: 1.5, lineDash: c.provenance === 'assumed' ? [2.5, 2] : undefined }
        return {
          type: 'group', children: [
            { type: 'line', shape: { x1: a, y1: y, x2: at(l.p99 || l.p95 || l.p50)[0], y2: y }, style: { stroke: p.accent, opacity: 0.4, lineWidth: 3 } },
            { type: 'circle', shape: { cx: a, cy: y, r: 3.5 }, style: dot },
            ...(l.p95 > 0 ? [{ type: 'rect', shape: { x: at(l.p95)[0] - 4, y: y - 4, width: 8, height: 8 }, style: dot }] : []),
          ],
        }
      },
      markLine: limit ? { symbol: 'none', silent: true, data: [{ xAxis: limit }], lineStyle: { type: 'solid', color: p.text, width: 1.4 }, label: { formatter: t('speed.limit', { limit: f.latency(limit) }), color: p.text, position: 'start' } } : undefined,
    }],
  })
  return (
    <>
      <Section title={t('run.view.speed')} note={t('speed.note')}>
        <Figure title={t('speed.figure')} caption={t('speed.figure.note')} option={option} height={56 + drawn.length * 32} table={<Table label={t('speed.figure')} rows={rows} columns={columns} id={(c) => c.id} />} />
      </Section>
      <Section title={t('speed.table')} extra={<CsvButton name="latency" rows={rows} columns={columns} />}>
        <Table label={t('speed.table')} rows={rows} columns={columns} id={(c) => c.id} />
      </Section>
    </>
  )
}
