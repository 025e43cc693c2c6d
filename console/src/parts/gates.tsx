import type { GateVerdict } from '../api/kinds'
import type { GateBrief } from '../api/queries'
import { capital, useSay, useT, type Key } from '../i18n'
import { Mark, outcomeOf, verdictClass, Verdict, type Outcome } from './verdict'

/** A gate says "stale" where that is all that keeps it from passing: then nothing need be improved, only measured again. */
export function shown(v: GateVerdict): Outcome {
  if (v.outcome !== 'insufficient') return outcomeOf(v.outcome)
  const open = (v.rules ?? []).filter((r) => r.outcome !== 'pass')
  return open.length > 0 && open.every((r) => r.outcome === 'stale') ? 'stale' : 'insufficient'
}

/** Gates that nothing contributes to yet are due later, like those that the organisation has not grown to. */
export const brief = (g: GateBrief, v?: GateVerdict): Outcome => (v ? shown(v) : g.rules === 0 ? 'not_due' : outcomeOf(g.outcome))

/** The six gates as six hairlines, with a mark and a word. */
export function GateLine({ gates, verdicts }: { gates: GateBrief[]; verdicts?: GateVerdict[] }) {
  const { t } = useT()
  const say = useSay()
  return (
    <ol className="rail-gates">
      {gates.map((g, i) => {
        const o = brief(g, verdicts?.find((v) => v.gate === g.gate))
        return (
          <li key={g.gate} className={verdictClass(o)} title={o === 'not_due' ? capital(say(g.reason)) : undefined}>
            <div className="word"><span>{i + 1}</span><span className={g.rules > 0 ? 'due' : undefined}>{t(`stage.${g.gate}` as Key)}</span></div>
            <Verdict outcome={o} />
          </li>
        )
      })}
    </ol>
  )
}

/** The same, small enough for a row: the words are for the ear. */
export function GateMarks({ gates }: { gates: GateBrief[] }) {
  const { t } = useT()
  return (
    <span className="small-gates">
      {gates.filter((g) => g.rules > 0).map((g) => {
        const words = `${t(`stage.${g.gate}` as Key)}: ${t(`verdict.${brief(g)}` as Key)}`
        return <span key={g.gate} className={`verdict ${verdictClass(brief(g))}`} title={words}><Mark outcome={brief(g)} /><span className="unseen">{words}</span></span>
      })}
    </span>
  )
}
