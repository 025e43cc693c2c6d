import { useSuspenseQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { me } from '../../api/people'
import { useT, type Key } from '../../i18n'
import { Empty } from '../../parts/empty'
import { Page } from '../../parts/page'
import { Lost } from '../../parts/trouble'
import { AccountSection } from './account'
import { AuditSection } from './audit'
import { BackupSection } from './backup'
import { EndpointsSection } from './endpoints'
import { TeamsSection } from './teams'
import { TokensSection } from './tokens'
import { UsersSection } from './users'

export default function SettingsPage() {
  const { t } = useT()
  const { section } = useParams({ from: '/shell/settings/$section' })
  const { data: who } = useSuspenseQuery(me())
  if (!who) return <Page title={t('nav.settings')}><Empty command="landfall serve">{t('settings.local')}</Empty></Page>
  const wide = who.permissions.includes('read') // everywhere: administrators and auditors
  const admin = who.permissions.includes('admin')
  const sections = [...(who.user ? ['account'] : []), 'teams', ...(wide ? ['users'] : []), 'tokens', 'endpoints', ...(wide ? ['audit'] : []), ...(admin ? ['backup'] : [])]
  if (!sections.includes(section)) return <Lost />
  return (
    <Page title={t('nav.settings')}>
      <nav className="tabs" aria-label={t('nav.settings')}>
        {sections.map((s) => <Link key={s} to="/settings/$section" params={{ section: s }} activeOptions={{ exact: true }} aria-current={s === section ? 'page' : undefined}>{t(`settings.${s}` as Key)}</Link>)}
      </nav>
      {section === 'account' && who.user ? <AccountSection user={who.user} /> : section === 'teams' ? <TeamsSection who={who} admin={admin} />
        : section === 'users' ? <UsersSection who={who} admin={admin} /> : section === 'tokens' ? <TokensSection who={who} /> : section === 'endpoints' ? <EndpointsSection admin={admin} /> : section === 'backup' ? <BackupSection /> : <AuditSection />}
    </Page>
  )
}
