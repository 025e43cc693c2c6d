/** Colour as eyes see it. Used to hold the palette to account, not to paint. */
export type Triple = [number, number, number]
type Matrix = [Triple, Triple, Triple]

const times = (m: Matrix, v: Triple) => m.map((r) => r[0] * v[0] + r[1] * v[1] + r[2] * v[2]) as Triple

/** Linear-light sRGB, each 0 to 1, of "#rrggbb". */
export function linear(hex: string): Triple {
  return [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }) as Triple
}

/** OKLab of linear-light sRGB: https://bottosson.github.io/posts/oklab/ */
export function oklab(rgb: Triple): Triple {
  const lms = times([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005]], rgb)
  return times([
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766]], lms.map((x) => Math.cbrt(x)) as Triple)
}

/**
 * Severity 1.0 of Machado, Oliveira and Fernandes, "A Physiologically-based
 * Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009,
 * table 1; on linear-light sRGB.
 */
const machado: Record<string, Matrix> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
export const visions = Object.keys(machado)

/** Distance ×100 of two colours in OKLab, as somebody with this vision sees them. */
export function distance(a: string, b: string, vision: string): number {
  const seen = (hex: string) => oklab(times(machado[vision]!, linear(hex)).map((c) => Math.min(1, Math.max(0, c))) as Triple)
  const [p, q] = [seen(a), seen(b)]
  return 100 * Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])
}

/** WCAG 2 contrast ratio, 1 to 21. */
export function contrast(a: string, b: string): number {
  const light = (hex: string) => { const [r, g, b] = linear(hex); return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05 }
  const [x, y] = [light(a), light(b)]
  return Math.max(x, y) / Math.min(x, y)
}
