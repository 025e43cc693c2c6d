import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { me } from '../api/people'
import type { RunView } from '../api/queries'
import { useSay, useT, type Key, type Text } from '../i18n'
import { useFormat } from '../i18n/format'
import { Table, type Column } from './table'

/** Runs as a table. names says what a scenario is called; without it the scenario is known. */
export function RunTable({ rows, names, label }: { rows: RunView[]; names?: Map<string, { title: Text; slug: string }>; label: string }) {
  const { t } = useT()
  const say = useSay()
  const f = useFormat()
  const { data: who } = useQuery({ ...me(), throwOnError: false })
  const columns: Column<RunView>[] = [
    { key: 'run', head: t('col.started'), names: true, cell: (r) => <Link to="/runs/$run" params={{ run: r.id }} >{f.time(r.created)}</Link> },
    ...(names ? [{ key: 'scenario', head: t('col.scenario'), cell: (r: RunView) => { const s = names.get(r.scenario); return s ? <Link to="/scenarios/$scenario" params={{ scenario: s.slug }}>{say(s.title)}</Link> : '–' } }] : []),
    { key: 'state', head: t('col.state'), cell: (r) => t(`state.${r.state}` as Key) + (r.exploratory ? ` · ${t('run.exploratory')}` : '') },
    { key: 'actor', head: t('col.actor'), cell: (r) => (r.actor === who?.id ? who.name : /^usr_/.test(r.actor) ? short(r.actor) : r.actor) },
    { key: 'took', head: t('col.took'), num: true, cell: (r) => (r.finished ? f.latency(new Date(r.finished).getTime() - new Date(r.created).getTime()) : '–') },
  ]
  return <Table label={label} rows={rows} columns={columns} id={(r) => r.id} />
}

/** The end of an id: enough to tell items of one page apart. */
export const short = (id: string) => id.replace(/^([a-z]+)_.*(.{8})$/, '$1_…$2')
