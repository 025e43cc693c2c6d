import { useEffect, type ReactNode } from 'react'
import { Brand } from '../../shell/shell'
import { Languages, Themes } from '../../shell/choices'
import { useT } from '../../i18n'

/** The page outside the shell: for whoever has not come in yet. */
export function Door({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const { t } = useT()
  useEffect(() => { document.title = `${title} · ${t('app.name')}` }, [title, t])
  return (
    <div className="gate-entry">
      <div style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'flex-start' }}><Brand /><span style={{ display: 'flex', gap: 4 }}><Languages /><Themes /></span></div>
      <main id="main">
        <h1>{title}</h1>
        {lead && <p className="quiet">{lead}</p>}
        {children}
      </main>
    </div>
  )
}
