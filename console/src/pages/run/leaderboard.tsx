import { useNavigate, useSearch } from '@tanstack/react-router'
import { Select } from 'antd'
import type { Candidate, Poc, Selection } from '../../api/kinds'
import { capital, useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Section } from '../../parts/page'
import { CsvButton, Table, type Column, type Order } from '../../parts/table'
import { CandidatesFigure, firstSuite } from '../scenario/candidates'

/** The order that the address names: "-cost" falls, "cost" rises. */
export function orderOf(s: string | undefined, otherwise: Order): Order {
  return s ? { key: s.replace(/^-/, ''), down: s.startsWith('-') } : otherwise
}

export function Leaderboard({ poc, selection }: { poc: Poc; selection?: Selection }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const s = useSearch({ from: '/shell/runs/$run' })
  const go = useNavigate({ from: '/runs/$run' })
  const { rows, suite } = firstSuite(poc)
  const base = rows.find((c) => c.id === (s.baseline ?? selection?.recommended)) ?? rows[0]
  const recommended = poc.candidates.find((c) => c.id === selection?.recommended)
  const cost = (c: Candidate) => Number(c.cost_per_task.amount)
  const delta = (c: Candidate) => (base && c !== base && c.overall.n === base.overall.n && c.overall.n ? c.overall.accuracy - base.overall.accuracy : null)
  const columns: Column<Candidate>[] = [
    { key: 'name', head: t('col.candidate'), names: true, by: (c) => say(c.title), csv: (c) => c.id, cell: (c) => <>{say(c.title)}{c.id === selection?.recommended && <span className="quiet"> · {t('run.recommended')}</span>}<div className="faint mono">{c.id}</div></> },
    { key: 'rung', head: t('col.rung'), cell: (c) => t(`rung.${c.rung}` as Key), csv: (c) => c.rung },
    { key: 'accuracy', head: t('col.correct'), num: true, by: (c) => c.overall.accuracy, csv: (c) => c.overall.accuracy, cell: (c) => <span className="strong">{f.share(c.overall.accuracy)}</span> },
    { key: 'low', head: t('col.interval'), num: true, by: (c) => c.overall.low, csv: (c) => `${c.overall.low} ${c.overall.high}`, cell: (c) => `${f.bare(c.overall.low)} – ${f.bare(c.overall.high)}` },
    { key: 'delta', head: t('run.delta'), num: true, by: delta, csv: delta, cell: (c) => (c.id === base?.id ? t('run.baseline') : delta(c) == null ? '–' : `${delta(c)! > 0 ? '+' : ''}${f.plain(delta(c)! * 100, 1)}`) },
    { key: 'n', head: t('col.n'), num: true, csv: (c) => c.overall.n, cell: (c) => (c.overall.n ? f.count(c.overall.n) : '–') },
    { key: 'p95', head: 'p95', num: true, by: (c) => c.latency_ms?.p95, csv: (c) => c.latency_ms?.p95, cell: (c) => f.latency(c.latency_ms?.p95 || null) },
    { key: 'cost', head: t('run.cost'), num: true, by: cost, csv: cost, cell: (c) => f.money(cost(c) * 1000, c.cost_per_task.currency) },
    { key: 'from', head: t('col.provenance'), csv: (c) => c.provenance, cell: (c) => t(`provenance.${c.provenance}` as Key) },
  ]
  return (
    <>
      {selection && recommended && (
        <section className="split" style={{ marginTop: 40 }} aria-label={t('run.recommended')}>
          <div>
            <h2 className="say">{t('run.says', { candidate: say(recommended.title) })}</h2>
            <p className="lead">{capital(say(selection.reason))}</p>
            {!!poc.not_measured?.length && <p className="note" style={{ marginTop: 12 }}>{t('run.unmeasured', { rungs: poc.not_measured.map((r) => t(`rung.${r}` as Key)).join(t('list.comma')) })}</p>}
          </div>
          <CandidatesFigure poc={poc} bar={selection.limits.accuracy} recommended={selection.recommended} />
        </section>
      )}
      <Section title={t('run.view.candidates')} ruled={!!selection} note={suite ? t('run.suite', { suite }) : undefined}
        extra={<span style={{ display: 'flex', flexWrap: 'wrap', gap: '8px 16px', alignItems: 'center' }}>
          <label className="note" htmlFor="baseline">{t('run.baseline')}</label>
          <Select id="baseline" value={base?.id} style={{ width: 220 }} options={rows.map((c) => ({ value: c.id, label: say(c.title) }))} onChange={(v: string) => void go({ search: { ...s, baseline: v }, replace: true, resetScroll: false })} />
          <CsvButton name="candidates" rows={rows} columns={columns} />
        </span>}>
        <Table label={t('run.view.candidates')} rows={rows} columns={columns} id={(c) => c.id} order={orderOf(s.sort, { key: 'accuracy', down: true })}
          onOrder={(o) => void go({ search: { ...s, sort: (o.down ? '-' : '') + o.key }, replace: true, resetScroll: false })} />
        <p className="note" style={{ marginTop: 12 }}>{t('run.attempt', { n: poc.attempt ?? 1, cases: f.count(poc.cases) })}</p>
      </Section>
    </>
  )
}
