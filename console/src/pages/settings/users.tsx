import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { inviteUser, resetPassword, setActive, setPlatformRole, users, type MadeLink, type Me, type PlatformRole } from '../../api/people'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Ask, Dialog, Once, useAct } from '../../parts/act'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'
import { Waiting } from '../../parts/waiting'

type Choice = PlatformRole | 'none'
const choices: Choice[] = ['none', 'auditor', 'administrator']

export function UsersSection({ who, admin }: { who: Me; admin: boolean }) {
  const { t } = useT()
  const f = useFormat()
  const [link, setLink] = useState<MadeLink & { of: 'invite' | 'reset' }>()
  const list = useInfiniteQuery(users())
  const rows = list.data?.pages.flatMap((p) => p.items)
  const invite = useAct((v: { login: string; role: Choice }) => inviteUser(v.login, v.role), ['users'], (m) => setLink({ ...m, of: 'invite' }))
  const reset = useAct(resetPassword, [], (m) => setLink({ ...m, of: 'reset' }))
  const role = useAct((v: { id: string; role: Choice }) => setPlatformRole(v.id, v.role), ['users', 'me'])
  const active = useAct((v: { id: string; on: boolean }) => setActive(v.id, v.on), ['users'])
  const options = choices.map((c) => ({ value: c, label: t(`role.of.${c}`) }))
  return (
    <Section title={t('settings.users')} note={t('users.note')} extra={admin && (
      <Dialog label={t('users.invite')} title={t('users.invite')} primary>{(close) => (
        <Form layout="vertical" requiredMark={false} initialValues={{ role: 'none' }} onFinish={(v: { login: string; role: Choice }) => invite.mutate(v, { onSuccess: close })}>
          <Form.Item name="login" label={t('door.login')} extra={t('door.login.note')} rules={[{ required: true, message: t('door.needed') }]}><Input autoFocus autoComplete="off" /></Form.Item>
          <Form.Item name="role" label={t('users.role')}><Select options={options} /></Form.Item>
          <TroubleNote error={invite.error} />
          <Button type="primary" htmlType="submit" loading={invite.isPending}>{t('users.link')}</Button>
        </Form>
      )}</Dialog>
    )}>
      <TroubleNote error={reset.error ?? role.error ?? active.error} />
      {!rows ? <Waiting /> : <Table label={t('settings.users')} rows={rows} id={(u) => u.id} columns={[
        { key: 'name', head: t('door.name'), names: true, cell: (u) => <>{u.name || u.login}<div className="faint">{u.login}</div></> },
        { key: 'role', head: t('users.role'), cell: (u) => (admin && !u.deactivated ? <Select size="small" value={u.platform_role ?? 'none'} options={options} style={{ width: 130 }} aria-label={`${t('users.role')}: ${u.login}`} onChange={(v: Choice) => role.mutate({ id: u.id, role: v })} /> : t(`role.of.${u.platform_role ?? 'none'}`)) },
        { key: 'way', head: t('users.way'), cell: (u) => [u.password && t('door.password'), u.issuer].filter(Boolean).join(' · ') || '–' },
        { key: 'since', head: t('teams.since'), cell: (u) => f.day(u.created) },
        { key: 'state', head: t('col.state'), cell: (u) => (u.deactivated ? t('users.off') : t('users.on')) },
        { key: 'do', head: '', num: true, cell: (u) => (!admin || u.id === who.id ? '' : (
          <span style={{ whiteSpace: 'nowrap' }}>
            {u.password && !u.deactivated && <Ask question={t('users.reset.ask', { who: u.login })} label={t('users.reset')} onYes={() => reset.mutate(u.id)} />}
            <Ask question={t(u.deactivated ? 'users.reactivate.ask' : 'users.deactivate.ask', { who: u.login })} label={t(u.deactivated ? 'users.reactivate' : 'users.deactivate')} onYes={() => active.mutate({ id: u.id, on: !!u.deactivated })} />
          </span>)) },
      ]} />}
      <More of={list} />
      {link && <Once title={t(`once.${link.of}`)} note={t('once.invite.note', { until: f.time(link.expires) })} value={link.link} close={() => setLink(undefined)} />}
    </Section>
  )
}
