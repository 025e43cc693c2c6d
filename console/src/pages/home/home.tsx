import { useInfiniteQuery, useQueries, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useNames } from '../../api/names'
import { waivers } from '../../api/people'
import { gates, lastVerdict, runs, scenarios, verdicts, type GateBrief, type ScenarioView } from '../../api/queries'
import { capital, useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { brief, GateMarks } from '../../parts/gates'
import { Page, Section } from '../../parts/page'
import { RunTable } from '../../parts/runs'
import { Table } from '../../parts/table'
import { Verdict } from '../../parts/verdict'
import { Waiting } from '../../parts/waiting'
import { sentence } from '../scenario/sentence'
import { Ring } from './ring'
import { FirstSteps } from './steps'

/** As many scenarios as a person can keep in mind; the rest is one click away. */
const atMost = 40

interface Seen { scenario: ScenarioView; gates: GateBrief[] }

export default function HomePage() {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const list = useQuery(scenarios())
  const names = useNames()
  const recent = useInfiniteQuery(runs())
  const asked = useInfiniteQuery(waivers({ state: 'requested' })).data?.pages.flatMap((p) => p.items) ?? []
  const some = (list.data ?? []).slice(0, atMost)
  const lines = useQueries({ queries: some.map((s) => gates(s.slug)) })
  const seen: Seen[] = some.map((s, i) => ({ scenario: s, gates: lines[i]?.data?.filter((g) => g.rules > 0) ?? [] }))
  const blocked = seen.filter((x) => x.gates.some((g) => g.outcome !== 'pass' && g.outcome !== 'waived'))
  // Only what blocks is looked at rule by rule.
  const judged = useQueries({ queries: blocked.map((x) => verdicts(x.scenario.slug)) })
  const changed = useQueries({ queries: blocked.map((x) => lastVerdict(x.scenario.slug)) })
  const ready = list.data && lines.every((v) => v.data) && judged.every((v) => v.data)
  const open = blocked.map((x, i) => ({ ...x, said: sentence(judged[i]?.data ?? []), at: changed[i]?.data }))
  const stale = blocked.flatMap((x, i) => (judged[i]?.data ?? []).flatMap((g) => (g.rules ?? []).filter((r) => r.outcome === 'stale').map((r) => ({ scenario: x.scenario, gate: g.gate, rule: r, at: changed[i]?.data }))))
  const going = (recent.data?.pages.flatMap((p) => p.items) ?? []).filter((r) => r.state === 'running')
  const title = t('home.title')
  if (!ready) return <Page title={title}><Waiting /></Page>
  if (!list.data.length) return <Page title={t('home.welcome')} lead={t('home.welcome.lead')}><FirstSteps /></Page>
  const proven = seen.filter((x) => x.gates.length > 0 && x.gates.every((g) => g.outcome === 'pass')).length
  return (
    <Page title={title} quiet>
      <div className="ring">
        <Ring all={seen.map((x) => x.gates)} />
        <div>
          <p className="say">{t(proven === seen.length ? 'home.says.all' : proven ? 'home.says.some' : 'home.says.none', { proven: f.count(proven), all: f.count(list.data.length) })}</p>
          <p className="lead">{open.length ? t('home.lead.open', { count: open.length, n: f.count(open.length) }) : t('home.lead.closed')}</p>
          {open[0] && <div className="do"><Link to="/scenarios/$scenario" params={{ scenario: open[0].scenario.slug }}>{t('home.first', { scenario: say(open[0].scenario.title) })}</Link></div>}
        </div>
      </div>
      {open.length > 0 && (
        <Section title={t('home.waiting')} ruled>
          <Table label={t('home.waiting')} rows={open} id={(x) => x.scenario.id} columns={[
            { key: 'verdict', head: t('col.verdict'), width: 118, cell: (x) => <Verdict outcome={x.said.outcome} /> },
            { key: 'scenario', head: t('col.scenario'), names: true, cell: (x) => <Link to="/scenarios/$scenario" params={{ scenario: x.scenario.slug }}>{say(x.scenario.title)}</Link> },
            { key: 'gate', head: t('col.gate'), cell: (x) => (x.said.gate ? t(`stage.${x.said.gate}` as Key) : '–') },
            { key: 'why', head: t('home.blocks'), bare: true, cell: (x) => <span className="quiet">{capital(say(x.said.text)) || t(x.said.key)}</span> },
            { key: 'since', head: t('home.since'), num: true, cell: (x) => f.ago(x.at ?? x.scenario.created) },
          ]} />
        </Section>
      )}
      {asked.length > 0 && (
        <Section title={t('home.waivers')}>
          <Table label={t('home.waivers')} rows={asked} id={(w) => w.id} columns={[
            { key: 'scenario', head: t('col.scenario'), names: true, cell: (w) => { const s = names.get(w.scenario); return s ? <Link to="/scenarios/$scenario" params={{ scenario: s.slug }} search={{ view: 'waivers' }}>{say(s.title)}</Link> : w.scenario } },
            { key: 'gate', head: t('col.gate'), cell: (w) => t(`stage.${w.gate}` as Key) },
            { key: 'why', head: t('waivers.why'), bare: true, cell: (w) => <span className="quiet">{w.why}</span> },
            { key: 'by', head: t('waivers.asked'), cell: (w) => w.requester },
            { key: 'since', head: t('home.since'), num: true, cell: (w) => f.ago(w.requested_at) },
          ]} />
        </Section>
      )}
      {going.length > 0 && <Section title={t('home.going')}><RunTable rows={going} names={names} label={t('home.going')} /></Section>}
      {stale.length > 0 && (
        <Section title={t('home.stale')} note={t('home.stale.note')}>
          <Table label={t('home.stale')} rows={stale} id={(x) => x.scenario.id + x.gate + x.rule.id} columns={[
            { key: 'rule', head: t('col.rule'), names: true, cell: (x) => <Link to="/scenarios/$scenario" params={{ scenario: x.scenario.slug }} search={{ rule: `${x.gate}.${x.rule.id}` }}>{say(x.rule.title)}</Link> },
            { key: 'scenario', head: t('col.scenario'), cell: (x) => say(x.scenario.title) },
            { key: 'since', head: t('home.since'), num: true, cell: (x) => f.ago(x.at) },
          ]} />
        </Section>
      )}
      <Section title={t('home.scenarios')} extra={<Link to="/scenarios">{t('home.all')}</Link>}>
        <Table label={t('home.scenarios')} rows={seen} id={(x) => x.scenario.id} columns={[
          { key: 'scenario', head: t('col.scenario'), names: true, cell: (x) => <Link to="/scenarios/$scenario" params={{ scenario: x.scenario.slug }}>{say(x.scenario.title)}</Link> },
          { key: 'gates', head: t('col.gates'), width: 90, cell: (x) => <GateMarks gates={x.gates} /> },
          { key: 'at', head: t('home.at'), cell: (x) => { const g = x.gates.find((v) => v.outcome !== 'pass') ?? x.gates.at(-1); return g ? `${t(`stage.${g.gate}` as Key)} · ${t(`verdict.${brief(g)}` as Key)}` : t('verdict.none') } },
          { key: 'owner', head: t('col.owner'), cell: (x) => x.scenario.owner },
          { key: 'updated', head: t('col.updated'), num: true, cell: (x) => f.ago(x.scenario.updated) },
        ]} />
      </Section>
    </Page>
  )
}
