import type { ReactElement } from 'react'
import { useT, type Key } from '../i18n'

const known = ['pass', 'fail', 'insufficient', 'stale', 'assumed', 'waived', 'not_due', 'undefined'] as const
export type Outcome = (typeof known)[number] | 'none'

export function outcomeOf(s?: string | null): Outcome {
  return (known as readonly string[]).includes(s ?? '') ? s as Outcome : 'none'
}

const marks: Record<Outcome, ReactElement> = {
  pass: <path d="M2.500 8.500 6.200 12.200 13.500 4.200" />,
  fail: <path d="M3.500 3.500l9 9M12.500 3.500l-9 9" />,
  insufficient: <><circle cx="8" cy="8" r="6" /><path d="M8 2a6 6 0 0 0 0 12z" fill="currentColor" stroke="none" /></>,
  stale: <><circle cx="8" cy="8" r="6" /><path d="M8 4.600V8.300l2.300 1.500" /></>,
  assumed: <circle cx="8" cy="8" r="6" strokeDasharray="2.700 2.012" />,
  waived: <><path d="M3 6.500 6 9.500 12.500 2.500" /><path d="M3 14h10" strokeDasharray="2 2.700" /></>,
  not_due: <path d="M3 8h10" />,
  undefined: <path d="M3 8h10" />,
  none: <path d="M3 8h10" />,
}

export function Mark({ outcome }: { outcome: Outcome }) {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.900" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      {marks[outcome]}
    </svg>
  )
}

const colour = (o: Outcome) => (o === 'not_due' || o === 'undefined' ? 'none' : o === 'waived' ? 'assumed' : o)
export const verdictClass = (o: Outcome) => `v-${colour(o)}`

/** A verdict is a shape, a word and a colour, never a colour alone. */
export function Verdict({ outcome }: { outcome?: string | null }) {
  const { t } = useT()
  const o = outcomeOf(outcome)
  return <span className={`verdict ${verdictClass(o)}`}><Mark outcome={o} />{t(`verdict.${o}` as Key)}</span>
}
