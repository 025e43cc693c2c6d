import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useMay } from '../../api/may'
import { useNames } from '../../api/names'
import { findings, run } from '../../api/queries'
import { useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Empty } from '../../parts/empty'
import { Crumbs, Page } from '../../parts/page'
import { short } from '../../parts/runs'
import { Tabs } from '../../parts/tabs'
import { Waiting } from '../../parts/waiting'
import { Boundary } from './boundary'
import { Cases } from './cases'
import { Coverage } from './coverage'
import { Data } from './data'
import { Leaderboard } from './leaderboard'
import { Progress, Resume } from './progress'
import { Return } from './return'
import { Speed } from './speed'

const views = ['candidates', 'boundary', 'coverage', 'speed', 'cases', 'return', 'data'] as const

export default function RunPage() {
  const { run: id } = useParams({ from: '/shell/runs/$run' })
  const { view = 'candidates' } = useSearch({ from: '/shell/runs/$run' })
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const { data: r } = useSuspenseQuery(run(id))
  const of = useNames().get(r.scenario)
  const going = r.state === 'running' || r.state === 'queued'
  const may = useMay(of?.team, 'contribute')
  const found = useQuery({ ...findings({ run: id }), enabled: !going })
  const title = t('run.title', { scenario: of ? say(of.title) : '…', at: f.time(r.created) })
  return (
    <Page title={title} doing={r.state === 'failed' && may && <Resume run={r} />} crumbs={<Crumbs to="/runs" name={t('nav.runs')} here={r.id} />}
      facts={[
        ...(of ? [[t('col.scenario'), <Link key="s" to="/scenarios/$scenario" params={{ scenario: of.slug }}>{say(of.title)}</Link>] as [string, React.ReactNode]] : []),
        [t('col.state'), t(`state.${r.state}` as Key) + (r.exploratory ? ` · ${t('run.exploratory')}` : '')],
        [t('col.actor'), r.actor],
        [t('col.took'), r.finished ? f.latency(new Date(r.finished).getTime() - new Date(r.created).getTime()) : '–'],
      ]}>
      {going ? <Progress run={r} may={may} /> : (
        <>
          <Tabs views={views.map((v) => [v, t(`run.view.${v}`)])} view={view} label={short(r.id)} />
          {r.problem && <div className="section"><p className="v-fail">{say(r.problem)}</p><p className="note"><code>{r.problem.code}</code>{r.problem.where && ` · ${r.problem.where}`}</p></div>}
          {!found.data ? <Waiting />
            : view === 'cases' ? <Cases run={r} poc={found.data.poc?.detail} recommended={found.data.selection?.detail.recommended} />
              : view === 'data' ? found.data.quality ? <Data quality={found.data.quality.detail} /> : <None />
                : view === 'return' ? found.data.roi ? <Return roi={found.data.roi.detail} evidence={found.data.roi.id} /> : <None />
                  : view === 'boundary' ? found.data.grade && found.data.poc ? <Boundary grade={found.data.grade.detail} poc={found.data.poc.detail} /> : <None />
                    : !found.data.poc ? <None />
                      : view === 'coverage' ? <Coverage poc={found.data.poc.detail} />
                        : view === 'speed' ? <Speed poc={found.data.poc.detail} limit={found.data.selection?.detail.limits.latency_p95_ms} />
                          : <Leaderboard poc={found.data.poc.detail} selection={found.data.selection?.detail} />}
        </>
      )}
    </Page>
  )

  function None() { return <Empty command={of && `landfall run ${of.slug}`}>{t('run.none')}</Empty> }
}
