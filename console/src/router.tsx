import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { Lost, TroublePage } from './parts/trouble'
import { Shell } from './shell/shell'

type Raw = Record<string, unknown>
const word = (v: unknown) => (typeof v === 'string' && v !== '' ? v : typeof v === 'number' ? String(v) : undefined)
const flag = (v: unknown) => (v === true || v === 'true' || v === 1 || undefined)

/** Picks the named words and flags out of a query string; whatever else stands there is dropped. */
function only<W extends string, F extends string = never>(words: W[], flags: F[] = []) {
  return (raw: Raw): { [K in W]?: string } & { [K in F]?: true } => {
    const out: Raw = {}
    for (const w of words) if (word(raw[w])) out[w] = word(raw[w])
    for (const f of flags) if (flag(raw[f])) out[f] = true
    return out as { [K in W]?: string } & { [K in F]?: true }
  }
}

const root = createRootRoute({ notFoundComponent: Lost })
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })
const under = () => shell

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/sign-in', validateSearch: only(['to']), component: lazyRouteComponent(() => import('./pages/entry/sign-in')) }),
  createRoute({ getParentRoute: () => root, path: '/welcome', component: lazyRouteComponent(() => import('./pages/entry/welcome')) }),
  shell.addChildren([
    createRoute({ getParentRoute: under, path: '/', component: lazyRouteComponent(() => import('./pages/home/home')) }),
    createRoute({ getParentRoute: under, path: '/scenarios', validateSearch: only(['q', 'level', 'class']), component: lazyRouteComponent(() => import('./pages/scenarios')) }),
    createRoute({ getParentRoute: under, path: '/scenarios/$scenario', validateSearch: only(['view', 'rule', 'kind', 'rev', 'as']), component: lazyRouteComponent(() => import('./pages/scenario/scenario')) }),
    createRoute({ getParentRoute: under, path: '/runs', validateSearch: only(['scenario']), component: lazyRouteComponent(() => import('./pages/runs')) }),
    createRoute({ getParentRoute: under, path: '/runs/$run', validateSearch: only(['view', 'baseline', 'candidate', 'other', 'slice', 'sort', 'case', 'q'], ['wrong']), component: lazyRouteComponent(() => import('./pages/run/run')) }),
    createRoute({ getParentRoute: under, path: '/align', component: lazyRouteComponent(() => import('./pages/align')) }),
    createRoute({ getParentRoute: under, path: '/failures', validateSearch: only(['scenario', 'mode']), component: lazyRouteComponent(() => import('./pages/failures/failures')) }),
    createRoute({ getParentRoute: under, path: '/settings', beforeLoad: () => { throw redirect({ to: '/settings/$section', params: { section: 'teams' }, search: {}, replace: true }) } }),
    createRoute({ getParentRoute: under, path: '/settings/$section', validateSearch: only(['team', 'operation', 'entry']), component: lazyRouteComponent(() => import('./pages/settings/settings')) }),
    createRoute({ getParentRoute: under, path: '/evidence', validateSearch: only(['scenario', 'kind'], ['current']), component: lazyRouteComponent(() => import('./pages/evidence/list')) }),
    createRoute({ getParentRoute: under, path: '/evidence/$evidence', component: lazyRouteComponent(() => import('./pages/evidence/item')) }),
  ]),
])

export const router = createRouter({
  routeTree: tree, defaultPreload: 'intent', scrollRestoration: true,
  defaultErrorComponent: TroublePage, defaultNotFoundComponent: Lost,
})

declare module '@tanstack/react-router' { interface Register { router: typeof router } }
