import { queryOptions } from '@tanstack/react-query'
import type { Text } from '../i18n'
import { call, listed, path } from './call'
import { Trouble } from './client'

/**
 * People: who asks, teams, tokens, sessions and the audit log. A server that
 * one person runs for themselves may answer none of it.
 */
export type Role = 'viewer' | 'contributor' | 'approver' | 'owner'
export type PlatformRole = 'administrator' | 'auditor'
export interface User { id: string; login: string; name: string; platform_role?: PlatformRole; password: boolean; issuer?: string; created: string; deactivated?: string }
export interface Team { id: string; name: string; kind: 'platform' | 'business'; created: string }
export interface MyTeam extends Team { role?: Role; permissions: string[] }
export interface Me { id: string; name: string; user?: User; permissions: string[]; teams: MyTeam[]; token: boolean }
export interface Member { id: string; team: string; user: string; login: string; name: string; role: Role; origin: 'direct' | 'oidc'; since: string }
export interface Added { member?: Member; link?: string; expires?: string }
export interface MadeLink { link: string; expires: string }
export interface Token { id: string; user: string; name: string; permissions: string[]; team?: string; created: string; expires: string; used?: string }
export interface Session { id: string; user: string; current: boolean; address: string; agent: string; created: string; seen: string; expires: string }
export interface Ways { password: boolean; oidc?: Text; oidc_path?: string; setup: boolean }
export interface Offer { purpose: 'setup' | 'invite' | 'reset'; login?: string; team?: string; role?: Role; platform_role?: PlatformRole }
export interface AuditEntry {
  id: string; leaf: number; at: string; who: string; operation: string; what: string; where: string
  changes: { thing: string; id: string; before: string; after: string; why?: string }[] | null
}

/** Who asks; null where nobody need say who they are. */
export const me = () => queryOptions({
  queryKey: ['me'], staleTime: 60_000,
  queryFn: async ({ signal }) => {
    try { return await call<Me>('GET', '/me', undefined, {}, signal) } catch (err) {
      if (err instanceof Trouble && err.status === 404) return null
      throw err
    }
  },
})

export const ways = () => queryOptions({ queryKey: ['ways'], queryFn: ({ signal }) => call<Ways>('GET', '/sign-in', undefined, {}, signal) })
export const signIn = (login: string, password: string) => call<User>('POST', '/sign-in', { login, password })
export const signOut = () => call<void>('POST', '/sign-out', {})

const behind = (secret: string) => ({ 'X-Landfall-Link': secret })
export const offer = (secret: string) => queryOptions({ queryKey: ['offer', secret], staleTime: Infinity, queryFn: ({ signal }) => call<Offer>('GET', '/link', undefined, behind(secret), signal) })
export const accept = (secret: string, body: { login?: string; name?: string; password: string }) => call<User>('POST', '/link', body, behind(secret))

export const teams = () => listed<Team>(['teams'], '/teams')
export const members = (team: string) => listed<Member>(['members', team], path`/teams/${team}/members`)
export const users = () => listed<User>(['users'], '/users')
export const tokens = () => listed<Token>(['tokens'], '/tokens')
export const sessions = () => listed<Session>(['sessions'], '/sessions')
export const audit = (f: { operation?: string; actor?: string }) => listed<AuditEntry>(['audit', f], '/audit?' + new URLSearchParams(Object.entries(f).filter(([, v]) => v) as [string, string][]).toString())

export const makeTeam = (name: string) => call<Team>('POST', '/teams', { name })
export const addMember = (team: string, login: string, role: Role) => call<Added>('POST', path`/teams/${team}/members`, { login, role })
export const changeRole = (member: string, role: Role) => call<Member>('PATCH', path`/members/${member}`, { role })
export const removeMember = (member: string) => call<void>('DELETE', path`/members/${member}`)
export const inviteUser = (login: string, role: PlatformRole | 'none') => call<MadeLink>('POST', '/invitations', { login, role })
export const resetPassword = (user: string) => call<MadeLink>('POST', path`/users/${user}/reset`, {})
export const setPlatformRole = (user: string, role: PlatformRole | 'none') => call<User>('PUT', path`/users/${user}/platform-role`, { role })
export const setActive = (user: string, on: boolean) => call<User>('POST', path`/users/${user}/` + (on ? 'reactivate' : 'deactivate'), {})
export const rename = (user: string, name: string) => call<User>('PATCH', path`/users/${user}`, { name })
export const setPassword = (user: string, old: string, next: string) => call<void>('PUT', path`/users/${user}/password`, { old, new: next })
export const makeToken = (user: string, body: { name: string; permissions: string[]; team?: string; days: number }) => call<Token & { token: string }>('POST', path`/users/${user}/tokens`, body)
export const revokeToken = (id: string) => call<void>('DELETE', path`/tokens/${id}`)
export const endSession = (id: string) => call<void>('DELETE', path`/sessions/${id}`)
export const verifyAudit = () => call<{ ok?: boolean; size?: number; findings?: unknown[] | null }>('GET', '/audit/verification')

export interface Waiver {
  id: string; scenario: string; gate: string; rule: string; why: string; until: string; state: 'requested' | 'approved' | 'withdrawn' | 'expired'
  requested_by: string; requester: string; requested_at: string; approved_by?: string; approver?: string; approved_at?: string
}
export const waivers = (f: { scenario?: string; state?: string }) => listed<Waiver>(['waivers', f], '/waivers?' + new URLSearchParams(Object.entries(f).filter(([, v]) => v) as [string, string][]).toString())
export const requestWaiver = (scenario: string, body: { gate: string; rule: string; why: string; until: string }) => call<Waiver>('POST', path`/scenarios/${scenario}/waivers`, body)
export const approveWaiver = (id: string) => call<Waiver>('POST', path`/waivers/${id}/approve`, {})
export const withdrawWaiver = (id: string) => call<Waiver>('POST', path`/waivers/${id}/withdraw`, {})

export interface Endpoint { id: string; name: string; base_url?: string; allows: string[]; has_key: boolean; key_header?: string; timeout_s?: number; currency?: string; input_price?: string; output_price?: string; updated: string }
export interface EndpointFields { name?: string; base_url?: string; allows?: string[]; key?: string; currency?: string; input_price?: string; output_price?: string }
export interface Tried { ok: boolean; status?: number; why?: string; models?: string[] }
export const endpoints = () => listed<Endpoint>(['endpoints'], '/endpoints')
export const addEndpoint = (body: EndpointFields) => call<Endpoint>('POST', '/endpoints', body)
export const changeEndpoint = (id: string, body: EndpointFields) => call<Endpoint>('PATCH', path`/endpoints/${id}`, body)
export const removeEndpoint = (id: string) => call<void>('DELETE', path`/endpoints/${id}`)
export const testEndpoint = (id: string) => call<Tried>('POST', path`/endpoints/${id}/test`, {})
