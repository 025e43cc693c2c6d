import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { Dropdown } from 'antd'
import { me, signOut } from '../api/people'
import { useT, speak } from '../i18n'
import { choose, useChoice, type Choice } from '../theme/mode'

export function Languages() {
  const { t, lang } = useT()
  return (
    <div className="langs" role="group" aria-label={t('bar.lang')}>
      <button type="button" lang="zh-CN" aria-pressed={lang === 'zh'} onClick={() => void speak('zh')}>中文</button>
      <button type="button" lang="en" aria-pressed={lang === 'en'} onClick={() => void speak('en')}>EN</button>
    </div>
  )
}

const order: Choice[] = ['system', 'light', 'dark']

/** One button that goes round: as the system, light, dark. */
export function Themes() {
  const { t } = useT()
  const now = useChoice()
  const next = order[(order.indexOf(now) + 1) % order.length]!
  return <button type="button" className="plain" title={t('bar.theme')} aria-label={`${t('bar.theme')}: ${t(`theme.${now}`)}`} onClick={() => choose(next)}>{t(`theme.${now}`)}</button>
}

/** Who is signed in, and the way out. Nothing where nobody need sign in. */
export function Account() {
  const { t } = useT()
  const router = useRouter()
  const cache = useQueryClient()
  const { data: who } = useQuery({ ...me(), throwOnError: false })
  const leave = useMutation({ mutationFn: signOut, onSettled: () => { cache.clear(); router.history.push('/sign-in') } })
  if (!who?.user) return null
  return (
    <Dropdown trigger={['click']} menu={{ items: [
      { key: 'settings', label: <Link to="/settings/$section" params={{ section: 'account' }}>{t('bar.account')}</Link> },
      { key: 'out', label: t('bar.signout'), onClick: () => leave.mutate() },
    ] }}>
      <button type="button" className="plain">{who.user.name || who.user.login}</button>
    </Dropdown>
  )
}
