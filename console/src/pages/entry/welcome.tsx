import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { accept, offer, signIn } from '../../api/people'
import { useT, type Key } from '../../i18n'
import { TroubleNote, useSaid } from '../../parts/trouble'
import { Waiting } from '../../parts/waiting'
import { Door } from './door'

// Outlives the page: taking the secret out of the address makes the router draw it anew.
let kept = ''

function take(): string {
  const s = decodeURIComponent(location.hash.slice(1))
  if (s) {
    kept = s
    history.replaceState(history.state, '', location.pathname)
  }
  return kept
}

/**
 * Where a one-time link leads: the first administrator, an invitation or a new
 * password. Its secret stands behind the #, which no server's log ever sees,
 * and is taken out of the address as soon as it is read.
 */
export default function WelcomePage() {
  const { t } = useT()
  const [secret] = useState(take)
  const given = useQuery({ ...offer(secret), enabled: !!secret, throwOnError: false, retry: false })
  const said = useSaid(given.error)
  if (!secret || given.error) {
    return (
      <Door title={secret ? said.title : t('door.nolink')} lead={secret ? said.hint : t('door.nolink.lead')}>
        <p style={{ marginTop: 22 }}><Link to="/sign-in">{t('trouble.signin')}</Link></p>
      </Door>
    )
  }
  return given.data ? <Accept secret={secret} given={given.data} /> : <Door title={t('app.name')}><Waiting /></Door>
}

interface Fields { login?: string; name?: string; password: string }

function Accept({ secret, given }: { secret: string; given: Awaited<ReturnType<NonNullable<ReturnType<typeof offer>['queryFn']>>> }) {
  const { t } = useT()
  const router = useRouter()
  const cache = useQueryClient()
  const join = useMutation({
    mutationFn: async (v: Fields) => {
      const user = await accept(secret, { ...v, login: given.login ? undefined : v.login })
      return signIn(user.login, v.password)
    },
    onSuccess: () => { cache.clear(); router.history.push('/') },
  })
  const role = given.role ?? given.platform_role
  const lead = given.purpose === 'setup' ? t('door.first.lead')
    : given.purpose === 'reset' ? t('door.reset.lead', { login: given.login ?? '' })
      : given.team ? t('door.invite.lead', { team: given.team, role: role ? t(`role.of.${role}` as Key) : '' }) : t('door.invite.plain')
  return (
    <Door title={t(`door.${given.purpose === 'setup' ? 'first' : given.purpose}` as Key)} lead={lead}>
      <Form layout="vertical" requiredMark={false} initialValues={{ login: given.login }} onFinish={(v: Fields) => join.mutate(v)}>
        <Form.Item name="login" label={t('door.login')} rules={[{ required: true, message: t('door.needed') }]} extra={given.login ? undefined : t('door.login.note')}><Input size="large" autoComplete="username" readOnly={!!given.login} autoFocus={!given.login} /></Form.Item>
        {given.purpose !== 'reset' && <Form.Item name="name" label={t('door.name')} rules={[{ required: true, message: t('door.needed') }]}><Input size="large" autoComplete="name" autoFocus={!!given.login} /></Form.Item>}
        <Form.Item name="password" label={t('door.newpassword')} rules={[{ required: true, message: t('door.needed') }, { min: 12, message: t('door.short') }]} extra={t('door.password.note')}><Input.Password size="large" autoComplete="new-password" /></Form.Item>
        <TroubleNote error={join.error} />
        <Button type="primary" size="large" htmlType="submit" block loading={join.isPending}>{t(`door.${given.purpose === 'setup' ? 'first' : given.purpose}.do` as Key)}</Button>
      </Form>
    </Door>
  )
}
