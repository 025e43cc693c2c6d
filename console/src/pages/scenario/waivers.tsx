import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Button, DatePicker, Form, Input, Select } from 'antd'
import type { GateVerdict } from '../../api/kinds'
import { approveWaiver, me, requestWaiver, waivers, withdrawWaiver, type Waiver } from '../../api/people'
import { useSay, useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Ask, Dialog, useAct } from '../../parts/act'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'
import { Waiting } from '../../parts/waiting'

const stale = ['waivers', 'verdicts', 'gates', 'evidence']
interface Fields { rule: string; why: string; until: { toDate: () => Date } }

/** A gate passed on somebody's responsibility: who, why, until when, and who else agreed. */
export function Waivers({ scenario, team, verdicts }: { scenario: string; team: string; verdicts: GateVerdict[] }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const { data: who } = useQuery(me())
  const may = new Set([...(who?.permissions ?? []), ...(who?.teams.find((x) => x.id === team)?.permissions ?? [])])
  const list = useInfiniteQuery(waivers({ scenario }))
  const rows = list.data?.pages.flatMap((p) => p.items)
  const open = verdicts.flatMap((v) => (v.rules ?? []).filter((r) => r.outcome !== 'pass').map((r) => ({ value: `${v.gate} ${r.id}`, label: `${t(`stage.${v.gate}` as Key)} · ${say(r.title)}` })))
  const names = new Map(verdicts.flatMap((v) => (v.rules ?? []).map((r) => [`${v.gate} ${r.id}`, say(r.title)])))
  const ask = useAct((v: Fields) => { const [gate = '', rule = ''] = v.rule.split(' '); return requestWaiver(scenario, { gate, rule, why: v.why, until: v.until.toDate().toISOString() }) }, stale)
  const approve = useAct(approveWaiver, stale)
  const withdraw = useAct(withdrawWaiver, stale)
  const needed = [{ required: true, message: t('door.needed') }]
  return (
    <Section title={t('scenario.view.waivers')} note={t('waivers.note')} extra={may.has('contribute') && open.length > 0 && (
      <Dialog label={t('waivers.ask')} title={t('waivers.ask')}>{(close) => (
        <Form layout="vertical" requiredMark={false} onFinish={(v: Fields) => ask.mutate(v, { onSuccess: close })}>
          <Form.Item name="rule" label={t('col.rule')} rules={needed}><Select options={open} /></Form.Item>
          <Form.Item name="why" label={t('waivers.why')} extra={t('waivers.why.note')} rules={[...needed, { min: 10, message: t('waivers.short') }]}><Input.TextArea autoSize={{ minRows: 3, maxRows: 8 }} /></Form.Item>
          <Form.Item name="until" label={t('waivers.until')} rules={needed}><DatePicker style={{ width: '100%' }} disabledDate={(d) => d.toDate() < new Date()} /></Form.Item>
          <TroubleNote error={ask.error} />
          <Button type="primary" htmlType="submit" loading={ask.isPending}>{t('waivers.send')}</Button>
        </Form>
      )}</Dialog>
    )}>
      <TroubleNote error={approve.error ?? withdraw.error} />
      {!rows ? <Waiting /> : rows.length ? <Table label={t('scenario.view.waivers')} rows={rows} id={(w) => w.id} columns={[
        { key: 'state', head: t('col.state'), width: 110, cell: (w) => t(`waivers.state.${w.state}`) },
        { key: 'rule', head: t('col.rule'), names: true, cell: (w) => <>{names.get(`${w.gate} ${w.rule}`) ?? w.rule}<div className="note">{w.why}</div></> },
        { key: 'asked', head: t('waivers.asked'), cell: (w) => <>{w.requester}<div className="faint">{f.day(w.requested_at)}</div></> },
        { key: 'approved', head: t('waivers.approved'), cell: (w) => (w.approver ? <>{w.approver}<div className="faint">{f.day(w.approved_at)}</div></> : '–') },
        { key: 'until', head: t('waivers.until'), num: true, cell: (w) => f.day(w.until) },
        { key: 'do', head: '', num: true, cell: (w) => <Decide waiver={w} mine={w.requested_by === who?.id} may={may} approve={() => approve.mutate(w.id)} withdraw={() => withdraw.mutate(w.id)} /> },
      ]} /> : <Empty>{t('waivers.empty')}</Empty>}
      <More of={list} />
    </Section>
  )
}

function Decide({ waiver, mine, may, approve, withdraw }: { waiver: Waiver; mine: boolean; may: Set<string>; approve: () => void; withdraw: () => void }) {
  const { t } = useT()
  return (
    <>
      {waiver.state === 'requested' && may.has('approve') && !mine && <Ask question={t('waivers.approve.ask')} label={t('waivers.approve')} onYes={approve} />}
      {(waiver.state === 'requested' || waiver.state === 'approved') && may.has('contribute') && <Ask question={t('waivers.withdraw.ask')} label={t('waivers.withdraw')} onYes={withdraw} />}
    </>
  )
}
