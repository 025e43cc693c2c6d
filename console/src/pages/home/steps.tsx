import { useT } from '../../i18n'
import { Command } from '../../parts/command'

/** Three steps for somebody who has just arrived. Each command works as it stands. */
export function FirstSteps() {
  const { t } = useT()
  return (
    <ol className="steps section">
      <li><h3>{t('steps.see')}</h3><p>{t('steps.see.note')}</p><Command>landfall demo</Command></li>
      <li><h3>{t('steps.make')}</h3><p>{t('steps.make.note')}</p><Command>landfall init my-scenario</Command></li>
      <li><h3>{t('steps.run')}</h3><p>{t('steps.run.note')}</p><Command>landfall run my-scenario</Command></li>
    </ol>
  )
}
