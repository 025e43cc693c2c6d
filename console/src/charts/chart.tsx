import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts'
import { AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from 'echarts/components'
import { init, registerTheme, use, type EChartsCoreOption, type EChartsType } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { useEffect, useRef } from 'react'
import { fonts } from '../theme/antd'
import { useMode } from '../theme/mode'
import { palettes, type Mode, type Palette } from '../theme/palette'

use([BarChart, CustomChart, LineChart, ScatterChart, GridComponent, TooltipComponent, LegendComponent, MarkLineComponent, AriaComponent, SVGRenderer])

function themed(p: Palette) {
  const axis = {
    axisLine: { show: true, lineStyle: { color: p.line } }, axisTick: { show: false },
    axisLabel: { color: p.soft, fontSize: 12 }, splitLine: { lineStyle: { color: p.soft_line } }, nameTextStyle: { color: p.soft, fontSize: 12 },
  }
  return {
    color: [...p.series], backgroundColor: 'transparent', textStyle: { fontFamily: fonts, color: p.text },
    categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: { ...axis, axisLine: { show: false } }, logAxis: axis,
    legend: { textStyle: { color: p.soft, fontSize: 12 }, icon: 'circle', itemWidth: 9, itemHeight: 9, itemGap: 16, inactiveColor: p.line },
    tooltip: { backgroundColor: p.raised, borderColor: p.line, borderWidth: 1, textStyle: { color: p.text, fontSize: 12.5 }, extraCssText: 'box-shadow:0 4px 16px rgb(0 0 0/.12);border-radius:4px' },
    line: { symbol: 'circle', symbolSize: 5, lineStyle: { width: 2 } },
    markLine: { lineStyle: { color: p.text }, label: { color: p.text } },
  }
}
for (const m of ['light', 'dark'] as Mode[]) registerTheme(`landfall-${m}`, themed(palettes[m]))

export interface ChartProps { option: (p: Palette) => EChartsCoreOption; height: number; label: string; onReady?: (png: () => string) => void }

export default function Chart({ option, height, label, onReady }: ChartProps) {
  const mode = useMode()
  const at = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(undefined)
  useEffect(() => {
    const c = chart.current = init(at.current!, `landfall-${mode}`, { renderer: 'svg' })
    const watch = new ResizeObserver(() => c.resize())
    watch.observe(at.current!)
    return () => { watch.disconnect(); c.dispose() }
  }, [mode])
  useEffect(() => {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches || navigator.webdriver
    chart.current?.setOption({ animation: !still, animationDuration: 250, ...option(palettes[mode]) }, { notMerge: true })
    onReady?.(() => chart.current!.getDataURL({ type: 'svg', backgroundColor: palettes[mode].ground }))
  })
  return <div ref={at} role="img" aria-label={label} style={{ height, width: '100%' }} />
}
