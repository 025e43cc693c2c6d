import { infiniteQueryOptions, QueryClient, queryOptions } from '@tanstack/react-query'
import { api, body, Trouble, type Schemas } from './client'
import type { Text } from '../i18n'
import { call, listed, path, type PageOf } from './call'
import type { GateVerdict, Kinds } from './kinds'

export type ScenarioView = Schemas['ScenarioView']
export type RunView = Schemas['PocRunView']
export type EvidenceItem = Schemas['EvidenceItem']
export type EvidenceFull = Schemas['EvidenceFull']
export type CaseRow = Schemas['PocPlaced']

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000, throwOnError: true,
      // What the server refused stays refused; what did not arrive is tried again.
      retry: (n, err) => n < 2 && err instanceof Trouble && (err.status === 0 || err.status === 503),
    },
    mutations: { throwOnError: false },
  },
})

const follow = { initialPageParam: undefined as string | undefined, getNextPageParam: (last: PageOf<unknown>) => last.next }

/** The first few hundred scenarios by name: what can be found by typing. */
export const scenarios = () => queryOptions({
  queryKey: ['scenarios'],
  queryFn: async ({ signal }) => {
    const all: ScenarioView[] = []
    let cursor: string | undefined
    do {
      const page = await body(api.GET('/scenarios', { params: { query: { limit: 200, cursor } }, signal }))
      all.push(...page.items)
      cursor = page.next
    } while (cursor && all.length < 400)
    return all
  },
})

export const scenario = (ref: string) => queryOptions({
  queryKey: ['scenario', ref],
  queryFn: ({ signal }) => body(api.GET('/scenarios/{scenario}', { params: { path: { scenario: ref } }, signal })),
})

export const runs = (ref?: string) => infiniteQueryOptions({
  queryKey: ['runs', ref ?? ''], ...follow,
  queryFn: ({ pageParam, signal }) => body(api.GET('/runs', { params: { query: { scenario: ref, limit: 50, cursor: pageParam } }, signal })),
})

export const run = (id: string) => queryOptions({
  queryKey: ['run', id],
  queryFn: ({ signal }) => body(api.GET('/runs/{run}', { params: { path: { run: id } }, signal })),
})

export interface EvidenceFilter { scenario?: string; kind?: string; run?: string; current?: boolean }

export const evidenceList = (f: EvidenceFilter) => infiniteQueryOptions({
  queryKey: ['evidence', f], ...follow,
  queryFn: ({ pageParam, signal }) => body(api.GET('/evidence', { params: { query: { ...f, limit: 50, cursor: pageParam } }, signal })),
})

export const evidence = (id: string) => queryOptions({
  queryKey: ['evidence-item', id], staleTime: Infinity, // it never changes
  queryFn: ({ signal }) => body(api.GET('/evidence/{evidence}', { params: { path: { evidence: id } }, signal })),
})

export const feasibility = () => queryOptions({
  queryKey: ['feasibility'],
  queryFn: ({ signal }) => body(api.GET('/feasibility', { signal })),
})

export interface CaseFilter { run: string; candidate?: string; wrong?: boolean }

export const cases = ({ run, candidate, wrong }: CaseFilter) => infiniteQueryOptions({
  queryKey: ['cases', run, candidate ?? '', !!wrong], ...follow,
  queryFn: ({ pageParam, signal }) => body(api.GET('/runs/{run}/cases', { params: { path: { run }, query: { candidate, wrong, limit: 50, cursor: pageParam } }, signal })),
})

export type Found<K extends keyof Kinds> = EvidenceItem & { detail: Kinds[K]; metrics: Record<string, unknown>; assumed: string[] }
export type Findings = { [K in Exclude<keyof Kinds, 'verdict'>]?: Found<K> }

async function opened<K extends keyof Kinds>(item: EvidenceItem): Promise<Found<K>> {
  const full = await client.fetchQuery(evidence(item.id))
  const p = full.statement.predicate
  return { ...item, detail: p.detail as unknown as Kinds[K], metrics: p.metrics, assumed: p.assumed ?? [] }
}

/** What was measured, by kind: of one run, or the newest that stands of a scenario. */
export const findings = (of: { scenario: string } | { run: string }) => queryOptions({
  queryKey: ['findings', of],
  queryFn: async ({ signal }): Promise<Findings> => {
    const kinds = ['poc', 'grade', 'roi', 'selection', 'quality']
    const newest: Record<string, unknown> = {}
    const lists = 'run' in of
      ? [body(api.GET('/evidence', { params: { query: { run: of.run, limit: 50 } }, signal }))]
      : kinds.map((kind) => body(api.GET('/evidence', { params: { query: { scenario: of.scenario, kind, current: true, limit: 1 } }, signal })))
    const items = (await Promise.all(lists)).flatMap((l) => l.items).filter((i) => kinds.includes(i.kind))
    await Promise.all(items.filter((i, at) => items.findIndex((x) => x.kind === i.kind) === at).map(async (i) => { newest[i.kind] = await opened(i) }))
    return newest as Findings
  },
})

