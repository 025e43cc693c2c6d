import { useQuery } from '@tanstack/react-query'
import { proof } from '../../api/queries'
import type { Proof, Step } from '../../proof/verify'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { CopyButton } from '../../parts/command'
import { Section } from '../../parts/page'
import { Mark } from '../../parts/verdict'
import { Waiting } from '../../parts/waiting'

const order: Step[] = ['signature', 'statement', 'inclusion', 'checkpoint', 'keys']

/** The item's proof, checked here and now by this browser. */
export function VerificationSection({ id }: { id: string }) {
  const { t } = useT()
  const f = useFormat()
  const given = useQuery({ ...proof(id), throwOnError: false })
  const { data: v } = useQuery({
    queryKey: ['verified', id, given.dataUpdatedAt], enabled: !!given.data,
    queryFn: async () => (await import('../../proof/verify')).check(given.data as Proof, id),
  })
  if (given.error) return <Section title={t('proof.title')}><p className="v-fail">{t('proof.damaged')}</p></Section>
  if (!v) return <Section title={t('proof.title')}><Waiting /></Section>
  return (
    <Section title={t(v.ok ? 'proof.ok' : 'proof.bad')} note={t('proof.note')}>
      <ul>
        {order.map((s) => v.steps.find((x) => x.step === s)!).map((s) => (
          <li key={s.step} className={`verdict ${s.ok ? 'v-pass' : 'v-fail'}`} style={{ display: 'flex', alignItems: 'flex-start', whiteSpace: 'normal', marginBottom: 4 }}>
            <span style={{ paddingTop: 3 }}><Mark outcome={s.ok ? 'pass' : 'fail'} /></span>
            <span style={{ color: 'var(--text)' }}>{t(`proof.${s.step}`)}<span className="unseen">{t(s.ok ? 'verdict.pass' : 'verdict.fail')}</span>{s.why && <span className="quiet"> · {s.why}</span>}</span>
          </li>
        ))}
      </ul>
      {v.trust && (
        <dl className="terms" style={{ marginTop: 18 }}>
          <dt>{t('proof.log')}</dt><dd>{t('proof.size', { n: f.count(v.size), root: (v.root ?? '').slice(0, 16) })}</dd>
          <dt>{t('proof.key')}</dt><dd><span className="mono">{v.trust}</span> <CopyButton text={v.trust} /><p className="note">{t('proof.unpinned')}</p></dd>
        </dl>
      )}
    </Section>
  )
}
