import { Fragment, type ReactNode } from 'react'
import { useT } from '../i18n'

export interface Column<T> {
  key: string
  head: string
  cell: (row: T, i: number) => ReactNode
  /** Figures stand right and keep together. */
  num?: boolean
  /** The column that names the row. */
  names?: boolean
  width?: string | number
  /** What rows are ordered by; without it the column cannot be. */
  by?: (row: T) => number | string | null | undefined
  /** On a narrow screen the cell stands by itself, without its head. */
  bare?: boolean
  csv?: (row: T) => unknown
}

export interface Order { key: string; down: boolean }
interface Props<T> {
  label: string
  rows: readonly T[]
  columns: Column<T>[]
  id: (row: T, i: number) => string
  order?: Order
  onOrder?: (o: Order) => void
  more?: (row: T) => ReactNode
  open?: (row: T) => boolean
  onPick?: (row: T) => void
  /** What is too wide for any narrow screen scrolls; the rest stacks. */
  scroll?: boolean
}

export function ordered<T>(rows: readonly T[], columns: Column<T>[], order?: Order): T[] {
  const by = columns.find((c) => c.key === order?.key)?.by
  if (!by || !order) return [...rows]
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)]
    if (x == null || y == null) return x == null ? (y == null ? 0 : 1) : -1 // what is unknown stands last
    const c = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y))
    return order.down ? -c : c
  })
}

export function Table<T>({ label, rows, columns, id, order, onOrder, more, open, onPick, scroll }: Props<T>) {
  const { t } = useT()
  const table = (
    <table className={`grid${scroll ? '' : ' stack'}`} aria-label={label}>
      <thead><tr>{columns.map((c) => {
        const on = order?.key === c.key
        return (
          <th key={c.key} scope="col" className={c.num ? 'num' : undefined} style={{ width: c.width }} aria-sort={on ? (order.down ? 'descending' : 'ascending') : undefined}>
            {c.by && onOrder ? <button type="button" title={t('part.sort', { what: c.head })} onClick={() => onOrder({ key: c.key, down: on ? !order.down : !!c.num })}>{c.head}</button> : c.head}
          </th>
        )
      })}</tr></thead>
      <tbody>{ordered(rows, columns, order).map((row, i) => (
        <Fragment key={id(row, i)}>
          <tr className={[open?.(row) && 'open', onPick && 'pick'].filter(Boolean).join(' ') || undefined} onClick={onPick && ((e) => { if (!(e.target as HTMLElement).closest('a,button,input')) onPick(row) })}>
            {columns.map((c) => {
              const cell = c.cell(row, i)
              return c.names ? <th key={c.key} scope="row">{cell}</th>
                : <td key={c.key} className={[c.num && 'num', c.bare && 'bare', (cell === '–' || cell === '') && 'nothing'].filter(Boolean).join(' ') || undefined} data-head={c.bare ? undefined : c.head}>{cell}</td>
            })}
          </tr>
          {more && open?.(row) && <tr className="more"><td className="bare" colSpan={columns.length}>{more(row)}</td></tr>}
        </Fragment>
      ))}</tbody>
    </table>
  )
  return scroll ? <div className="scroll" tabIndex={0} role="region" aria-label={label}>{table}</div> : table
}

/** Rows as CSV (RFC 4180). A cell that a spreadsheet would run as a formula is quoted as text. */
export function csv<T>(rows: readonly T[], columns: Column<T>[]): string {
  const field = (v: unknown) => {
    let s = v == null ? '' : String(v)
    if (/^[=+@\t\r]/.test(s) || /^-(?![\d.])/.test(s)) s = "'" + s
    return /[",\r\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s
  }
  const out = columns.filter((c) => c.csv)
  return [out.map((c) => field(c.head)), ...rows.map((r) => out.map((c) => field(c.csv!(r))))].map((l) => l.join(',')).join('\r\n') + '\r\n'
}

export function save(name: string, content: BlobPart, type: string) {
  const url = URL.createObjectURL(new Blob([content], { type }))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export function CsvButton<T>({ name, rows, columns }: { name: string; rows: readonly T[]; columns: Column<T>[] }) {
  const { t } = useT()
  // The mark tells spreadsheets that it is UTF-8.
  return <button type="button" className="link" onClick={() => save(`${name}.csv`, '\ufeff' + csv(rows, columns), 'text/csv;charset=utf-8')}>{t('part.csv')}</button>
}
