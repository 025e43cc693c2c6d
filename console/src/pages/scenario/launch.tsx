import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { useRef } from 'react'
import { useMay } from '../../api/may'
import { newKey, start, type ScenarioView } from '../../api/queries'
import { useT } from '../../i18n'
import { TroubleNote } from '../../parts/trouble'

/** Starts a run of the newest revision and goes to where it can be watched. Files must be on the server for that. */
export function Launch({ scenario }: { scenario: ScenarioView }) {
  const { t } = useT()
  const go = useNavigate()
  const cache = useQueryClient()
  const key = useRef(newKey())
  const run = useMutation({
    mutationFn: () => start(scenario.slug, false, key.current),
    onSuccess: async (r) => {
      key.current = newKey()
      await cache.invalidateQueries({ queryKey: ['runs'] })
      await go({ to: '/runs/$run', params: { run: r.id } })
    },
  })
  const may = useMay(scenario.team, 'contribute')
  if (!scenario.folder || !may) return null
  return <div><Button loading={run.isPending} onClick={() => run.mutate()}>{t('scenario.start')}</Button><TroubleNote error={run.error} /></div>
}
