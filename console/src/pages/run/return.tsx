import { Link } from '@tanstack/react-router'
import type { Costing, Roi } from '../../api/kinds'
import { fan, tornado } from '../../charts/lines'
import { useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Figure } from '../../parts/figure'
import { Section } from '../../parts/page'
import { CsvButton, Table, type Column } from '../../parts/table'

/** What the work costs and brings: per year, and over its whole life if the scenario states one. */
export function Return({ roi, evidence }: { roi: Roi; evidence: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const money = (v: number) => f.money(v, roi.currency)
  const spread = (s: { p10: number; p90: number }) => t('return.spread', { low: money(s.p10), high: money(s.p90) })
  const life = roi.life
  const ways = [['graded', roi.graded], ['dearest', roi.all_dearest], ...(roi.today ? [['today', roi.today]] : [])] as [string, Costing][]
  const lineColumns: Column<NonNullable<Roi['life']>['lines'][number]>[] = [
    { key: 'title', head: t('return.line'), names: true, csv: (l) => l.id, cell: (l) => say(l.title) },
    { key: 'amount', head: t('return.median'), num: true, csv: (l) => l.amount.p50, cell: (l) => <span className="strong">{money(l.amount.p50)}</span> },
    { key: 'spread', head: 'P10 – P90', num: true, csv: (l) => `${l.amount.p10} ${l.amount.p90}`, cell: (l) => `${money(l.amount.p10)} – ${money(l.amount.p90)}` },
    { key: 'share', head: t('return.share'), num: true, csv: (l) => l.share, cell: (l) => f.share(l.share) },
    { key: 'from', head: t('col.provenance'), csv: (l) => l.provenance, cell: (l) => t(`provenance.${l.provenance}` as Key) },
  ]
  return (
    <>
      <section style={{ marginTop: 40 }} aria-label={t('run.view.return')}>
        <h2 className="say">{roi.saving.p10 > 0 ? t('return.says.saves', { amount: money(roi.saving.p50) }) : roi.saving.p90 < 0 ? t('return.says.loses', { amount: money(-roi.saving.p50) }) : t('return.says.open')}</h2>
        <p className="lead">{t('return.lead', { range: spread(roi.saving), risk: f.share(roi.probability_of_loss), draws: f.count(roi.draws) })}{roi.provenance === 'assumed' && ` ${t('return.assumed', { share: f.share(roi.graded.assumed_share, 0) })}`}</p>
        <p className="note" style={{ marginTop: 12 }}><Link to="/evidence/$evidence" params={{ evidence }}>{t('scenario.see')}</Link></p>
      </section>
      <Section title={t('return.year')} ruled>
        <Table label={t('return.year')} rows={ways} id={([id]) => id} columns={[
          { key: 'way', head: t('return.way'), names: true, cell: ([id]) => t(`return.way.${id}` as Key) },
          { key: 'p50', head: t('return.median'), num: true, cell: ([, c]) => <span className="strong">{money(c.per_year.p50)}</span> },
          { key: 'range', head: 'P10 – P90', num: true, cell: ([, c]) => `${money(c.per_year.p10)} – ${money(c.per_year.p90)}` },
          { key: 'assumed', head: t('return.assumed.share'), num: true, cell: ([, c]) => f.share(c.assumed_share, 0) },
        ]} />
      </Section>
      {life && (
        <>
          <Section title={t('return.life', { n: life.months })} note={t('return.life.note', { rate: f.share(life.discount, 0) })}>
            <dl className="figures">
              <div><dt>{t('return.npv')}</dt><dd>{money(life.npv.p50)}<small>{money(life.npv.p10)} – {money(life.npv.p90)}</small></dd></div>
              <div><dt>{t('return.loss')}</dt><dd>{f.share(life.probability_of_loss)}<small>{t('return.loss.note')}</small></dd></div>
              {life.payback && <div><dt>{t('return.payback')}</dt><dd>{life.payback.p50 == null ? '–' : t('return.months', { n: f.plain(life.payback.p50, 1) })}<small>{t('return.never', { share: f.share(life.payback.never) })}</small></dd></div>}
              <div><dt>{t('return.assumed.share')}</dt><dd>{f.share(life.assumed, 0)}<small>{t('return.assumed.note')}</small></dd></div>
            </dl>
          </Section>
          <div className="columns section">
            <Figure title={t('return.fan')} caption={t('return.fan.note')} height={280} option={fan(life.fan, { median: t('return.median'), band: 'P10 – P90', x: t('return.month') }, money)}
              table={<Table label={t('return.fan')} rows={life.fan.filter((_, i) => i % 3 === 0)} id={(b) => String(b.month)} columns={[
                { key: 'month', head: t('return.month'), names: true, cell: (b) => b.month },
                { key: 'p10', head: 'P10', num: true, cell: (b) => money(b.p10) }, { key: 'p50', head: t('return.median'), num: true, cell: (b) => money(b.p50) }, { key: 'p90', head: 'P90', num: true, cell: (b) => money(b.p90) }]} />} />
            <Figure title={t('return.tornado')} caption={t('return.tornado.note')} height={280} option={tornado(life.tornado.slice(0, 8).map((x) => ({ name: say(x.title), low: x.low, high: x.high, assumed: x.provenance === 'assumed' })), life.npv.p50, money)}
              table={<Table label={t('return.tornado')} rows={life.tornado} id={(x) => x.input} columns={[
                { key: 'input', head: t('return.input'), names: true, cell: (x) => say(x.title) },
                { key: 'range', head: t('return.npv'), num: true, cell: (x) => `${money(x.low)} – ${money(x.high)}` },
                { key: 'from', head: t('col.provenance'), cell: (x) => t(`provenance.${x.provenance}` as Key) }]} />} />
          </div>
          <Section title={t('return.options')}>
            <Table label={t('return.options')} rows={life.options} id={(o) => o.id} columns={[
              { key: 'title', head: t('return.way'), names: true, cell: (o) => say(o.title) + (o.id === life.proposed ? ` · ${t('return.proposed')}` : o.id === life.baseline ? ` · ${t('run.baseline')}` : '') },
              { key: 'npv', head: t('return.npv'), num: true, cell: (o) => <span className="strong">{o.id === life.baseline ? '–' : money((o.gain ?? o.npv).p50)}</span> },
              { key: 'cost', head: t('return.cost'), num: true, cell: (o) => money(o.cost.p50) },
              { key: 'task', head: t('return.task'), num: true, cell: (o) => (o.cost_per_task ? money(o.cost_per_task.p50) : '–') },
              { key: 'best', head: t('return.best'), num: true, cell: (o) => f.share(o.best, 0) },
            ]} />
          </Section>
          <Section title={t('return.lines')} extra={<CsvButton name="lines" rows={life.lines} columns={lineColumns} />}>
            <Table label={t('return.lines')} rows={life.lines} columns={lineColumns} id={(l) => l.id} />
          </Section>
          {!!life.measure?.length && (
            <Section title={t('return.measure')} note={t('return.measure.note')}>
              <Table label={t('return.measure')} rows={life.measure} id={(m) => m.input} columns={[
                { key: 'input', head: t('return.input'), names: true, cell: (m) => say(m.title) },
                { key: 'value', head: t('return.worth'), num: true, cell: (m) => <span className="strong">{money(m.value)}</span> },
                { key: 'from', head: t('col.provenance'), cell: (m) => t(`provenance.${m.provenance}` as Key) },
              ]} />
            </Section>
          )}
        </>
      )}
    </>
  )
}
