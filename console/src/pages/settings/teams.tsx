import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { addMember, changeRole, makeTeam, members, removeMember, type Added, type Me, type MyTeam, type Role } from '../../api/people'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Ask, Dialog, Once, useAct } from '../../parts/act'
import { Empty } from '../../parts/empty'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'
import { Waiting } from '../../parts/waiting'

export const roles: Role[] = ['viewer', 'contributor', 'approver', 'owner']

export function TeamsSection({ who, admin }: { who: Me; admin: boolean }) {
  const { t } = useT()
  const { team } = useSearch({ from: '/shell/settings/$section' })
  const go = useNavigate()
  const make = useAct((v: { name: string }) => makeTeam(v.name), ['me', 'teams'], (made) => void go({ to: '/settings/$section', params: { section: 'teams' }, search: { team: made.id } }))
  const chosen = who.teams.find((x) => x.id === team) ?? who.teams[0]
  return (
    <Section title={t('settings.teams')} note={t('teams.note')} extra={admin && (
      <Dialog label={t('teams.make')} title={t('teams.make')}>{(close) => (
        <Form layout="vertical" requiredMark={false} onFinish={(v: { name: string }) => make.mutate(v, { onSuccess: close })}>
          <Form.Item name="name" label={t('teams.name')} rules={[{ required: true, message: t('door.needed') }]}><Input autoFocus /></Form.Item>
          <TroubleNote error={make.error} />
          <Button type="primary" htmlType="submit" loading={make.isPending}>{t('teams.make')}</Button>
        </Form>
      )}</Dialog>
    )}>
      {!chosen ? <Empty>{t('teams.none')}</Empty> : (
        <>
          <div className="filters">
            <Select value={chosen.id} aria-label={t('settings.teams')} style={{ minWidth: 240 }} options={who.teams.map((x) => ({ value: x.id, label: x.name }))}
              onChange={(v: string) => void go({ to: '/settings/$section', params: { section: 'teams' }, search: { team: v }, replace: true })} />
            <span className="note">{t(`teams.kind.${chosen.kind}`)}{chosen.role && ` · ${t('teams.you', { role: t(`role.of.${chosen.role}`) })}`}</span>
          </div>
          <Members key={chosen.id} team={chosen} />
        </>
      )}
    </Section>
  )
}

function Members({ team }: { team: MyTeam }) {
  const { t } = useT()
  const f = useFormat()
  const [made, setMade] = useState<Added>()
  const own = team.permissions.includes('own')
  const list = useInfiniteQuery(members(team.id))
  const add = useAct((v: { login: string; role: Role }) => addMember(team.id, v.login, v.role), ['members', 'me'], (a) => { if (a.link) setMade(a) })
  const change = useAct((v: { id: string; role: Role }) => changeRole(v.id, v.role), ['members', 'me'])
  const remove = useAct(removeMember, ['members', 'me'])
  const rows = list.data?.pages.flatMap((p) => p.items)
  const options = roles.map((r) => ({ value: r, label: t(`role.of.${r}`) }))
  return (
    <>
      {own && (
        <Form layout="inline" requiredMark={false} colon={false} style={{ rowGap: 10, margin: '4px 0 16px' }} initialValues={{ role: 'contributor' }} onFinish={add.mutate}>
          <Form.Item name="login" label={t('door.login')} rules={[{ required: true, message: t('door.needed') }]}><Input style={{ width: 240 }} placeholder="name@example.com" autoComplete="off" /></Form.Item>
          <Form.Item name="role" label={t('teams.role')}><Select style={{ width: 130 }} options={options} /></Form.Item>
          <Button htmlType="submit" loading={add.isPending}>{t('teams.add')}</Button>
        </Form>
      )}
      <TroubleNote error={add.error ?? change.error ?? remove.error} />
      {!rows ? <Waiting /> : rows.length ? <Table label={team.name} rows={rows} id={(m) => m.id} columns={[
        { key: 'name', head: t('door.name'), names: true, cell: (m) => <>{m.name || m.login}<div className="faint">{m.login}</div></> },
        { key: 'role', head: t('teams.role'), cell: (m) => (own && m.origin === 'direct' ? <Select size="small" value={m.role} options={options} style={{ width: 120 }} aria-label={`${t('teams.role')}: ${m.login}`} onChange={(role: Role) => change.mutate({ id: m.id, role })} /> : t(`role.of.${m.role}`)) },
        { key: 'origin', head: t('teams.origin'), cell: (m) => t(`teams.origin.${m.origin}`) },
        { key: 'since', head: t('teams.since'), cell: (m) => f.day(m.since) },
        { key: 'remove', head: '', num: true, cell: (m) => (own && m.origin === 'direct' ? <Ask question={t('teams.remove.ask', { who: m.name || m.login })} label={t('teams.remove')} onYes={() => remove.mutate(m.id)} /> : '') },
      ]} /> : <Empty>{t('teams.empty')}</Empty>}
      <More of={list} />
      <dl className="terms" style={{ marginTop: 28 }}>{roles.map((r) => [<dt key={r}>{t(`role.of.${r}`)}</dt>, <dd key={r + 'd'} className="note">{t(`role.may.${r}`)}</dd>])}</dl>
      {made?.link && <Once title={t('once.invite')} note={t('once.invite.note', { until: f.time(made.expires) })} value={made.link} close={() => setMade(undefined)} />}
    </>
  )
}
