import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Select, Switch } from 'antd'
import { useMemo } from 'react'
import { cases, type CaseRow, type RunView } from '../../api/queries'
import type { Poc } from '../../api/kinds'
import { useSay, useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { CsvButton, Table, type Column } from '../../parts/table'
import { Waiting } from '../../parts/waiting'
import { Mark } from '../../parts/verdict'

/** Which answers were given for which, most frequent first. */
export function confusions(rows: CaseRow[]): { expected: string; resolution: string; count: number; slices: string }[] {
  const by = new Map<string, { expected: string; resolution: string; count: number; in: Set<string> }>()
  for (const r of rows) {
    if (r.correct) continue
    const key = JSON.stringify([r.expected, r.resolution])
    const c = by.get(key) ?? { expected: r.expected, resolution: r.resolution, count: 0, in: new Set<string>() }
    c.count++
    c.in.add(r.slice)
    by.set(key, c)
  }
  return [...by.values()].map((c) => ({ expected: c.expected, resolution: c.resolution, count: c.count, slices: [...c.in].sort().join(', ') })).sort((a, b) => b.count - a.count || a.expected.localeCompare(b.expected))
}

export function Cases({ run, poc, recommended }: { run: RunView; poc?: Poc; recommended?: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const s = useSearch({ from: '/shell/runs/$run' })
  const go = useNavigate({ from: '/runs/$run' })
  const able = (poc?.candidates ?? []).filter((c) => c.provenance !== 'assumed')
  const candidate = s.candidate ?? recommended ?? able[0]?.id
  const list = useInfiniteQuery({ ...cases({ run: run.id, candidate, wrong: s.wrong }), enabled: !!run.results })
  const beside = useInfiniteQuery({ ...cases({ run: run.id, candidate: s.other }), enabled: !!run.results && !!s.other })
  const other = useMemo(() => new Map((beside.data?.pages ?? []).flatMap((p) => p.items).map((r) => [`${r.suite ?? ''} ${r.case}`, r])), [beside.data])
  const all = list.data?.pages.flatMap((p) => p.items)
  const rows = all?.filter((r) => !s.slice || r.slice === s.slice)
  const wrong = useMemo(() => confusions(all ?? []), [all])
  const set = (change: Partial<typeof s>) => void go({ search: { ...s, ...change }, replace: true, resetScroll: false })
  if (!run.results) return <Empty>{t('cases.unsealed')}</Empty>
  const options = able.map((c) => ({ value: c.id, label: say(c.title) }))
  const slices = [...new Set((poc?.candidates ?? []).flatMap((c) => (c.slices ?? []).map((x) => x.slice)))]
  const columns: Column<CaseRow>[] = [
    { key: 'case', head: t('col.case'), names: true, csv: (r) => r.case, cell: (r) => <span className="mono">{r.case}</span> },
    { key: 'slice', head: t('col.slice'), csv: (r) => r.slice, cell: (r) => r.slice },
    { key: 'expected', head: t('cases.expected'), csv: (r) => r.expected, cell: (r) => <Long>{r.expected}</Long> },
    { key: 'resolution', head: t('cases.answered'), csv: (r) => r.resolution, cell: (r) => <Answer row={r} /> },
    ...(s.other ? [{ key: 'other', head: options.find((o) => o.value === s.other)?.label ?? s.other, cell: (r: CaseRow) => { const o = other.get(`${r.suite ?? ''} ${r.case}`); return o ? <Answer row={o} /> : '–' } }] : []),
    { key: 'confidence', head: t('cases.confidence'), num: true, csv: (r) => r.confidence, cell: (r) => f.share(r.confidence) },
    { key: 'latency', head: t('cases.latency'), num: true, csv: (r) => r.latency_us, cell: (r) => (r.latency_us ? f.latency(r.latency_us / 1000) : '–') },
    { key: 'tokens', head: t('cases.tokens'), num: true, csv: (r) => (r.input_tokens ?? 0) + (r.output_tokens ?? 0), cell: (r) => (r.input_tokens || r.output_tokens ? f.count((r.input_tokens ?? 0) + (r.output_tokens ?? 0)) : '–') },
  ]
  // Columns that say nothing about any of the rows are left out.
  const told = columns.filter((c) => !(c.key === 'tokens' && !rows?.some((r) => r.input_tokens)))
  const after = () => { if (beside.hasNextPage) void beside.fetchNextPage() }
  return (
    <>
      <Section title={t('run.view.cases')} note={t('cases.note')} extra={<CsvButton name="cases" rows={rows ?? []} columns={columns} />}>
        <div className="filters">
          <Select value={candidate} options={options} style={{ width: 220 }} aria-label={t('col.candidate')} onChange={(v: string) => set({ candidate: v, other: s.other === v ? undefined : s.other })} />
          <Select allowClear value={s.other} placeholder={t('cases.beside')} options={options.filter((o) => o.value !== candidate)} style={{ width: 220 }} aria-label={t('cases.beside')} onChange={(v?: string) => set({ other: v })} />
          <Select allowClear value={s.slice} placeholder={t('cases.slices')} options={slices.map((v) => ({ value: v, label: v }))} style={{ width: 140 }} aria-label={t('col.slice')} onChange={(v?: string) => set({ slice: v })} />
          <label style={{ display: 'inline-flex', gap: 8, alignItems: 'center' }}><Switch size="small" checked={!!s.wrong} aria-label={t('cases.wrong')} onChange={(on) => set({ wrong: on || undefined })} />{t('cases.wrong')}</label>
        </div>
        {!rows ? <Waiting /> : rows.length ? <Table label={t('run.view.cases')} rows={rows} columns={told} id={(r) => `${r.candidate} ${r.suite} ${r.case}`} />
          : <p className="note" role="status">{t('cases.nothing')}</p>}
        <More of={{ ...list, fetchNextPage: () => { after(); return list.fetchNextPage() } }} />
      </Section>
      {wrong.length > 0 && (
        <Section title={t('cases.confused')} note={t('cases.confused.note', { n: f.count(all!.length) })}>
          <Table label={t('cases.confused')} rows={wrong.slice(0, 20)} id={(c) => c.expected + ' ' + c.resolution} columns={[
            { key: 'expected', head: t('cases.expected'), names: true, cell: (c) => <Long>{c.expected}</Long> },
            { key: 'resolution', head: t('cases.answered'), cell: (c) => <Long>{c.resolution}</Long> },
            { key: 'slices', head: t('col.slice'), cell: (c) => c.slices },
            { key: 'count', head: t('cases.times'), num: true, cell: (c) => <span className="strong">{f.count(c.count)}</span> },
          ]} />
        </Section>
      )}
    </>
  )
}

function Answer({ row }: { row: CaseRow }) {
  const { t } = useT()
  return (
    <span style={{ display: 'inline-flex', gap: 10, alignItems: 'baseline' }}>
      <span className={row.correct ? 'verdict v-pass' : 'verdict v-fail'}><Mark outcome={row.correct ? 'pass' : 'fail'} /><span className="unseen">{t(`verdict.${row.correct ? 'pass' : 'fail'}`)}</span></span>
      <span>{row.error ? <span className="v-fail">{row.error}</span> : row.resolution ? <Long>{row.resolution}</Long> : <span className="faint">{t('cases.abstained')}</span>}{row.severe && <span className="v-fail"> · {t('cases.severe')}</span>}{row.invalid && <span className="v-insufficient"> · {t('cases.invalid')}</span>}</span>
    </span>
  )
}

/** A text that may be long: as much of it as a row holds, the whole on demand. */
function Long({ children }: { children: string }) {
  if (children.length <= 90) return <>{children || '–'}</>
  return <details className="long"><summary>{children.slice(0, 80)}…</summary><span className="mono">{children}</span></details>
}
