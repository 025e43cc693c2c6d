import { Link } from '@tanstack/react-router'
import type { Grade, Poc, SliceVerdict } from '../../api/kinds'
import { forest, type Interval } from '../../charts/forest'
import { capital, useSay, useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Figure } from '../../parts/figure'
import { Section } from '../../parts/page'
import { CsvButton, Table, type Column } from '../../parts/table'
import { Mark, outcomeOf, Verdict, verdictClass } from '../../parts/verdict'

/** Where the boundary runs: for each slice, the cheapest candidate that is proven good enough, and how every other one did. */
export function Boundary({ grade, poc }: { grade: Grade; poc: Poc }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const name = (id: string) => { const c = poc.candidates.find((x) => x.id === id); return c ? say(c.title) : id || '–' }
  const closest = (s: SliceVerdict) => s.tests?.find((x) => x.candidate === (s.cheapest || s.closest))
  const points = grade.slices.flatMap((s): Interval[] => {
    const x = closest(s)
    return x ? [{ name: say(s.title), value: x.accuracy, low: x.low, high: x.high, outcome: outcomeOf(s.outcome), bar: s.bar, note: name(x.candidate) }] : []
  })
  const tested = poc.candidates.filter((c) => grade.slices.some((s) => s.tests?.some((x) => x.candidate === c.id)))
  const reasons = new Map(grade.matrix?.map((m) => [m.slice, m]))
  const columns: Column<SliceVerdict>[] = [
    { key: 'slice', head: t('col.slice'), names: true, csv: (s) => s.slice, cell: (s) => say(s.title) || s.slice },
    { key: 'level', head: t('col.level'), csv: (s) => s.level, cell: (s) => s.level },
    { key: 'share', head: t('run.traffic'), num: true, csv: (s) => s.share.value, cell: (s) => f.share(s.share.value) },
    { key: 'bar', head: t('col.bar'), num: true, csv: (s) => s.bar, cell: (s) => `≥ ${f.share(s.bar, 0)}` },
    { key: 'cheapest', head: t('run.cheapest'), csv: (s) => s.cheapest, cell: (s) => (s.cheapest ? name(s.cheapest) : '–') },
    { key: 'accuracy', head: t('col.correct'), num: true, csv: (s) => closest(s)?.accuracy, cell: (s) => <span className="strong">{f.share(closest(s)?.accuracy)}</span> },
    { key: 'low', head: t('run.low'), num: true, csv: (s) => closest(s)?.low, cell: (s) => f.share(closest(s)?.low) },
    { key: 'outcome', head: t('col.verdict'), csv: (s) => s.outcome, cell: (s) => <Verdict outcome={s.outcome} /> },
    { key: 'more', head: t('run.more'), num: true, csv: (s) => s.more, cell: (s) => (s.more ? `+${f.count(s.more)}` : '–') },
  ]
  const cells: Column<SliceVerdict>[] = [
    { key: 'slice', head: t('col.slice'), names: true, csv: (s) => s.slice, cell: (s) => say(s.title) || s.slice },
    ...tested.map((c): Column<SliceVerdict> => ({
      key: c.id, head: say(c.title), num: true, csv: (s) => s.tests?.find((x) => x.candidate === c.id)?.accuracy, cell: (s) => {
        const x = s.tests?.find((v) => v.candidate === c.id)
        if (!x) return <span className="faint">–</span>
        const o = outcomeOf(x.outcome)
        return <span className={`verdict ${verdictClass(o)}`} title={`${f.share(x.low)} – ${f.share(x.high)} · n ${x.n}`}><Mark outcome={o} /><span className={s.cheapest === c.id ? 'strong' : ''}>{f.share(x.accuracy, 0)}</span><Said outcome={x.outcome} /></span>
      },
    })),
  ]
  return (
    <>
      <section className="split" style={{ marginTop: 40 }} aria-label={t('run.view.boundary')}>
        <div>
          <h2 className="say">{t('boundary.says', { share: f.share(grade.levels.L1?.value ?? 0) })}</h2>
          <p className="lead">{t('boundary.lead', { proven: f.share(grade.proven.value), low: f.share(grade.proven.low), high: f.share(grade.proven.high), possible: f.share(grade.possible.value), declared: grade.declared })}</p>
          {grade.worn && <p className="v-insufficient" style={{ marginTop: 12 }}>{t('boundary.worn')}</p>}
          <p className="note" style={{ marginTop: 14 }}><Link to="/align">{t('boundary.compare')}</Link></p>
        </div>
        <Figure title={t('boundary.figure')} caption={t('boundary.figure.note')} height={30 + points.length * 36} option={forest(points, { format: (v) => f.share(v, 0) })}
          table={<Table label={t('boundary.figure')} rows={grade.slices} columns={columns.slice(0, 7)} id={(s) => s.slice} />} />
      </section>
      <Section title={t('boundary.slices')} ruled extra={<CsvButton name="slices" rows={grade.slices} columns={columns} />}>
        <Table label={t('boundary.slices')} rows={grade.slices} columns={columns} id={(s) => s.slice} open={(s) => !!reasons.get(s.slice) && s.outcome !== 'pass'}
          more={(s) => <p className="note">{capital(say(reasons.get(s.slice)!.reason))}{reasons.get(s.slice)!.findings?.filter((x) => x.text.en !== reasons.get(s.slice)!.reason.en).map((x) => <span key={x.kind}> · {say(x.text)}</span>)}</p>} />
      </Section>
      <Section title={t('boundary.map')} note={t('boundary.map.note')} extra={<CsvButton name="boundary" rows={grade.slices} columns={cells} />}>
        <Table label={t('boundary.map')} rows={grade.slices} columns={cells} id={(s) => s.slice} scroll />
      </Section>
    </>
  )
}

function Said({ outcome }: { outcome: string }) {
  const { t } = useT()
  return <span className="unseen">{t(`verdict.${outcomeOf(outcome)}`)}</span>
}
