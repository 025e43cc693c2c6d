import { lazy, Suspense, useState, type ReactNode } from 'react'
import type { ChartProps } from '../charts/chart'
import { useT } from '../i18n'

const Chart = lazy(() => import('../charts/chart'))

interface Props extends Pick<ChartProps, 'option' | 'height'> { title: string; caption?: ReactNode; table: ReactNode; extra?: ReactNode }

/** A chart first, its table one click away. */
export function Figure({ title, caption, table, option, height, extra }: Props) {
  const { t } = useT()
  const [asTable, setTable] = useState(false)
  return (
    <figure className="figure">
      <header><h3>{title}</h3><span style={{ display: 'flex', gap: 16 }}>{extra}<button type="button" className="link" onClick={() => setTable(!asTable)}>{asTable ? t('part.chart') : t('part.table')}</button></span></header>
      {asTable ? table : <Suspense fallback={<div style={{ height }} />}><Chart option={option} height={height} label={title} /></Suspense>}
      {caption && <figcaption>{caption}</figcaption>}
    </figure>
  )
}
