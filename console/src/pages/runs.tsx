import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Button, Select } from 'antd'
import { useNames } from '../api/names'
import { runs } from '../api/queries'
import { useSay, useT } from '../i18n'
import { Empty } from '../parts/empty'
import { More } from '../parts/more'
import { Page } from '../parts/page'
import { RunTable } from '../parts/runs'
import { Waiting } from '../parts/waiting'

export default function RunsPage() {
  const { t } = useT()
  const say = useSay()
  const { scenario } = useSearch({ from: '/shell/runs' })
  const go = useNavigate({ from: '/runs' })
  const names = useNames()
  const list = useInfiniteQuery(runs(scenario))
  const rows = list.data?.pages.flatMap((p) => p.items)
  return (
    <Page title={t('nav.runs')} lead={t('runs.lead')}>
      <div className="section">
        <div className="filters">
          <Select showSearch={{ optionFilterProp: 'label' }} allowClear value={scenario} placeholder={t('runs.every')} aria-label={t('col.scenario')} style={{ minWidth: 220 }}
            options={[...names.values()].map((s) => ({ value: s.slug, label: say(s.title) }))} onChange={(v?: string) => void go({ search: { scenario: v }, replace: true })} />
        </div>
        {!rows ? <Waiting /> : rows.length ? <RunTable rows={rows} names={names} label={t('nav.runs')} />
          : <Empty command="landfall demo" action={<Link to="/scenarios"><Button>{t('nav.scenarios')}</Button></Link>}>{t('runs.empty')}</Empty>}
        <More of={list} />
      </div>
    </Page>
  )
}
