import { Button } from 'antd'
import { base } from '../../api/client'
import { useT } from '../../i18n'
import { Command } from '../../parts/command'
import { Section } from '../../parts/page'

export function BackupSection() {
  const { t } = useT()
  return (
    <Section title={t('settings.backup')} note={t('backup.note')}>
      <Button type="primary" href={`${base}/backup`} download>{t('backup.download')}</Button>
      <h3 style={{ marginTop: 32 }}>{t('backup.restore')}</h3>
      <p className="note" style={{ margin: '4px 0 10px' }}>{t('backup.restore.note')}</p>
      <Command>landfall restore backup.tar.gz</Command>
    </Section>
  )
}
