import createClient from 'openapi-fetch'
import { lang } from '../i18n'
import type { components, paths } from './schema'

export type Schemas = components['schemas']
export type Problem = Schemas['Problem']

/** A request that the server refused or could not serve, as RFC 9457 says it. */
export class Trouble extends Error {
  constructor(readonly problem: Problem) { super(problem.detail || problem.code) }
  get code() { return this.problem.code }
  get status() { return this.problem.status }
}

export const base = '/api/v1'
export const api = createClient<paths>({
  baseUrl: base,
  fetch: async (request) => {
    try { return await fetch(request) } catch (err) {
      if (err instanceof DOMException && err.name === 'AbortError') throw err
      throw new Trouble(made('console.offline', 0))
    }
  },
})

api.use({
  onRequest({ request }) {
    request.headers.set('Accept-Language', lang())
    return request
  },
  async onResponse({ response }) {
    if (response.ok) return
    throw await troubleOf(response)
  },
})

export async function troubleOf(response: Response): Promise<Trouble> {
  try {
    const body = await response.clone().json() as Partial<Problem>
    if (body.code) return new Trouble({ ...made(body.code, response.status), ...body })
  } catch { /* not a problem document: a proxy between us and the server answered */ }
  return new Trouble(made(response.status >= 500 && response.status !== 503 ? 'console.bad_answer' : 'console.offline', response.status))
}

function made(code: string, status: number): Problem {
  return { type: `urn:landfall:error:${code}`, title: '', status, detail: '', kind: '', code, exit: 6 }
}

type Answer<T> = { data?: T; error?: unknown }

/** The answer's body. Whatever is not 2xx was thrown before. */
export async function body<T>(call: Promise<Answer<T>>): Promise<T> {
  return (await call).data as T
}
