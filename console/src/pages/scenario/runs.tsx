import { useInfiniteQuery } from '@tanstack/react-query'
import { runs } from '../../api/queries'
import { useT } from '../../i18n'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { RunTable } from '../../parts/runs'
import { Waiting } from '../../parts/waiting'

export function ScenarioRuns({ scenario }: { scenario: string }) {
  const { t } = useT()
  const list = useInfiniteQuery(runs(scenario))
  const rows = list.data?.pages.flatMap((p) => p.items)
  return (
    <Section title={t('nav.runs')}>
      {!rows ? <Waiting /> : rows.length ? <RunTable rows={rows} label={t('nav.runs')} /> : <Empty command={`landfall run ${scenario}`}>{t('runs.empty.scenario')}</Empty>}
      <More of={list} />
    </Section>
  )
}
