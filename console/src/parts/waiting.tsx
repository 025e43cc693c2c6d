import { useT } from '../i18n'

/** What stands where something is on its way. Short waits show nothing. */
export function Waiting() {
  const { t } = useT()
  return <p className="note waiting" role="status">{t('part.loading')}</p>
}
