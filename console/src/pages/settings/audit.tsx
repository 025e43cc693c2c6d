import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { audit, verifyAudit, type AuditEntry } from '../../api/people'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { CsvButton, Table, type Column } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'
import { Verdict } from '../../parts/verdict'
import { Waiting } from '../../parts/waiting'

export function AuditSection() {
  const { t } = useT()
  const f = useFormat()
  const s = useSearch({ from: '/shell/settings/$section' })
  const go = useNavigate()
  const list = useInfiniteQuery(audit({ operation: s.operation }))
  const rows = list.data?.pages.flatMap((p) => p.items)
  const verify = useMutation({ mutationFn: verifyAudit })
  const set = (change: Partial<typeof s>) => void go({ to: '/settings/$section', params: { section: 'audit' }, search: { ...s, ...change }, replace: true, resetScroll: false })
  const columns: Column<AuditEntry>[] = [
    { key: 'at', head: t('col.when'), csv: (e) => e.at, cell: (e) => f.time(e.at) },
    { key: 'who', head: t('audit.who'), csv: (e) => e.who, cell: (e) => e.who },
    { key: 'operation', head: t('audit.operation'), names: true, csv: (e) => e.operation, cell: (e) => <button type="button" className="link mono" aria-expanded={s.entry === e.id} onClick={() => set({ entry: s.entry === e.id ? undefined : e.id })}>{e.operation}</button> },
    { key: 'what', head: t('audit.what'), csv: (e) => e.what, cell: (e) => <span className="mono">{e.what}</span> },
    { key: 'where', head: t('audit.from'), csv: (e) => e.where, cell: (e) => e.where },
  ]
  return (
    <Section title={t('settings.audit')} note={t('audit.note')} extra={<Button loading={verify.isPending} onClick={() => verify.mutate()}>{t('audit.verify')}</Button>}>
      {verify.data && <p role="status" style={{ marginBottom: 12 }}><Verdict outcome={verify.data.findings?.length ? 'fail' : 'pass'} /> <span className="note">{t(verify.data.findings?.length ? 'audit.bad' : 'audit.good')}</span></p>}
      <TroubleNote error={verify.error} />
      <div className="filters">
        <Input.Search allowClear defaultValue={s.operation} placeholder={t('audit.find')} aria-label={t('audit.find')} style={{ width: 260 }} onSearch={(v) => set({ operation: v || undefined })} />
        <span style={{ marginLeft: 'auto' }}><CsvButton name="audit" rows={rows ?? []} columns={columns} /></span>
      </div>
      {!rows ? <Waiting /> : rows.length ? <Table label={t('settings.audit')} rows={rows} columns={columns} id={(e) => e.id} open={(e) => s.entry === e.id} more={(e) => <Changed entry={e} />} /> : <Empty>{t('audit.empty')}</Empty>}
      <More of={list} />
    </Section>
  )
}

function Changed({ entry }: { entry: AuditEntry }) {
  const { t } = useT()
  return <Table label={entry.operation} rows={entry.changes ?? []} id={(c) => c.thing + c.id} columns={[
    { key: 'thing', head: t('audit.what'), names: true, cell: (c) => `${c.thing} ${c.id}` },
    { key: 'before', head: t('audit.before'), cell: (c) => <span className="mono">{c.before?.slice(0, 16) || '–'}</span> },
    { key: 'after', head: t('audit.after'), cell: (c) => <span className="mono">{c.after?.slice(0, 16) || '–'}</span> },
    { key: 'why', head: t('audit.why'), cell: (c) => c.why || '–' },
  ]} />
}
