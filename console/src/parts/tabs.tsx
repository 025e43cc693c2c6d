import { Link } from '@tanstack/react-router'

/** Views of one page, each with a URL of its own. */
export function Tabs<V extends string>({ views, view, label }: { views: [V, string][]; view: string; label: string }) {
  return (
    <nav className="tabs" aria-label={label}>
      {views.map(([v, name], i) => (
        <Link key={v} to="." search={i === 0 ? {} : { view: v }} resetScroll={false} activeOptions={{ exact: true, includeSearch: true }} aria-current={v === view ? 'page' : undefined}>{name}</Link>
      ))}
    </nav>
  )
}
