import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { Button } from 'antd'
import { base } from '../../api/client'
import type { GateVerdict } from '../../api/kinds'
import { findings, gates, scenario, verdicts, type Findings } from '../../api/queries'
import { capital, useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Command } from '../../parts/command'
import { GateLine } from '../../parts/gates'
import { Crumbs, Page } from '../../parts/page'
import { Tabs } from '../../parts/tabs'
import { Verdict } from '../../parts/verdict'
import { Waiting } from '../../parts/waiting'
import { CandidatesFigure } from './candidates'
import { Document } from './document'
import { Evidence } from './evidence'
import { History } from './history'
import { Launch } from './launch'
import { Rules } from './rules'
import { ScenarioRuns } from './runs'
import { sentence } from './sentence'
import { Waivers } from './waivers'

const views = ['verdict', 'evidence', 'document', 'history', 'waivers'] as const

export default function ScenarioPage() {
  const { scenario: ref } = useParams({ from: '/shell/scenarios/$scenario' })
  const { view = 'verdict' } = useSearch({ from: '/shell/scenarios/$scenario' })
  const { t, lang } = useT()
  const say = useSay()
  const f = useFormat()
  const { data: s } = useSuspenseQuery(scenario(ref))
  const line = useQuery(gates(ref))
  const judged = useQuery(verdicts(ref))
  const found = useQuery(findings({ scenario: ref }))
  return (
    <Page title={say(s.title) || s.slug} doing={<><Button type="text" href={`${base}/scenarios/${s.slug}/report.html?lang=${lang}`} target="_blank">{t('scenario.report')}</Button><Launch scenario={s} /></>} crumbs={<Crumbs to="/scenarios" name={t('nav.scenarios')} here={s.slug} />}
      facts={[[t('scenario.owner'), s.owner], [t('scenario.level'), s.declared_level], [t('scenario.class'), t(`class.${s.data_class}` as Key)], [t('scenario.revision'), `${s.revision} · ${f.ago(s.updated)}`]]}>
      {line.data && <GateLine gates={line.data} verdicts={judged.data} />}
      <Tabs views={views.map((v) => [v, t(`scenario.view.${v}`)])} view={view} label={say(s.title)} />
      {view === 'evidence' ? <Evidence scenario={s.slug} /> : view === 'document' ? <Document scenario={s.slug} /> : view === 'history' ? <History scenario={s.slug} />
        : view === 'waivers' && judged.data ? <Waivers scenario={s.slug} team={s.team} verdicts={judged.data} />
        : judged.data ? <><Decided slug={s.slug} verdicts={judged.data} found={found.data} /><Rules verdicts={judged.data} currency={found.data?.roi?.detail.currency} /><ScenarioRuns scenario={s.slug} /></> : <Waiting />}
    </Page>
  )
}

function Decided({ slug, verdicts, found }: { slug: string; verdicts: GateVerdict[]; found?: Findings }) {
  const { t } = useT()
  const say = useSay()
  const said = sentence(verdicts)
  const main = said.rule?.evidence?.[0]
  return (
    <section className="split" style={{ marginTop: 40 }} aria-label={t('scenario.view.verdict')}>
      <div>
        <div className="kicker"><Verdict outcome={said.outcome} />{said.gate && <span>{t('scenario.gate', { gate: t(`stage.${said.gate}` as Key) })}</span>}</div>
        <h2 className="say">{t(said.key)}</h2>
        <p className="lead">{said.text && capital(say(said.text))}{said.more ? t('say.more', { count: said.more, n: said.more }) : ''}</p>
        {said.rule && said.outcome !== 'pass' && say(said.rule.fix) && <p style={{ marginTop: 14, maxWidth: '44em' }}>{say(said.rule.fix)}</p>}
        {said.outcome === 'none' ? <div style={{ marginTop: 20 }}><Command>{`landfall run ${slug}`}</Command></div>
          : <div className="do">{main && <Link to="/evidence/$evidence" params={{ evidence: main }}><Button type="primary">{t('scenario.see')}</Button></Link>}
            {found?.poc?.run && <Link to="/runs/$run" params={{ run: found.poc.run }}>{t('scenario.run')}</Link>}</div>}
      </div>
      {found?.poc && <CandidatesFigure poc={found.poc.detail} bar={found.selection?.detail.limits.accuracy} recommended={found.selection?.detail.recommended} />}
    </section>
  )
}
