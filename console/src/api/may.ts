import { useQuery } from '@tanstack/react-query'
import { me } from './people'

export type Permission = 'read' | 'contribute' | 'approve' | 'own' | 'admin'

/**
 * Whether the reader may do something to what a team owns. The server decides;
 * this only keeps buttons away that it would refuse. Where nobody need sign in,
 * everybody may everything.
 */
export function useMay(team: string | undefined, what: Permission): boolean {
  const { data: who } = useQuery({ ...me(), throwOnError: false })
  if (who === undefined) return false
  if (who === null) return true
  return who.permissions.includes(what) || !!who.teams.find((t) => t.id === team)?.permissions.includes(what)
}
