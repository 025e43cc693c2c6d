import { useSuspenseQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useNames } from '../../api/names'
import { evidence, type EvidenceFull } from '../../api/queries'
import { useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { CopyButton } from '../../parts/command'
import { kindKey } from '../../parts/evidence'
import { Crumbs, Page, Section } from '../../parts/page'
import { Table, type Column } from '../../parts/table'
import { Metrics } from './metrics'
import { VerificationSection } from './verification'

type Subject = NonNullable<EvidenceFull['statement']['subject']>[number]

export default function EvidenceItemPage() {
  const { evidence: id } = useParams({ from: '/shell/evidence/$evidence' })
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const names = useNames()
  const { data: e } = useSuspenseQuery(evidence(id))
  const p = e.statement.predicate
  const of = names.get(e.scenario)
  const columns: Column<Subject>[] = [
    { key: 'role', head: t('evidence.role'), names: true, cell: (s) => role(s.annotations.role, t) },
    { key: 'name', head: t('evidence.name'), cell: (s) => s.name },
    { key: 'digest', head: 'SHA-256', cell: (s) => <Digest hex={s.digest.sha256 ?? ''} /> },
  ]
  return (
    <Page title={t(kindKey(e.kind))} crumbs={<Crumbs to="/evidence" name={t('nav.evidence')} here={e.id} />}
      lead={t(`evidence.is.${e.provenance}` as Key, { at: f.time(e.finished), tool: p.tool })}
      facts={[
        ...(of ? [[t('col.scenario'), <Link key="s" to="/scenarios/$scenario" params={{ scenario: of.slug }}>{say(of.title)}</Link>] as [string, React.ReactNode]] : []),
        ...(e.run ? [[t('col.run'), <Link key="r" to="/runs/$run" params={{ run: e.run }} className="mono">{e.run}</Link>] as [string, React.ReactNode]] : []),
        [t('col.leaf'), f.count(e.leaf)],
        [t('col.stands'), e.superseded_by ? <Link key="x" to="/evidence/$evidence" params={{ evidence: e.superseded_by }}>{t('evidence.superseded.by')}</Link> : e.exploratory ? t('run.exploratory') : t('evidence.stands')],
      ]}>
      <Section title={t('evidence.metrics')}><Metrics kind={e.kind} metrics={p.metrics} currency={typeof p.detail?.currency === 'string' ? p.detail.currency : undefined} /></Section>
      <VerificationSection id={e.id} />
      {!!p.assumed?.length && <Section title={t('evidence.assumed')} note={t('evidence.assumed.note')}><ul>{p.assumed.map((a) => <li key={a} className="mono">{a}</li>)}</ul></Section>}
      {p.source && <Section title={t('evidence.source')}><ul>{p.source.split('; ').map((s) => <li key={s}>{s}</li>)}</ul></Section>}
      <Section title={t('evidence.subjects')} note={t('evidence.subjects.note')}>
        <Table label={t('evidence.subjects')} rows={e.statement.subject ?? []} columns={columns} id={(s) => s.annotations.role + s.name} />
      </Section>
      <Section title={t('evidence.statement')} note={t('evidence.statement.note')} extra={<CopyButton text={JSON.stringify(e.statement, null, 2)} />}>
        <details><summary className="link">{t('part.show')}</summary><pre className="doc" tabIndex={0} style={{ marginTop: 10 }}>{JSON.stringify(e.statement, null, 2)}</pre></details>
      </Section>
    </Page>
  )
}

const roles = ['dataset', 'candidate', 'targets', 'traffic', 'costs', 'quality-policy', 'policy', 'evidence'] as const
function role(r: string, t: (k: Key) => string) {
  return (roles as readonly string[]).includes(r) ? t(`role.${r}` as Key) : r
}

/** A digest by its first characters; the whole of it is copied. */
export function Digest({ hex }: { hex: string }) {
  return <span className="mono" title={hex}>{hex.slice(0, 16)} <CopyButton text={hex} /></span>
}
