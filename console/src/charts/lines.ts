import type { EChartsCoreOption } from 'echarts/core'
import type { Palette } from '../theme/palette'
import { escape, room } from './forest'

export interface Curve { name: string; points: [number, number][] }
interface Axes { x: string; y: string; fx: (v: number) => string; fy: (v: number) => string; legend?: boolean; min?: number; max?: number; xmin?: number; xmax?: number; step?: boolean }

const shapes = ['circle', 'rect', 'triangle', 'diamond', 'emptyCircle', 'emptyRect']

/** Curves over one axis. They differ by symbol as well as by colour. */
export function lines(curves: Curve[], a: Axes) {
  return (p: Palette): EChartsCoreOption => ({
    grid: { left: 52, right: 24, top: 30, bottom: a.legend === false ? 44 : 70 },
    legend: a.legend === false ? undefined : { bottom: 0, type: 'plain', left: 0, data: curves.map((c) => c.name), icon: undefined },
    tooltip: { trigger: 'axis', formatter: (xs: { seriesName: string; marker: string; value: [number, number] }[]) => xs.length ? `${a.x} ${a.fx(xs[0]!.value[0])}<br>` + xs.map((x) => `${x.marker}${escape(x.seriesName)} <b>${a.fy(x.value[1])}</b>`).join('<br>') : '' },
    xAxis: { type: 'value', name: a.x, nameLocation: 'middle', nameGap: 26, min: a.xmin ?? 0, max: a.xmax ?? 1, axisLabel: { formatter: a.fx }, splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: p.line } } },
    yAxis: { type: 'value', name: a.y, nameLocation: 'end', nameTextStyle: { align: 'left' }, min: a.min, max: a.max, axisLabel: { formatter: a.fy }, splitNumber: 4 },
    series: curves.map((c, i) => ({ type: 'line', name: c.name, data: c.points, symbol: shapes[i % shapes.length], symbolSize: 6, showSymbol: c.points.length < 40, color: p.series[i % p.series.length], emphasis: { focus: 'series' } })),
  })
}

export interface Band { month: number; p10: number; p50: number; p90: number }

/** A fan: the median as a line within the band from P10 to P90. */
export function fan(points: Band[], words: { median: string; band: string; x: string }, money: (v: number) => string) {
  return (p: Palette): EChartsCoreOption => ({
    grid: { left: 66, right: 18, top: 16, bottom: 44 },
    tooltip: { trigger: 'axis', formatter: (xs: { dataIndex: number }[]) => { const b = points[xs[0]?.dataIndex ?? 0]!; return `${words.x} ${b.month}<br>${words.median} <b>${money(b.p50)}</b><br>${words.band} ${money(b.p10)} – ${money(b.p90)}` } },
    xAxis: { type: 'category', data: points.map((b) => b.month), name: words.x, nameLocation: 'middle', nameGap: 24, boundaryGap: false, axisLabel: { interval: 5 } },
    yAxis: { type: 'value', axisLabel: { formatter: money }, splitNumber: 4 },
    series: [
      { type: 'line', data: points.map((b) => b.p10), stack: 'band', symbol: 'none', lineStyle: { opacity: 0 }, silent: true, stackStrategy: 'all' },
      { type: 'line', data: points.map((b) => b.p90 - b.p10), stack: 'band', symbol: 'none', lineStyle: { opacity: 0 }, areaStyle: { color: p.accent, opacity: 0.14 }, silent: true, stackStrategy: 'all' },
      { type: 'line', data: points.map((b) => b.p50), symbol: 'none', color: p.accent, markLine: { symbol: 'none', silent: true, data: [{ yAxis: 0 }], label: { show: false }, lineStyle: { color: p.text, type: 'solid', width: 1 } } },
    ],
  })
}

export interface Sway { name: string; low: number; high: number; assumed: boolean }

/** A tornado: how far each input alone moves the result; what was assumed is dashed. */
export function tornado(rows: Sway[], middle: number, money: (v: number) => string) {
  return (p: Palette): EChartsCoreOption => ({
    grid: { left: room(rows.map((r) => r.name), 190), right: 30, top: 8, bottom: 26 },
    tooltip: { trigger: 'item', formatter: (x: { dataIndex: number }) => { const r = rows[x.dataIndex]!; return `${escape(r.name)}<br>${money(r.low)} – ${money(r.high)}` } },
    xAxis: { type: 'value', axisLabel: { formatter: money, hideOverlap: true }, scale: true, splitNumber: 4 },
    yAxis: { type: 'category', inverse: true, data: rows.map((r) => r.name), axisLine: { show: false }, axisLabel: { color: p.text, width: 190, overflow: 'truncate' } },
    series: [{
      type: 'custom', data: rows.map((r, i) => [r.low, i, r.high]), encode: { x: [0, 2], y: 1 },
      renderItem: (_: unknown, api: { value: (i: number) => number; coord: (v: number[]) => number[] }) => {
        const r = rows[api.value(1)]!
        const [a, y] = api.coord([Math.min(r.low, r.high), api.value(1)]) as [number, number]
        const b = api.coord([Math.max(r.low, r.high), api.value(1)])[0]!
        return { type: 'rect', shape: { x: a, y: y - 6, width: Math.max(1, b - a), height: 12 }, style: { fill: p.accent, fillOpacity: r.assumed ? 0.18 : 0.75, stroke: p.accent, lineWidth: 1, lineDash: r.assumed ? [3, 2] : undefined } }
      },
      markLine: { symbol: 'none', silent: true, data: [{ xAxis: middle }], label: { show: false }, lineStyle: { type: 'solid', color: p.text, width: 1.2 } },
    }],
  })
}
