import type { ReactNode } from 'react'
import { Command } from './command'

/** What stands where nothing is yet: one sentence, one button, one command that works. */
export function Empty({ children, action, command }: { children: ReactNode; action?: ReactNode; command?: string }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action && <div className="do">{action}</div>}
      {command && <Command>{command}</Command>}
    </div>
  )
}
