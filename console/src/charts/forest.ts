import type { CustomSeriesRenderItemAPI, CustomSeriesRenderItemParams, CustomSeriesRenderItemReturn } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { Palette } from '../theme/palette'
import type { Outcome } from '../parts/verdict'

export interface Interval { name: string; value: number; low: number; high: number; outcome: Outcome; bar?: number; note?: string }

/** What an interval says about a bar: it clears it, misses it, or decides nothing. */
export function against(low: number, high: number, bar: number): Outcome {
  return low >= bar ? 'pass' : high < bar ? 'fail' : 'insufficient'
}

interface Options { bar?: number; barLabel?: string; format: (v: number) => string; min?: number; max?: number }

const hue = (p: Palette, o: Outcome) => (o === 'none' || o === 'undefined' || o === 'waived' ? p.not_due : p[o])

/** Estimates as marks and intervals as lines, one row each, with one bar for all or a bar for each row. */
export function forest(rows: Interval[], { bar, barLabel, format, min, max }: Options) {
  return (p: Palette): EChartsCoreOption => {
    const lows = rows.flatMap((r) => [r.low, r.bar ?? r.low, bar ?? r.low])
    const low = min ?? Math.max(0, Math.min(...lows) - 0.03)
    const from = Math.floor(low / step(low, max ?? 1) + 1e-9) * step(low, max ?? 1)
    return {
      grid: { left: room(rows.map((r) => r.name), 150), right: 26, top: bar == null ? 8 : 26, bottom: 24 },
      tooltip: { trigger: 'item', formatter: (x: { dataIndex: number }) => { const r = rows[x.dataIndex]!; return `${escape(r.name)}<br><b>${format(r.value)}</b> &nbsp;${format(r.low)} – ${format(r.high)}${r.note ? `<br>${escape(r.note)}` : ''}` } },
      xAxis: { type: 'value', min: from, max: max ?? 1, interval: step(from, max ?? 1), axisLabel: { formatter: format, hideOverlap: true } },
      yAxis: { type: 'category', inverse: true, data: rows.map((r) => r.name), axisLine: { show: false }, axisLabel: { color: p.text, width: 150, overflow: 'truncate', fontSize: 12.5 } },
      series: [{
        type: 'custom', data: rows.map((r, i) => [r.value, i]), clip: true, encode: { x: 0, y: 1 },
        renderItem: (_: CustomSeriesRenderItemParams, api: CustomSeriesRenderItemAPI): CustomSeriesRenderItemReturn => {
          const r = rows[api.value(1) as number]!
          const at = (v: number) => api.coord([v, api.value(1)])[0]!
          const y = api.coord([r.value, api.value(1)])[1]!
          const [x, a, b] = [at(r.value), at(r.low), at(r.high)]
          const c = hue(p, r.outcome)
          const mark = { fill: c, stroke: p.ground, lineWidth: 1.5 }
          const shape = r.outcome === 'fail' ? { type: 'rect' as const, shape: { x: x - 4.5, y: y - 4.5, width: 9, height: 9 }, style: mark }
            : r.outcome === 'insufficient' ? { type: 'polygon' as const, shape: { points: [[x, y - 6], [x + 6, y], [x, y + 6], [x - 6, y]] }, style: mark }
              : r.outcome === 'assumed' ? { type: 'circle' as const, shape: { cx: x, cy: y, r: 5 }, style: { fill: p.ground, stroke: c, lineWidth: 1.5, lineDash: [2.5, 2] } }
                : r.outcome === 'stale' ? { type: 'circle' as const, shape: { cx: x, cy: y, r: 5 }, style: { fill: p.ground, stroke: c, lineWidth: 2 } }
                  : { type: 'circle' as const, shape: { cx: x, cy: y, r: 5 }, style: mark }
          return {
            type: 'group', children: [
              { type: 'line', shape: { x1: a, y1: y, x2: b, y2: y }, style: { stroke: c, opacity: 0.42, lineWidth: 4, lineCap: 'round', lineDash: r.outcome === 'assumed' ? [5, 6] : undefined } },
              ...(r.bar == null ? [] : [{ type: 'line' as const, shape: { x1: at(r.bar), y1: y - 12, x2: at(r.bar), y2: y + 12 }, style: { stroke: p.text, lineWidth: 1.5 } }]),
              shape,
            ],
          }
        },
        markLine: bar == null ? undefined : {
          symbol: 'none', silent: true, animation: false, data: [{ xAxis: bar }], lineStyle: { type: 'solid', width: 1.4, color: p.text },
          label: { formatter: barLabel, position: 'start', color: p.text, fontSize: 12 },
        },
      }],
    }
  }
}

/** Ticks that a reader can count in: tenths on a short axis, fifths on a longer one, quarters on a whole one. */
export const step = (from: number, to: number) => (to - from <= 0.5 ? 0.1 : to - from <= 0.8 ? 0.2 : 0.25)

/**
 * How much room names need left of an axis, in pixels, at most most. Charts are
 * laid out by this and not by measuring labels as they are drawn: a font that
 * arrives late would move the axis under the marks.
 */
export function room(names: string[], most: number): number {
  const width = (s: string) => [...s].reduce((n, c) => n + (c > '\u2e80' ? 12.5 : 7), 0)
  return Math.round(Math.min(most, Math.max(0, ...names.map(width)))) + 12
}

export const escape = (s: string) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
