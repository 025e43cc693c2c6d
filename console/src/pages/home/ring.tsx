import type { GateBrief } from '../../api/queries'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'

const stages = ['align', 'prove', 'platform', 'deepen', 'organize', 'share'] as const
const words = ['ring.align', 'ring.prove', 'ring.platform', 'ring.deepen', 'ring.organize', 'ring.share'] as const
const [size, r, gap] = [320, 140, 5]

function at(angle: number, radius: number): [number, number] {
  const a = ((angle - 90) * Math.PI) / 180
  return [size / 2 + radius * Math.cos(a), size / 2 + radius * Math.sin(a)]
}

function arc(from: number, to: number): string {
  const [x1, y1] = at(from, r)
  const [x2, y2] = at(to, r)
  return `M${x1.toFixed(2)} ${y1.toFixed(2)}A${r} ${r} 0 ${to - from > 180 ? 1 : 0} 1 ${x2.toFixed(2)} ${y2.toFixed(2)}`
}

/** The loop as a ring: of each step, how many scenarios have passed its gate. */
export function Ring({ all }: { all: GateBrief[][] }) {
  const { t } = useT()
  const f = useFormat()
  const passed = stages.map((s) => all.filter((gates) => gates.some((g) => g.gate === s && g.outcome === 'pass')).length)
  const due = stages.map((s) => all.some((gates) => gates.some((g) => g.gate === s)))
  const label = stages.map((_, i) => `${t(words[i]!)} ${due[i] ? t('ring.of', { passed: passed[i], all: all.length }) : t('verdict.not_due')}`).join(', ')
  return (
    <svg viewBox={`${size / 2 - r - 6} ${size / 2 - r - 6} ${2 * r + 12} ${2 * r + 12}`} role="img" aria-label={`${t('ring.label')}: ${label}`}>
      {stages.map((s, i) => {
        const [from, to] = [i * 60 + gap / 2, (i + 1) * 60 - gap / 2]
        const share = all.length ? passed[i]! / all.length : 0
        const middle = (from + to) / 2
        const [x, y] = at(middle, r - 44)
        return (
          <g key={s}>
            <path d={arc(from, to)} fill="none" stroke="var(--line)" strokeWidth={due[i] ? 10 : 3} />
            {share > 0 && <path d={arc(from, from + (to - from) * share)} fill="none" stroke="var(--pass)" strokeWidth="10" />}
            <text x={x} y={y + (due[i] ? -2 : 5)} textAnchor="middle" fontSize="14" fontWeight={due[i] ? 600 : 400} fill={due[i] ? 'var(--text)' : 'var(--faint)'}>{t(words[i]!)}</text>
            {due[i] && <text x={x} y={y + 15} textAnchor="middle" fontSize="12" fill="var(--soft)">{f.count(passed[i])} / {f.count(all.length)}</text>}
          </g>
        )
      })}
    </svg>
  )
}
