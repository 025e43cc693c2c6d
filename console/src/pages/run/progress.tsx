import type { RunView } from '../../api/queries'
import { useT } from '../../i18n'

export function Progress({ run }: { run: RunView }) {
  const { t } = useT()
  return <p className="lead" role="status">{t('run.running', { step: run.step })}</p>
}