/** A gate in a list: how it stands as of now, and what blocks it first. */
export interface GateBrief { gate: string; title: Text; outcome: string; rules: number; rules_passed: number; blocking?: string; reason?: Text; evaluated_at: string }

export const gates = (ref: string) => queryOptions({
  queryKey: ['gates', ref],
  queryFn: async ({ signal }) => (await call<PageOf<GateBrief>>('GET', path`/scenarios/${ref}/gates`, undefined, {}, signal)).items,
})

/** The verdicts of the gates that have rules, rule by rule, as of now. */
export const verdicts = (ref: string) => queryOptions({
  queryKey: ['verdicts', ref],
  queryFn: async ({ signal }) => {
    const all = await client.fetchQuery(gates(ref))
    return Promise.all(all.filter((g) => g.rules > 0).map((g) => call<GateVerdict>('GET', path`/scenarios/${ref}/gate` + `?gate=${g.gate}`, undefined, {}, signal)))
  },
})

/** When a verdict of the scenario last became another one. */
export const lastVerdict = (ref: string) => queryOptions({
  queryKey: ['evidence', 'last-verdict', ref],
  queryFn: async ({ signal }) => (await body(api.GET('/evidence', { params: { query: { scenario: ref, kind: 'verdict', limit: 1 } }, signal }))).items[0]?.finished ?? null,
})

export interface FailureMode { id: string; scenario: string; text: string; occurrences: number; first?: string; last?: string }
export interface Failure {
  id: string; scenario: string; mode: string; text: string; expected?: string; got?: string; case?: string
  channel?: string; note?: string; occurred_at?: string; file: string; line: number; imported: string
}
const query = (o: Record<string, string | undefined>) => new URLSearchParams(Object.entries(o).filter((e): e is [string, string] => !!e[1])).toString()
export const failureModes = (scenario?: string) => listed<FailureMode>(['failure-modes', scenario], `/failure-modes?${query({ scenario })}`)
export const failures = (f: { scenario?: string; mode?: string; open?: boolean }) => listed<Failure>(['failures', f], `/failures?${query({ scenario: f.scenario, mode: f.mode, open: f.open ? 'true' : undefined })}`)

export type DocumentView = Schemas['AppDocumentView']
export type Revision = Schemas['ScenarioRevisionView']

/** A scenario's document, with the tag that a change must name. */
export const document = (ref: string) => queryOptions({
  queryKey: ['document', ref],
  queryFn: async ({ signal }) => {
    const { data, response } = await api.GET('/scenarios/{scenario}/document', { params: { path: { scenario: ref } }, signal })
    return { ...data!, tag: response.headers.get('ETag') ?? '' }
  },
})

export const revisions = (ref: string) => infiniteQueryOptions({
  queryKey: ['revisions', ref], ...follow,
  queryFn: ({ pageParam, signal }) => body(api.GET('/scenarios/{scenario}/revisions', { params: { path: { scenario: ref }, query: { limit: 50, cursor: pageParam } }, signal })),
})

export const revisionDiff = (id: string) => queryOptions({
  queryKey: ['revision-diff', id], staleTime: Infinity,
  queryFn: ({ signal }) => body(api.GET('/revisions/{revision}/diff', { params: { path: { revision: id } }, signal })),
})

/** A key that makes a repeated request the same one. */
export const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('')

export const start = (ref: string, again: boolean, key: string) =>
  body(api.POST('/scenarios/{scenario}/runs', { params: { path: { scenario: ref }, header: { 'Idempotency-Key': key } }, body: { again } }))
export const resume = (id: string) => body(api.POST('/runs/{run}/resume', { params: { path: { run: id } } }))
export const cancel = (id: string) => body(api.POST('/runs/{run}/cancel', { params: { path: { run: id } } }))

export const edit = (ref: string, tag: string, yaml: string) =>
  body(api.PATCH('/scenarios/{scenario}', { params: { path: { scenario: ref }, header: { 'If-Match': tag } }, body: { yaml } }))

/** Checks what the document would be, with the folder's other files, as saving it would; saves nothing. */
export async function check(doc: DocumentView, yaml: string, signal: AbortSignal) {
  const team = doc.scenario.team
  const sent = await body(api.POST('/teams/{team}/files', { params: { path: { team } }, body: yaml, bodySerializer: (b) => b as string, headers: { 'Content-Type': 'application/octet-stream' }, signal }))
  const files = doc.files.map((f) => (f.path === 'scenario.yaml' ? { ...f, sha256: sent.sha256, size: sent.size } : f))
  return body(api.POST('/teams/{team}/scenarios/validate', { params: { path: { team } }, body: JSON.stringify(files), bodySerializer: (b) => b as string, headers: { 'Content-Type': 'application/json' }, signal }))
}

/** The declared kinds of evidence: what their metrics are called and measured in. */
export const kindsDeclared = () => queryOptions({
  queryKey: ['kinds'], staleTime: Infinity,
  queryFn: ({ signal }) => body(api.GET('/kinds', { signal })),
})

export const proof = (id: string) => queryOptions({
  queryKey: ['proof', id],
  queryFn: ({ signal }) => body(api.GET('/evidence/{evidence}/proof', { params: { path: { evidence: id } }, signal })),
})
