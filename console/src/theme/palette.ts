/** The one palette: antd's tokens, the CSS variables and the chart themes are made from it, and nothing else names a colour. */
export interface Palette {
  ground: string; raised: string; sunken: string
  line: string; soft_line: string
  text: string; soft: string; faint: string
  accent: string; accent_hover: string; accent_soft: string; on_accent: string
  pass: string; fail: string; insufficient: string; stale: string; assumed: string; not_due: string
  series: readonly string[]
}

export type Mode = 'light' | 'dark'

/** Dark is a palette of its own, not derived from the light one. */
export const palettes: Record<Mode, Palette> = {
  light: {
    ground: '#fbfaf7', raised: '#ffffff', sunken: '#f3f1ec',
    line: '#e4e0d8', soft_line: '#eeebe4',
    text: '#1b1e23', soft: '#545a63', faint: '#666c75',
    accent: '#1d4e6b', accent_hover: '#163d55', accent_soft: '#e8eff3', on_accent: '#ffffff',
    pass: '#107f74', fail: '#8f1206', insufficient: '#9a6107', stale: '#724bb2', assumed: '#374352', not_due: '#666c75',
    series: ['#1d4e6b', '#c07a1e', '#4f8a6d', '#8a5a83', '#6f7f8f', '#a4472f'],
  },
  dark: {
    ground: '#14171b', raised: '#1a1e23', sunken: '#0f1215',
    line: '#30363d', soft_line: '#252a31',
    text: '#eceae4', soft: '#b3b8bf', faint: '#979da6',
    accent: '#8dbdd9', accent_hover: '#a6cde3', accent_soft: '#20303b', on_accent: '#0f1215',
    pass: '#9cebc6', fail: '#e45a2e', insufficient: '#f7ae38', stale: '#b06be0', assumed: '#a4b3c4', not_due: '#979da6',
    series: ['#8dbdd9', '#e8b063', '#8cc5a6', '#c79bc0', '#a9b6c2', '#e58f78'],
  },
}

/** Verdicts that stand beside each other and must be told apart by anybody. */
export const verdicts = ['pass', 'fail', 'insufficient', 'stale', 'assumed'] as const

/** The palette as CSS custom properties of both modes. */
export function css(): string {
  const block = (selector: string, mode: Mode) => {
    const { series, ...named } = palettes[mode]
    const lines = Object.entries(named).map(([name, value]) => `--${name.replace('_', '-')}:${value}`)
    return `${selector}{color-scheme:${mode};${[...lines, ...series.map((c, i) => `--series-${i + 1}:${c}`)].join(';')}}\n`
  }
  return block(':root', 'light') + block(':root[data-theme=dark]', 'dark')
}
