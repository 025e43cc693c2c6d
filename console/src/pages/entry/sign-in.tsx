import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { Button, Form, Input } from 'antd'
import { signIn, ways } from '../../api/people'
import { useSay, useT } from '../../i18n'
import { TroubleNote } from '../../parts/trouble'
import { Door } from './door'

/** Only a page of this console may be returned to. */
export function safe(to?: string): string {
  return to && /^\/(?![/\\])/.test(to) && !to.startsWith('/sign-in') ? to : '/'
}

export default function SignInPage() {
  const { t } = useT()
  const say = useSay()
  const { to } = useSearch({ from: '/sign-in' })
  const router = useRouter()
  const cache = useQueryClient()
  const open = useQuery(ways())
  const enter = useMutation({
    mutationFn: (v: { login: string; password: string }) => signIn(v.login, v.password),
    onSuccess: () => { cache.clear(); router.history.push(safe(to)) },
  })
  if (open.data?.setup) return <Door title={t('door.setup')} lead={t('door.setup.lead')}><p className="note" style={{ marginTop: 20 }}>{t('door.setup.note')}</p></Door>
  return (
    <Door title={t('door.signin')} lead={t('door.signin.lead')}>
      {open.data?.oidc && <Button block size="large" style={{ marginTop: 26 }} href={`${open.data.oidc_path}?return=${encodeURIComponent(safe(to))}`}>{say(open.data.oidc)}</Button>}
      {open.data?.password !== false && (
        <Form layout="vertical" requiredMark={false} onFinish={(v: { login: string; password: string }) => enter.mutate(v)}>
          <Form.Item name="login" label={t('door.login')} rules={[{ required: true, message: t('door.needed') }]}><Input size="large" autoComplete="username" autoFocus /></Form.Item>
          <Form.Item name="password" label={t('door.password')} rules={[{ required: true, message: t('door.needed') }]}><Input.Password size="large" autoComplete="current-password" /></Form.Item>
          <TroubleNote error={enter.error} />
          <Button type="primary" size="large" htmlType="submit" block loading={enter.isPending}>{t('trouble.signin')}</Button>
          <p className="note" style={{ marginTop: 18 }}>{t('door.forgot')}</p>
        </Form>
      )}
    </Door>
  )
}
