import { Link, type LinkProps } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'
import { useT } from '../i18n'

interface PageProps {
  title: string
  crumbs?: ReactNode
  lead?: ReactNode
  facts?: [string, ReactNode][]
  doing?: ReactNode
  /** The page begins with a sentence of its own; the title is then said to screen readers and the tab only. */
  quiet?: boolean
  children?: ReactNode
}

/** The head that every page has: where it is, what it is called, what is known of it. */
export function Page({ title, crumbs, lead, facts, doing, quiet, children }: PageProps) {
  const { t } = useT()
  useEffect(() => { document.title = `${title} · ${t('app.name')}` }, [title, t])
  return (
    <>
      {crumbs && <div className="crumbs">{crumbs}</div>}
      <div className="head">
        <h1 className={quiet ? 'unseen' : undefined}>{title}</h1>
        {doing && <div className="doing">{doing}</div>}
      </div>
      {lead && <p className="lead">{lead}</p>}
      {facts && <Facts facts={facts} />}
      {children}
    </>
  )
}

export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return <dl className="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
}

export function Crumbs({ to, name, here, ...rest }: { name: string; here?: ReactNode } & LinkProps) {
  return <nav aria-label={name}><Link to={to} {...rest}>{name}</Link>{here && <> / {here}</>}</nav>
}

interface SectionProps { title: string; note?: ReactNode; extra?: ReactNode; ruled?: boolean; id?: string; children: ReactNode }

export function Section({ title, note, extra, ruled, id, children }: SectionProps) {
  return (
    <section className={`section${ruled ? ' ruled' : ''}`} aria-label={title} id={id}>
      <header><h2>{title}</h2>{extra}</header>
      {note && <p className="note">{note}</p>}
      {children}
    </section>
  )
}
