import { useSuspenseQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../api/client'
import { feasibility } from '../api/queries'
import { capital, useSay, useT, type Key } from '../i18n'
import { useFormat } from '../i18n/format'
import { Empty } from '../parts/empty'
import { Page, Section } from '../parts/page'
import { CsvButton, Table, type Column } from '../parts/table'
import { Mark, outcomeOf, verdictClass } from '../parts/verdict'

type Row = Schemas['GradeFeasibilityRow']
type Cell = Schemas['GradeCell']

/** Which scenarios are feasible, and what each still lacks. */
export default function AlignPage() {
  const { t } = useT()
  const say = useSay()
  const { data } = useSuspenseQuery(feasibility())
  const rows = data.rows ?? []
  const cell = (key: 'l1' | 'l2' | 'l3' | 'data' | 'latency' | 'cost' | 'risk' | 'value', head: string): Column<Row> => ({
    key, head, csv: (r) => r[key].figure, num: true, cell: (r) => <Feasible cell={r[key]} currency={r.currency} />,
  })
  const columns: Column<Row>[] = [
    { key: 'rank', head: '#', width: 34, csv: (r) => r.rank, cell: (r) => r.rank },
    { key: 'title', head: t('col.scenario'), names: true, csv: (r) => r.scenario, cell: (r) => <><Link to="/scenarios/$scenario" params={{ scenario: r.scenario }}>{say(r.title)}</Link><div className="note">{t(`align.tier.${r.tier}` as Key)}</div></> },
    cell('l1', 'L1'), cell('l2', 'L2'), cell('l3', 'L3'), cell('data', t('align.data')), cell('latency', t('align.latency')),
    cell('cost', t('align.cost')), cell('risk', t('align.risk')), cell('value', t('align.value')),
  ]
  const missing = rows.filter((r) => r.missing?.length)
  return (
    <Page title={t('align.title')} lead={t('align.lead')}>
      {!rows.length ? <Empty command="landfall demo">{t('align.empty')}</Empty> : (
        <>
          <Section title={t('align.matrix')} note={rows.length > 1 && data.keeps_to > data.keeps_from ? t('align.note') : undefined} extra={<CsvButton name="feasibility" rows={rows} columns={columns} />}>
            <Table label={t('align.matrix')} rows={rows} columns={columns} id={(r) => r.scenario} />
          </Section>
          {missing.length > 0 && (
            <Section title={t('align.missing')}>
              <Table label={t('align.missing')} rows={missing} id={(r) => r.scenario} columns={[
                { key: 'title', head: t('col.scenario'), names: true, width: '26%', cell: (r) => say(r.title) },
                { key: 'missing', head: t('align.missing.what'), bare: true, cell: (r) => <ul>{r.missing!.map((m) => <li key={m.en}>{capital(say(m))}</li>)}</ul> },
              ]} />
            </Section>
          )}
        </>
      )}
    </Page>
  )
}

function Feasible({ cell, currency }: { cell: Cell; currency: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  if (cell.figure == null) return <span className="faint" title={say(cell.note)}>–</span>
  const o = outcomeOf(cell.verdict)
  const figure = cell.unit === 'currency/1k' || cell.unit === 'currency/year' ? f.money(cell.figure, currency) : cell.unit === 'wrong/1k' ? f.plain(cell.figure, 0) : f.figure(cell.figure, cell.unit)
  const words = [o !== 'none' && t(`verdict.${o}`), cell.basis && t(`provenance.${cell.basis}` as Key), say(cell.note)].filter(Boolean).join(' · ')
  const inner = <>{o !== 'none' && <Mark outcome={o} />}{cell.unit === 'share' ? f.share(cell.figure, 0) : figure}<span className="unseen">{words}</span></>
  return cell.evidence ? <Link to="/evidence/$evidence" params={{ evidence: cell.evidence }} className={`verdict ${o === 'none' ? 'ink' : verdictClass(o)}`} title={words}>{inner}</Link>
    : <span className={`verdict ${verdictClass(o)}`} title={words}>{inner}</span>
}
