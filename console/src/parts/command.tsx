import { useEffect, useState } from 'react'
import { useT } from '../i18n'

/** Copies to the clipboard; also without a secure context, where the newer way does not exist. */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard) {
    try { return await navigator.clipboard.writeText(text) } catch { /* refused: the old way */ }
  }
  const area = Object.assign(document.createElement('textarea'), { value: text, readOnly: true })
  area.style.cssText = 'position:fixed;opacity:0'
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const { t } = useT()
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 2000)
    return () => clearTimeout(timer)
  }, [done])
  return (
    <button type="button" className="plain" onClick={() => void copy(text).then(() => setDone(true))}>
      <span aria-live="polite">{done ? t('part.copied') : label ?? t('part.copy')}</span>
    </button>
  )
}

/** A command that works as it stands. */
export function Command({ children }: { children: string }) {
  return <div className="command"><code>{children}</code><CopyButton text={children} /></div>
}
