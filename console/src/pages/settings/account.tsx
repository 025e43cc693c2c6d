import { useInfiniteQuery } from '@tanstack/react-query'
import { Button, Form, Input } from 'antd'
import { endSession, rename, sessions, setPassword, type User } from '../../api/people'
import { useT } from '../../i18n'
import { useFormat } from '../../i18n/format'
import { Ask, useAct } from '../../parts/act'
import { More } from '../../parts/more'
import { Section } from '../../parts/page'
import { Table } from '../../parts/table'
import { TroubleNote } from '../../parts/trouble'
import { Waiting } from '../../parts/waiting'

export function AccountSection({ user }: { user: User }) {
  const { t } = useT()
  const f = useFormat()
  const [form] = Form.useForm()
  const name = useAct((v: { name: string }) => rename(user.id, v.name), ['me', 'users'])
  const password = useAct((v: { old: string; next: string }) => setPassword(user.id, v.old, v.next), ['sessions'], () => form.resetFields())
  const end = useAct(endSession, ['sessions'])
  const list = useInfiniteQuery(sessions())
  const rows = list.data?.pages.flatMap((p) => p.items).filter((s) => s.user === user.id)
  return (
    <>
      <div className="columns section">
        <section aria-label={t('account.name')}>
          <h2 style={{ marginBottom: 14 }}>{t('account.name')}</h2>
          <Form layout="vertical" requiredMark={false} initialValues={{ name: user.name }} onFinish={name.mutate}>
            <Form.Item name="name" label={t('door.name')} extra={t('account.login', { login: user.login })} rules={[{ required: true, message: t('door.needed') }]}><Input autoComplete="name" /></Form.Item>
            <TroubleNote error={name.error} />
            <Button htmlType="submit" loading={name.isPending}>{t('part.save')}</Button>
          </Form>
        </section>
        {user.password && (
          <section aria-label={t('account.password')}>
            <h2 style={{ marginBottom: 14 }}>{t('account.password')}</h2>
            <Form form={form} layout="vertical" requiredMark={false} onFinish={password.mutate}>
              <Form.Item name="old" label={t('account.old')} rules={[{ required: true, message: t('door.needed') }]}><Input.Password autoComplete="current-password" /></Form.Item>
              <Form.Item name="next" label={t('door.newpassword')} rules={[{ required: true, message: t('door.needed') }, { min: 12, message: t('door.short') }]} extra={t('account.password.note')}><Input.Password autoComplete="new-password" /></Form.Item>
              <TroubleNote error={password.error} />
              <Button htmlType="submit" loading={password.isPending}>{t('account.change')}</Button>
              {password.isSuccess && <span className="note" role="status" style={{ marginLeft: 12 }}>{t('account.changed')}</span>}
            </Form>
          </section>
        )}
      </div>
      <Section title={t('account.sessions')} note={t('account.sessions.note')}>
        <TroubleNote error={end.error} />
        {!rows ? <Waiting /> : <Table label={t('account.sessions')} rows={rows} id={(s) => s.id} columns={[
          { key: 'agent', head: t('account.browser'), names: true, cell: (s) => browserOf(s.agent) + (s.current ? ` · ${t('account.this')}` : '') },
          { key: 'from', head: t('audit.from'), cell: (s) => s.address },
          { key: 'seen', head: t('account.seen'), cell: (s) => f.ago(s.seen) },
          { key: 'expires', head: t('account.expires'), cell: (s) => f.time(s.expires) },
          { key: 'end', head: '', num: true, cell: (s) => (s.current ? '' : <Ask question={t('account.end.ask')} label={t('account.end')} onYes={() => end.mutate(s.id)} />) },
        ]} />}
        <More of={list} />
      </Section>
    </>
  )
}

/** The name of a browser and its system, from what it says of itself. */
export function browserOf(agent: string): string {
  const name = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrom(e|ium)\//.test(agent) ? 'Chrome' : /Safari\//.test(agent) ? 'Safari' : ''
  const system = /Windows/.test(agent) ? 'Windows' : /iPhone|iPad/.test(agent) ? 'iOS' : /Mac OS X/.test(agent) ? 'macOS' : /Android/.test(agent) ? 'Android' : /Linux/.test(agent) ? 'Linux' : ''
  return [name, system].filter(Boolean).join(' · ') || agent.slice(0, 60) || '–'
}
