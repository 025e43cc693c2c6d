import { useSyncExternalStore } from 'react'
import type { Mode } from './palette'

/** What a reader may choose; "system" follows the machine. */
export type Choice = Mode | 'system'

const key = 'landfall.theme'
const system = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : undefined
const listeners = new Set<() => void>()

export function choice(): Choice {
  const kept = read()
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

function read(): string | null {
  try { return localStorage.getItem(key) } catch { return null }
}

export function mode(): Mode {
  const c = choice()
  return c === 'system' ? (system?.matches ? 'dark' : 'light') : c
}

export function choose(c: Choice) {
  try { if (c === 'system') localStorage.removeItem(key); else localStorage.setItem(key, c) } catch { /* the choice then lasts as long as the page */ }
  paint()
}

function paint() {
  document.documentElement.dataset.theme = mode()
  listeners.forEach((f) => f())
}

system?.addEventListener('change', paint)

function subscribe(f: () => void) { listeners.add(f); return () => void listeners.delete(f) }
export const useMode = () => useSyncExternalStore(subscribe, mode)
export const useChoice = () => useSyncExternalStore(subscribe, choice)
