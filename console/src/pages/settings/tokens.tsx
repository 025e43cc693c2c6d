import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Checkbox, Form, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { makeToken, revokeToken, tokens, type Me } from '../../api/people'
import { useT, type Key } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Ask, Dialog, Once, useAct } from '../../parts/act'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'
import { Waiting } from '../../parts/waiting'

interface Fields { name: string; permissions: string[]; team?: string; days: number }

export function TokensSection({ who }: { who: Me }) {
  const { t } = useT()
  const f = useFormat()
  const [made, setMade] = useState<string>()
  const list = useInfiniteQuery(tokens())
  const rows = list.data?.pages.flatMap((p) => p.items)
  const make = useAct((v: Fields) => makeToken(who.user!.id, v), ['tokens'], (m) => setMade(m.token))
  const revoke = useAct(revokeToken, ['tokens'])
  const able = [...new Set([...who.permissions, ...who.teams.flatMap((x) => x.permissions)])]
  const names = new Map(who.teams.map((x) => [x.id, x.name]))
  return (
    <Section title={t('settings.tokens')} note={t('tokens.note')} extra={who.user && (
      <Dialog label={t('tokens.make')} title={t('tokens.make')} primary>{(close) => (
        <Form layout="vertical" requiredMark={false} initialValues={{ permissions: ['read'], days: 90 }} onFinish={(v: Fields) => make.mutate(v, { onSuccess: close })}>
          <Form.Item name="name" label={t('tokens.name')} rules={[{ required: true, message: t('door.needed') }]}><Input autoFocus placeholder="CI" autoComplete="off" /></Form.Item>
          <Form.Item name="permissions" label={t('tokens.may')} rules={[{ required: true, message: t('door.needed') }]}><Checkbox.Group options={able.map((p) => ({ value: p, label: t(`permission.${p}` as Key) }))} /></Form.Item>
          <Form.Item name="team" label={t('tokens.team')}><Select allowClear placeholder={t('tokens.all')} options={who.teams.map((x) => ({ value: x.id, label: x.name }))} /></Form.Item>
          <Form.Item name="days" label={t('tokens.days')}><InputNumber min={1} max={366} style={{ width: 120 }} /></Form.Item>
          <TroubleNote error={make.error} />
          <Button type="primary" htmlType="submit" loading={make.isPending}>{t('tokens.make')}</Button>
        </Form>
      )}</Dialog>
    )}>
      <TroubleNote error={revoke.error} />
      {!rows ? <Waiting /> : rows.length ? <Table label={t('settings.tokens')} rows={rows} id={(x) => x.id} columns={[
        { key: 'name', head: t('tokens.name'), names: true, cell: (x) => x.name },
        { key: 'may', head: t('tokens.may'), cell: (x) => x.permissions.map((p) => t(`permission.${p}` as Key)).join(t('list.comma')) },
        { key: 'team', head: t('tokens.team'), cell: (x) => (x.team ? names.get(x.team) ?? x.team : t('tokens.all')) },
        { key: 'expires', head: t('account.expires'), cell: (x) => f.day(x.expires) },
        { key: 'used', head: t('tokens.used'), cell: (x) => (x.used ? f.ago(x.used) : t('tokens.never')) },
        { key: 'revoke', head: '', num: true, cell: (x) => <Ask question={t('tokens.revoke.ask', { name: x.name })} label={t('tokens.revoke')} onYes={() => revoke.mutate(x.id)} /> },
      ]} /> : <Empty command={`landfall login ${location.origin}`}>{t('tokens.empty')}</Empty>}
      <More of={list} />
      {made && <Once title={t('once.token')} note={t('once.token.note')} value={made} close={() => setMade(undefined)} />}
    </Section>
  )
}
