import { Link } from '@tanstack/react-router'
import type { EvidenceItem } from '../api/queries'
import { useSay, useT, type Key, type Text } from '../i18n'
import { useFormat } from '../i18n/format'
import { Table, type Column } from './table'

export const kinds = ['quality', 'poc', 'grade', 'roi', 'selection', 'boundary', 'verdict', 'waiver'] as const
export const kindKey = (k: string): Key => ((kinds as readonly string[]).includes(k) ? `kind.${k}` : 'kind.other') as Key

export function EvidenceTable({ rows, names, label }: { rows: EvidenceItem[]; names?: Map<string, { title: Text; slug: string }>; label: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const columns: Column<EvidenceItem>[] = [
    { key: 'leaf', head: t('col.leaf'), num: true, width: 90, cell: (e) => f.count(e.leaf) },
    { key: 'kind', head: t('col.kind'), names: true, cell: (e) => <Link to="/evidence/$evidence" params={{ evidence: e.id }}>{t(kindKey(e.kind))}</Link> },
    ...(names ? [{ key: 'scenario', head: t('col.scenario'), cell: (e: EvidenceItem) => { const s = names.get(e.scenario); return s ? <Link to="/scenarios/$scenario" params={{ scenario: s.slug }}>{say(s.title)}</Link> : '–' } }] : []),
    { key: 'from', head: t('col.provenance'), cell: (e) => t(`provenance.${e.provenance}` as Key) },
    { key: 'stands', head: t('col.stands'), cell: (e) => (e.superseded_by ? t('evidence.superseded') : e.exploratory ? t('run.exploratory') : t('evidence.stands')) },
    { key: 'run', head: t('col.run'), cell: (e) => (e.run ? <Link to="/runs/$run" params={{ run: e.run }} className="mono">{e.run.slice(-8)}</Link> : '–') },
    { key: 'at', head: t('col.when'), num: true, cell: (e) => f.time(e.finished) },
  ]
  return <Table label={label} rows={rows} columns={columns} id={(e) => e.id} />
}
