import type { GateVerdict, RuleResult } from '../../api/kinds'
import type { Key, Text } from '../../i18n'
import { shown } from '../../parts/gates'
import type { Outcome } from '../../parts/verdict'

/** What a page about a scenario opens with: the one thing that is decided, or that keeps it from being decided. */
export interface Sentence { key: Key; outcome: Outcome; gate?: string; rule?: RuleResult; text?: Text; more?: number }

const rank: Record<string, number> = { fail: 0, insufficient: 1, stale: 2, assumed: 3, pass: 4 }

/** The rule that weighs most in a gate: one that failed, else one without enough evidence, else one whose evidence is old. */
export function weightiest(v: GateVerdict): RuleResult | undefined {
  return [...(v.rules ?? [])].filter((r) => r.outcome !== 'pass' && !r.waived).sort((a, b) => (rank[a.outcome] ?? 9) - (rank[b.outcome] ?? 9))[0]
}

/** Whether a figure meets its bar as an estimate, while the bound that the rule reads does not. */
export function looksGreen(r: RuleResult): boolean {
  const x = r.readings?.[0]
  if (!x?.estimate || x.allowed == null) return false
  const meets = (v: number) => (x.op === '<=' || x.op === '<' ? v <= x.allowed! : v >= x.allowed!)
  return meets(x.estimate.value) && x.value != null && !meets(x.value)
}

export function sentence(verdicts: GateVerdict[]): Sentence {
  if (!verdicts.length || verdicts.every((v) => (v.rules ?? []).every((r) => r.outcome === 'insufficient' && !r.evidence?.length))) return { key: 'say.none', outcome: 'none' }
  const open = verdicts.find((v) => v.outcome !== 'pass' && v.outcome !== 'waived')
  const waived = verdicts.find((v) => v.outcome === 'waived')
  if (!open && waived) return { key: 'say.waived', outcome: 'waived', gate: waived.gate, rule: waived.rules?.find((r) => r.waived), text: waived.rules?.find((r) => r.waived)?.reason.text }
  if (!open) {
    const first = verdicts[0]!.rules?.[0]
    return { key: 'say.pass', outcome: 'pass', gate: verdicts.at(-1)!.gate, rule: first, text: first?.reason.text }
  }
  const rule = weightiest(open)
  const outcome = shown(open)
  const text = rule?.reason.text ?? open.reason?.text
  const more = rule?.readings?.find((x) => x.more_cases)?.more_cases
  if (rule && looksGreen(rule)) return { key: 'say.green', outcome, gate: open.gate, rule, text, more }
  switch (rule?.outcome) {
    case 'fail': return { key: 'say.fail', outcome, gate: open.gate, rule, text, more }
    case 'stale': return { key: 'say.stale', outcome, gate: open.gate, rule, text }
    case 'assumed': return { key: 'say.assumed', outcome, gate: open.gate, rule, text }
    case undefined: return { key: 'say.none', outcome, gate: open.gate, text }
    default: return { key: 'say.insufficient', outcome, gate: open.gate, rule, text, more }
  }
}
