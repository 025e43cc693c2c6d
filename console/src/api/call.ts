import { infiniteQueryOptions } from '@tanstack/react-query'
import { lang } from '../i18n'
import { base, Trouble, troubleOf } from './client'

export interface PageOf<T> { items: T[]; next?: string }

/** Calls an operation by its path. It fails with Trouble. */
export async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<T> {
  let response: Response
  try {
    response = await fetch(base + path, {
      method, signal, headers: { 'Accept-Language': lang(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  } catch (err) {
    if (err instanceof DOMException && err.name === 'AbortError') throw err
    throw new Trouble({ type: 'urn:landfall:error:console.offline', title: '', status: 0, detail: '', kind: '', code: 'console.offline', exit: 6 })
  }
  if (!response.ok) throw await troubleOf(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** A path whose values are escaped. */
export const path = (s: TemplateStringsArray, ...v: string[]) => s.reduce((a, x, i) => a + x + (i < v.length ? encodeURIComponent(v[i]!) : ''), '')

/** A list that goes on by cursors. */
export function listed<T>(key: unknown[], at: string) {
  return infiniteQueryOptions({
    queryKey: key, initialPageParam: undefined as string | undefined, getNextPageParam: (last: PageOf<T>) => last.next,
    queryFn: ({ pageParam, signal }) => call<PageOf<T>>('GET', `${at}${at.includes('?') ? '&' : '?'}limit=100${pageParam ? `&cursor=${encodeURIComponent(pageParam)}` : ''}`, undefined, {}, signal),
  })
}
