/** A unified diff, each line by what became of it. Signs say the same as the colours. */
export function Diff({ text, label }: { text: string; label: string }) {
  const kind = (l: string) => (l.startsWith('@@') ? 'hunk' : l.startsWith('+') ? 'add' : l.startsWith('-') ? 'del' : undefined)
  const lines = text.split('\n').filter((l) => !/^(diff |--- |\+\+\+ )/.test(l))
  return <pre className="diff" tabIndex={0} aria-label={label}>{lines.map((l, i) => <span key={i} className={kind(l)}>{l || ' '}</span>)}</pre>
}
