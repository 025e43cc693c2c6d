import type { Quality } from '../../api/kinds'
import { useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { Verdict } from '../../parts/verdict'

type Rule = Quality['rules'][number] & { suite?: string }
const named = ['missing-values', 'class-balance', 'class-share', 'class-relative', 'class-count', 'leakage', 'duplicates', 'annotated', 'unseen-classes'] as const

/** What the data-quality gate found: what is wrong first. */
export function Data({ quality }: { quality: Quality }) {
  const { t } = useT()
  const f = useFormat()
  const rules: Rule[] = [...quality.rules, ...Object.entries(quality.suites ?? {}).flatMap(([suite, q]) => q.rules.map((r) => ({ ...r, suite })))]
  const failed = rules.filter((r) => !r.passed)
  const rows = Object.values(quality.profile.rows).reduce((a, b) => a + b, 0) + Object.values(quality.suites ?? {}).reduce((n, q) => n + Object.values(q.profile.rows).reduce((a, b) => a + b, 0), 0)
  const value = (v: number) => (v >= 0 && v <= 1 ? f.share(v) : f.plain(v))
  return (
    <>
      <section style={{ marginTop: 40 }} aria-label={t('run.view.data')}>
        <div className="kicker"><Verdict outcome={quality.passed ? 'pass' : 'fail'} /><span>{t('kind.quality')}</span></div>
        <h2 className="say">{quality.passed ? t('data.says.fit') : t('data.says.unfit')}</h2>
        <p className="lead">{t('data.lead', { rows: f.count(rows), rules: f.count(rules.length), failed: f.count(failed.length) })}</p>
      </section>
      <Section title={t('data.rules')} ruled>
        <Table label={t('data.rules')} rows={[...failed, ...rules.filter((r) => r.passed)]} id={(r, i) => `${r.suite} ${r.id} ${r.column} ${r.class} ${r.split} ${i}`} columns={[
          { key: 'outcome', head: t('col.verdict'), width: 110, cell: (r) => <Verdict outcome={r.passed ? 'pass' : 'fail'} /> },
          { key: 'rule', head: t('col.rule'), names: true, cell: (r) => ((named as readonly string[]).includes(r.id) ? t(`data.rule.${r.id}` as Key) : r.id) },
          { key: 'subject', head: t('data.subject'), cell: (r) => [r.suite, r.column ?? r.class, r.split].filter(Boolean).join(' · ') || '–' },
          { key: 'observed', head: t('col.measured'), num: true, cell: (r) => <span className="strong">{value(r.observed)}</span> },
          { key: 'allowed', head: t('col.bar'), num: true, cell: (r) => value(r.allowed) },
          { key: 'of', head: t('col.n'), num: true, cell: (r) => (r.of ? f.count(r.of) : '–') },
        ]} />
      </Section>
    </>
  )
}
