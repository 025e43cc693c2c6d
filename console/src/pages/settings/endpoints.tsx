import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Checkbox, Form, Input } from 'antd'
import { addEndpoint, changeEndpoint, endpoints, removeEndpoint, testEndpoint, type Endpoint, type EndpointFields } from '../../api/people'
import { useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Ask, Dialog, useAct } from '../../parts/act'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'
import { Verdict } from '../../parts/verdict'
import { Waiting } from '../../parts/waiting'

const classes = ['public', 'internal', 'confidential', 'personal']

/** Where models are, and which classes of data may be sent there. */
export function EndpointsSection({ admin }: { admin: boolean }) {
  const { t } = useT()
  const f = useFormat()
  const list = useInfiniteQuery(endpoints())
  const rows = list.data?.pages.flatMap((p) => p.items)
  const add = useAct(addEndpoint, ['endpoints'])
  const remove = useAct(removeEndpoint, ['endpoints'])
  return (
    <Section title={t('settings.endpoints')} note={t('endpoints.note')} extra={admin && <Dialog label={t('endpoints.add')} title={t('endpoints.add')} primary>{(close) => <Fields busy={add.isPending} error={add.error} save={(v) => add.mutate(v, { onSuccess: close })} />}</Dialog>}>
      <TroubleNote error={remove.error} />
      {!rows ? <Waiting /> : rows.length ? <Table label={t('settings.endpoints')} rows={rows} id={(e) => e.id} columns={[
        { key: 'name', head: t('endpoints.name'), names: true, cell: (e) => <>{e.name}{e.base_url && <div className="faint mono">{e.base_url}</div>}</> },
        { key: 'allows', head: t('endpoints.allows'), cell: (e) => e.allows.map((c) => t(`class.${c}` as Key)).join(t('list.comma')) || '–' },
        { key: 'key', head: t('endpoints.key'), cell: (e) => t(e.has_key ? 'endpoints.sealed' : 'endpoints.nokey') },
        { key: 'price', head: t('endpoints.price'), num: true, cell: (e) => (e.input_price ? `${f.money(e.input_price, e.currency)} / ${f.money(e.output_price, e.currency)}` : '–') },
        { key: 'do', head: '', num: true, cell: (e) => (admin ? <Do endpoint={e} remove={() => remove.mutate(e.id)} /> : '') },
      ]} /> : <Empty>{t(admin ? 'endpoints.empty' : 'endpoints.empty.member')}</Empty>}
      <More of={list} />
    </Section>
  )
}

function Do({ endpoint, remove }: { endpoint: Endpoint; remove: () => void }) {
  const { t } = useT()
  const test = useAct(testEndpoint, [])
  const change = useAct((v: EndpointFields) => changeEndpoint(endpoint.id, v), ['endpoints'])
  return (
    <span style={{ display: 'inline-flex', gap: 6, flexWrap: 'wrap', justifyContent: 'flex-end', alignItems: 'center' }}>
      <span role="status">{test.data && <><Verdict outcome={test.data.ok ? 'pass' : 'fail'} /> <span className="note">{test.data.ok ? t('endpoints.models', { n: test.data.models?.length ?? 0 }) : t(`endpoints.why.${test.data.why ?? 'refused'}` as Key)}</span></>}</span>
      <Button size="small" type="text" loading={test.isPending} onClick={() => test.mutate(endpoint.id)}>{t('endpoints.test')}</Button>
      <Dialog label={t('endpoints.change')} title={endpoint.name} small>{(close) => <Fields of={endpoint} busy={change.isPending} error={change.error} save={(v) => change.mutate(v, { onSuccess: close })} />}</Dialog>
      <Ask question={t('endpoints.remove.ask', { name: endpoint.name })} label={t('teams.remove')} onYes={remove} />
      <TroubleNote error={test.error} />
    </span>
  )
}

function Fields({ of, busy, error, save }: { of?: Endpoint; busy: boolean; error: unknown; save: (v: EndpointFields) => void }) {
  const { t } = useT()
  const needed = [{ required: true, message: t('door.needed') }]
  // An empty key would take the kept one away: what was not typed is not sent.
  const send = (v: EndpointFields) => save(Object.fromEntries(Object.entries(v).filter(([, x]) => x !== undefined && x !== '')))
  return (
    <Form layout="vertical" requiredMark={false} initialValues={of ? { name: of.name, base_url: of.base_url, allows: of.allows, currency: of.currency, input_price: of.input_price, output_price: of.output_price } : { allows: ['public'], currency: 'CNY' }} onFinish={send}>
      <Form.Item name="name" label={t('endpoints.name')} extra={t('endpoints.name.note')} rules={needed}><Input autoFocus autoComplete="off" /></Form.Item>
      <Form.Item name="base_url" label={t('endpoints.url')} rules={needed}><Input placeholder="https://…/v1" autoComplete="off" /></Form.Item>
      <Form.Item name="key" label={t('endpoints.key')} extra={t(of?.has_key ? 'endpoints.key.keep' : 'endpoints.key.note')}><Input.Password autoComplete="new-password" /></Form.Item>
      <Form.Item name="allows" label={t('endpoints.allows')} rules={needed}><Checkbox.Group options={classes.map((c) => ({ value: c, label: t(`class.${c}` as Key) }))} /></Form.Item>
      <div style={{ display: 'flex', gap: 12 }}>
        <Form.Item name="currency" label={t('endpoints.currency')}><Input style={{ width: 90 }} maxLength={3} /></Form.Item>
        <Form.Item name="input_price" label={t('endpoints.input')}><Input inputMode="decimal" /></Form.Item>
        <Form.Item name="output_price" label={t('endpoints.output')}><Input inputMode="decimal" /></Form.Item>
      </div>
      <TroubleNote error={error} />
      <Button type="primary" htmlType="submit" loading={busy}>{t('part.save')}</Button>
    </Form>
  )
}
