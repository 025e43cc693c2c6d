import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Checkbox, Select } from 'antd'
import { useNames } from '../../api/names'
import { evidenceList } from '../../api/queries'
import { useSay, useT, type Key } from '../../i18n'
import { Empty } from '../../parts/empty'
import { EvidenceTable, kinds } from '../../parts/evidence'
import { More } from '../../parts/more'
import { Page } from '../../parts/page'
import { Waiting } from '../../parts/waiting'

export default function EvidencePage() {
  const { t } = useT()
  const say = useSay()
  const s = useSearch({ from: '/shell/evidence' })
  const go = useNavigate({ from: '/evidence' })
  const names = useNames()
  const list = useInfiniteQuery(evidenceList({ scenario: s.scenario, kind: s.kind, current: s.current }))
  const rows = list.data?.pages.flatMap((p) => p.items)
  const set = (change: Partial<typeof s>) => void go({ search: { ...s, ...change }, replace: true })
  return (
    <Page title={t('nav.evidence')} lead={t('evidence.lead')}>
      <div className="section">
        <div className="filters">
          <Select showSearch={{ optionFilterProp: 'label' }} allowClear value={s.scenario} placeholder={t('runs.every')} aria-label={t('col.scenario')} style={{ minWidth: 200 }}
            options={[...names.values()].map((x) => ({ value: x.slug, label: say(x.title) }))} onChange={(v?: string) => set({ scenario: v })} />
          <Select allowClear value={s.kind} placeholder={t('col.kind')} aria-label={t('col.kind')} style={{ width: 150 }} options={kinds.map((k) => ({ value: k, label: t(`kind.${k}` as Key) }))} onChange={(v?: string) => set({ kind: v })} />
          <Checkbox checked={!!s.current} onChange={(e) => set({ current: e.target.checked || undefined })}>{t('evidence.current')}</Checkbox>
        </div>
        {!rows ? <Waiting /> : rows.length ? <EvidenceTable rows={rows} names={names} label={t('nav.evidence')} /> : <Empty command="landfall demo">{t('evidence.empty')}</Empty>}
        <More of={list} />
      </div>
    </Page>
  )
}
