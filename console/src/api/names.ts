import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { scenarios } from './queries'

/** What scenarios are called, by id. Undefined until it is known. */
export function useNames() {
  const known = useQuery(scenarios())
  return useMemo(() => new Map((known.data ?? []).map((s) => [s.id, s])), [known.data])
}
