import { useMemo } from 'react'
import { useT, type Lang } from '.'

const none = '–'
const minus = (s: string) => s.replace(/^-/, '−')

/** Numbers, money and times as the reader's language writes them. A missing value is an en dash. */
export function formats(lang: Lang) {
  const locale = lang === 'zh' ? 'zh-CN' : 'en-GB'
  const number = (digits: number) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits })
  const shares = new Map<number, Intl.NumberFormat>()
  const share = (v?: number | null, digits = 1) => {
    if (v == null || !isFinite(v)) return none
    let f = shares.get(digits)
    if (!f) shares.set(digits, f = new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }))
    return minus(f.format(v))
  }
  const ones = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const bare = (v: number) => minus(ones.format(v * 100))
  const count = (v?: number | null) => (v == null ? none : minus(number(0).format(v)))
  const plain = (v?: number | null, digits = 2) => (v == null || !isFinite(v) ? none : minus(number(digits).format(v)))
  const significant = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 })
  const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumSignificantDigits: 3 })
  const latency = (ms?: number | null) => {
    if (ms == null || !isFinite(ms)) return none
    if (ms < 1) return ms === 0 ? '0 ms' : `${significant.format(ms * 1000)} µs`
    if (ms < 1000) return `${significant.format(ms)} ms`
    return `${significant.format(ms / 1000)} s`
  }
  const money = (v: number | string | null | undefined, currency?: string) => {
    const n = typeof v === 'string' ? Number(v) : v
    if (n == null || !isFinite(n)) return none
    if (!currency) return minus(significant.format(n))
    const big = Math.abs(n) >= 10_000
    try {
      return minus(new Intl.NumberFormat(locale, {
        style: 'currency', currency, currencyDisplay: 'narrowSymbol', notation: big ? 'compact' : 'standard',
        ...(big || (n !== 0 && Math.abs(n) < 1) ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 2, minimumFractionDigits: 0 }),
      }).format(n))
    } catch { return `${currency} ${compact.format(n)}` }
  }
  const dated = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
  const dayed = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' })
  const relative = new Intl.RelativeTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { numeric: 'auto', style: 'short' })
  const time = (v?: string | null) => (v ? dated.format(new Date(v)) : none)
  const day = (v?: string | null) => (v ? dayed.format(new Date(v)) : none)
  const seconds = (s: number) => {
    const a = Math.abs(s)
    if (a < 60) return relative.format(0, 'minute')
    if (a < 3600) return relative.format(Math.round(s / 60), 'minute')
    if (a < 86400) return relative.format(Math.round(s / 3600), 'hour')
    return relative.format(Math.round(s / 86400), 'day')
  }
  const ago = (v?: string | null, now = Date.now()) => (v ? seconds((new Date(v).getTime() - now) / 1000) : none)
  /** A figure in the unit that its kind declares. */
  const figure = (v: number | null | undefined, unit?: string, currency?: string) => {
    if (v == null || !isFinite(v)) return none
    switch (unit) {
      case 'share': return share(v)
      case 'ms': return latency(v)
      case 'boolean': return String(v === 1)
      case 'cases': case 'classes': case 'candidates': case 'slices': return count(v)
      case 'currency': case 'currency/year': return money(v, currency)
      default: return plain(v)
    }
  }
  return { share, bare, count, plain, latency, money, time, day, ago, figure, compact: (v: number) => minus(compact.format(v)) }
}

export type Formats = ReturnType<typeof formats>
export function useFormat(): Formats {
  const { lang } = useT()
  return useMemo(() => formats(lang), [lang])
}
