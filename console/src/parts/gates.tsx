import type { GateVerdict } from '../api/kinds'
import { useT, type Key } from '../i18n'
import { Mark, outcomeOf, verdictClass, Verdict, type Outcome } from './verdict'

export const stages = ['align', 'prove', 'platform', 'deepen', 'organize', 'share'] as const

/** A gate says "stale" where that is all that keeps it from passing: then nothing need be improved, only measured again. */
export function shown(v?: GateVerdict): Outcome {
  if (!v) return 'none'
  if (v.outcome !== 'insufficient') return outcomeOf(v.outcome)
  const open = (v.rules ?? []).filter((r) => r.outcome !== 'pass')
  return open.length > 0 && open.every((r) => r.outcome === 'stale') ? 'stale' : 'insufficient'
}

/** The six gates as six hairlines, with a mark and a word. */
export function GateLine({ verdicts }: { verdicts: GateVerdict[] }) {
  const { t } = useT()
  return (
    <ol className="rail-gates">
      {stages.map((stage, i) => {
        const v = verdicts.find((x) => x.gate === stage)
        const o = v ? shown(v) : i < 2 ? 'none' : 'not_due'
        return (
          <li key={stage} className={verdictClass(o)}>
            <div className="word"><span>{i + 1}</span><span className={v ? 'due' : undefined}>{t(`stage.${stage}` as Key)}</span></div>
            <Verdict outcome={o} />
          </li>
        )
      })}
    </ol>
  )
}

/** The same, small enough for a row: the words are for the ear. */
export function GateMarks({ verdicts }: { verdicts: GateVerdict[] }) {
  const { t } = useT()
  return (
    <span className="small-gates">
      {verdicts.map((v) => {
        const words = `${t(`stage.${v.gate}` as Key)}: ${t(`verdict.${shown(v)}` as Key)}`
        return <span key={v.gate} className={`verdict ${verdictClass(shown(v))}`} title={words}><Mark outcome={shown(v)} /><span className="unseen">{words}</span></span>
      })}
    </span>
  )
}
