import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Select } from 'antd'
import { base } from '../../api/client'
import { evidenceList } from '../../api/queries'
import { useT, type Key } from '../../i18n'
import { Empty } from '../../parts/empty'
import { EvidenceTable, kinds } from '../../parts/evidence'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Waiting } from '../../parts/waiting'

/** The evidence of a scenario, newest first. */
export function Evidence({ scenario }: { scenario: string }) {
  const { t } = useT()
  const s = useSearch({ from: '/shell/scenarios/$scenario' })
  const kind = s.kind
  const go = useNavigate({ from: '/scenarios/$scenario' })
  const list = useInfiniteQuery(evidenceList({ scenario, kind }))
  const rows = list.data?.pages.flatMap((p) => p.items)
  return (
    <Section title={t('scenario.view.evidence')} note={t('scenario.evidence.note')}
      extra={<span style={{ display: 'flex', gap: 16, alignItems: 'center' }}><a href={`${base}/scenarios/${encodeURIComponent(scenario)}/audit`} download>{t('scenario.audit')}</a><Select value={kind ?? ''} style={{ width: 160 }} aria-label={t('col.kind')} onChange={(v) => void go({ search: { ...s, kind: v || undefined }, replace: true })}
        options={[{ value: '', label: t('part.all') }, ...kinds.map((k) => ({ value: k, label: t(`kind.${k}` as Key) }))]} /></span>}>
      {!rows ? <Waiting /> : rows.length ? <EvidenceTable rows={rows} label={t('scenario.view.evidence')} /> : <Empty command={`landfall run ${scenario}`}>{t('evidence.empty.scenario')}</Empty>}
      <More of={list} />
    </Section>
  )
}
