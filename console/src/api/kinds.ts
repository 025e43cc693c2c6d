/**
 * What the kinds of evidence hold under `detail`. A kind's version only ever
 * gains fields, so that what is written here stays true (docs/evidence.md).
 */
import type { Text } from '../i18n'

export interface Estimate { value: number; low: number; high: number; n: number; method?: string; level: number }
export interface Share { value: number; low: number; high: number; n: number }

export interface Reading {
  metric: string; title: Text; unit: string; field?: string; value?: number | null; estimate?: Estimate
  op?: string; allowed?: number; evidence: string; provenance: string; assumed: boolean; age_seconds: number; more_cases?: number
}
export interface RuleResult {
  id: string; title: Text; expr: string; outcome: string
  reason: { code: string; params?: Record<string, string>; text: Text }
  method: Text; fix: Text; readings: Reading[] | null; evidence: string[] | null; assumed: boolean
  /** The waiver under which the rule does not block its gate. */
  waived?: { id: string; why: string; until: string }
}
export interface GateVerdict {
  scenario: string; gate: string; outcome: string; reason?: { code: string; text: Text }
  rules: RuleResult[] | null; policy: string; params: Record<string, unknown>; evaluated_at: string
}

export interface Score { correct: number; n: number; accuracy: number; low: number; high: number; level: number }
export interface CoveragePoint { threshold: number; coverage: number; accuracy: number; low: number; high: number; n: number }
export interface Latency { n: number; p50: number; p95: number; p99: number; p95_high?: number }
export interface Candidate {
  id: string; title: Text; rung: string; digest: string; provenance: string; source?: string
  interpretability: { class: string; why: Text }
  overall: Score; slices: (Score & { slice: string })[] | null; suites?: (Score & { suite: string })[]
  errors: number; severe: number; invalid: number; mean_score: number
  latency_ms?: Latency; throughput: number
  cost_per_task: { amount: string; currency: string; provenance: string; calls?: string }
  coverage?: CoveragePoint[]; surest_80?: CoveragePoint
}
export interface Poc { cases: number; seed: number; attempt?: number; candidates: Candidate[]; not_measured: string[] | null }

export interface SliceTest { candidate: string; correct: number; n: number; accuracy: number; low: number; high: number; alpha_used: number; outcome: string }
export interface SliceVerdict {
  slice: string; title: Text; level: string; declared: string; proven: string; bar: number; share: Share
  outcome: string; cheapest: string; closest: string; more: number; tests: SliceTest[] | null; why: string
}
export interface Finding { kind: string; text: Text; candidate?: string; gap?: number }
export interface MatrixRow { slice: string; title: Text; verdict: string; reason: Text; measured_rung?: string; needed_n: number; findings?: Finding[] | null }
export interface Grade {
  declared: string; slices: SliceVerdict[]; proven: Share; possible: Share; levels: Record<string, Share>; traffic: string
  attempt: number; alpha_spent: number; worn?: boolean; matrix?: MatrixRow[]
}

export interface Spread { p10: number; p50: number; p90: number; mean: number }
export interface Costing { per_year: Spread; assumed_share: number; lines: { id: string; title: Text; mean: number; provenance: string }[] | null }
export interface Roi {
  currency: string; dearest: string; all_dearest: Costing; graded: Costing; saving: Spread; today?: Costing; handover?: Spread
  probability_of_loss: number; provenance: string; draws: number; seed: number; life?: Life
}
export interface Life {
  currency: string; months: number; discount: number; proposed: string; baseline: string
  options: { id: string; title: Text; npv: Spread; cost: Spread; cost_per_task?: Spread; best: number; gain?: Spread }[]
  npv: Spread; expected: number; probability_of_loss: number
  payback?: { p10: number | null; p50: number | null; p90?: number | null; never: number }
  lines: { id: string; kind: string; title: Text; amount: Spread; share: number; provenance: string; benefit?: boolean }[]
  fan: { month: number; p10: number; p50: number; p90: number }[]
  tornado: { input: string; title: Text; low: number; high: number; variance: number; provenance: string }[]
  assumed: number; measure?: { input: string; title: Text; value: number; provenance: string }[]
  break_even?: { per_year: number; why: Text }
}

export interface Selection {
  limits: { accuracy: number; latency_p95_ms: number; cost_per_task: number; interpretability: string }
  rows: { candidate: string; title: Text; rung: string; accuracy_low: number; latency_p95_ms?: number; cost_per_task?: number; cost_provenance: string; interpretability: string; why: Text; broken: string[] | null; pareto: boolean }[]
  recommended: string; reason: Text
}

export interface Quality {
  passed: boolean; policy: string
  rules: { id: string; observed: number; allowed: number; passed: boolean; column?: string; class?: string; split?: string; count?: number; of?: number }[]
  profile: { rows: Record<string, number>; classes: Record<string, number> }
  suites?: Record<string, Omit<Quality, 'suites'>>
}

export interface Kinds { verdict: GateVerdict; poc: Poc; grade: Grade; roi: Roi; selection: Selection; quality: Quality }
