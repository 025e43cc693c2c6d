import { expect, test } from 'vitest'
import { palettes, verdicts, type Mode } from '../src/theme/palette'
import { contrast, distance, oklab, linear, visions } from '../src/theme/vision'

const modes: Mode[] = ['light', 'dark']

test('OKLab and contrast give the published values', () => {
  // https://www.w3.org/TR/css-color-4/ : oklch(0.627955 0.257683 29.2339) is red.
  const [l, a, b] = oklab(linear('#ff0000'))
  expect(l).toBeCloseTo(0.627955, 4)
  expect(Math.hypot(a, b)).toBeCloseTo(0.257683, 4)
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 6)
  // https://webaim.org/resources/contrastchecker/ : #777777 on white is 4.48:1.
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  // Red and green of one lightness come together for a deutan.
  expect(distance('#b2182b', '#636300', 'deutan')).toBeLessThan(distance('#b2182b', '#636300', 'normal') / 2)
})

test.each(modes)('%s: verdicts differ for everybody', (mode) => {
  const p = palettes[mode]
  for (const vision of visions) {
    for (const a of verdicts) for (const b of verdicts) {
      if (a < b) expect(distance(p[a], p[b], vision), `${a} and ${b}, ${vision}`).toBeGreaterThanOrEqual(10)
    }
  }
})

test.each(modes)('%s: whatever is text can be read', (mode) => {
  const p = palettes[mode]
  for (const ground of [p.ground, p.raised, p.sunken]) {
    // No verdict stands on sunken ground.
    const onIt = ground === p.sunken ? [] : verdicts
    for (const name of ['text', 'soft', 'faint', 'accent', 'accent_hover', 'not_due', ...onIt] as const) {
      expect(contrast(p[name], ground), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    }
  }
  expect(contrast(p.on_accent, p.accent)).toBeGreaterThanOrEqual(4.5)
  expect(contrast(p.text, p.accent_soft)).toBeGreaterThanOrEqual(4.5)
  expect(contrast(p.accent, p.accent_soft)).toBeGreaterThanOrEqual(4.5)
})
