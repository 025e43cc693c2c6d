import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { GateVerdict, Reading, RuleResult } from '../../api/kinds'
import { capital, useSay, useT, type Key } from '../../i18n'
import { useFormat, type Formats } from '../../i18n/format'
import { Section } from '../../parts/page'
import { Table, type Column } from '../../parts/table'
import { Verdict } from '../../parts/verdict'
import { shown } from '../../parts/gates'

const signs: Record<string, string> = { '>=': '≥', '<=': '≤', '>': '>', '<': '<', '==': '=', '!=': '≠' }

/** The figure that a rule is about: what it compares, else the first that it read. */
export function subject(r: RuleResult): Reading | undefined {
  // A switch such as "has classes at all" is read, but is not what the rule is about.
  const figures = (r.readings ?? []).filter((x) => x.unit !== 'boolean')
  return figures.find((x) => x.allowed != null) ?? figures[0]
}

export function measured(x: Reading | undefined, f: Formats, currency?: string): string {
  return x ? f.figure(x.estimate?.value ?? x.value, x.unit, currency) : '–'
}

function interval(x: Reading | undefined, f: Formats, currency?: string): string {
  const e = x?.estimate
  if (!e) return '–'
  return x.unit === 'share' ? `${f.bare(e.low)} – ${f.bare(e.high)}` : `${f.figure(e.low, x.unit, currency)} – ${f.figure(e.high, x.unit, currency)}`
}

export function Rules({ verdicts, currency }: { verdicts: GateVerdict[]; currency?: string }) {
  const { t } = useT()
  return <>{verdicts.map((v, i) => (
    <Section key={v.gate} id={v.gate} ruled={i === 0} title={t('scenario.gate', { gate: t(`stage.${v.gate}` as Key) })} extra={<Verdict outcome={shown(v)} />}>
      <RuleTable verdict={v} currency={currency} />
    </Section>
  ))}</>
}

function RuleTable({ verdict, currency }: { verdict: GateVerdict; currency?: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const s = useSearch({ from: '/shell/scenarios/$scenario' })
  const open = s.rule
  const go = useNavigate({ from: '/scenarios/$scenario' })
  const id = (r: RuleResult) => `${verdict.gate}.${r.id}`
  const toggle = (r: RuleResult) => void go({ search: { ...s, rule: open === id(r) ? undefined : id(r) }, replace: true, resetScroll: false })
  const columns: Column<RuleResult>[] = [
    { key: 'outcome', head: t('col.verdict'), width: 118, cell: (r) => <><Verdict outcome={r.outcome} />{r.waived && <div className="note">{t('verdict.waived')}</div>}</> },
    { key: 'title', head: t('col.rule'), names: true, cell: (r) => <button type="button" className="link" style={{ textAlign: 'left', color: 'inherit' }} aria-expanded={open === id(r)} onClick={() => toggle(r)}>{say(r.title)}</button> },
    { key: 'value', head: t('col.measured'), num: true, cell: (r) => <span className="strong">{measured(subject(r), f, currency)}</span> },
    { key: 'interval', head: t('col.interval.any'), num: true, cell: (r) => interval(subject(r), f, currency) },
    { key: 'n', head: t('col.n'), num: true, cell: (r) => (subject(r)?.estimate?.n ? f.count(subject(r)!.estimate!.n) : '–') },
    { key: 'allowed', head: t('col.bar'), num: true, cell: (r) => { const x = subject(r); return x?.allowed == null ? '–' : `${signs[x.op ?? ''] ?? ''} ${f.figure(x.allowed, x.unit, currency)}` } },
    { key: 'evidence', head: t('col.evidence'), num: true, cell: (r) => <FromEvidence rule={r} at={verdict.evaluated_at} /> },
  ]
  return <Table label={t('scenario.gate', { gate: t(`stage.${verdict.gate}` as Key) })} rows={verdict.rules ?? []} columns={columns} id={id} open={(r) => open === id(r)} onPick={toggle} more={(r) => <RuleMore rule={r} />} />
}

function FromEvidence({ rule, at }: { rule: RuleResult; at: string }) {
  const { t } = useT()
  const f = useFormat()
  const x = subject(rule)
  const id = x?.evidence ?? rule.evidence?.[0]
  if (!id) return <>–</>
  return <Link to="/evidence/$evidence" params={{ evidence: id }}>{x ? `${t(`provenance.${x.provenance}` as Key)} · ${f.ago(new Date(new Date(at).getTime() - 1000 * x.age_seconds).toISOString())}` : t('col.evidence')}</Link>
}

function RuleMore({ rule }: { rule: RuleResult }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const e = subject(rule)?.estimate
  return (
    <div className="rule-more">
      <dl>
        <dt>{t('rule.reason')}</dt><dd>{capital(say(rule.reason.text))}</dd>
        {say(rule.fix) && <><dt style={{ marginTop: 10 }}>{t('rule.fix')}</dt><dd>{say(rule.fix)}</dd></>}
      </dl>
      <dl>
        <dt>{t('rule.method')}</dt><dd><blockquote>{say(rule.method)}</blockquote></dd>
        <dt style={{ marginTop: 10 }}>{t('rule.expr')}</dt><dd><code>{rule.expr}</code></dd>
        {e?.method && <><dt style={{ marginTop: 10 }}>{t('rule.interval')}</dt><dd>{e.method} · {f.share(e.level, 2)}</dd></>}
      </dl>
    </div>
  )
}
