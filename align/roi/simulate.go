package roi

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// draws holds a model's random numbers and what follows from them.
type draws struct {
	life    Life
	dists   []stats.Dist
	means   []float64
	values  [][]float64 // [input][draw]
	nominal [][]float64 // [line][draw], without sign
	present [][]float64 // [line][draw]
	cash    [][]float64 // [month][draw], of the proposed option against the baseline
	tasks   []float64   // [draw]
}

// draw fills values: every input from a generator of its own, seeded by its
// name, so that options share their chances, and an input that is added leaves
// the others as they are.
func (l Life) draw() (*draws, error) {
	d := &draws{life: l}
	d.dists = make([]stats.Dist, len(l.Inputs))
	d.means = make([]float64, len(l.Inputs))
	d.values = matrix(len(l.Inputs), l.Draws)
	for i, in := range l.Inputs {
		dist, err := in.Quantity.Dist()
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", in.ID, err)
		}
		h := fnv.New64a()
		h.Write([]byte(in.ID))
		d.dists[i], d.means[i] = dist, dist.Mean()
		dist.Fill(rand.New(rand.NewPCG(l.Seed, h.Sum64())), d.values[i])
	}
	return d, nil
}

// matrix returns rows × columns of one allocation.
func matrix(rows, columns int) [][]float64 {
	all, out := make([]float64, rows*columns), make([][]float64, rows)
	for i := range out {
		out[i] = all[i*columns : (i+1)*columns : (i+1)*columns]
	}
	return out
}

// block is how many draws are worked together: a line's months of a block stay
// in the nearest cache.
const block = 256

// run works out every line in every draw.
func (d *draws) run() {
	l := d.life
	d.nominal, d.present = matrix(len(l.Lines), l.Draws), matrix(len(l.Lines), l.Draws)
	d.cash = matrix(l.Months+1, l.Draws)
	d.tasks = make([]float64, l.Draws)
	factor := make([]float64, l.Months+1)
	for m := range factor {
		factor[m] = math.Pow(1+l.Discount, -float64(m)/12)
	}
	path := make([]float64, l.Months+1)
	requests := LifeLine{PerRequest: true, PriceGrowth: -1, Due: due(1, l.Months, 1), Terms: []Term{{Scale: 1}}}
	var coef, power, step [block]float64
	for i := 0; i < l.Draws; i += block {
		n := min(block, l.Draws-i)
		d.line(requests, 0, i, n, path, factor, &coef, &power, &step, nil, d.tasks[i:i+n])
		for k, line := range l.Lines {
			d.line(line, l.Weight(line), i, n, path, factor, &coef, &power, &step, d.present[k][i:i+n], d.nominal[k][i:i+n])
		}
	}
}

// line works out one line in n draws from the i-th on.
func (d *draws) line(line LifeLine, weight float64, i, n int, path, factor []float64, coef, power, step *[block]float64, present, nominal []float64) {
	l := d.life
	d.coefficients(line, i, n, coef)
	if !d.moves(line) { // the months are the same in every draw
		l.path(line, d.means, path)
		if line.PerRequest && d.means[l.Volume] != 0 {
			for m := range path { // the volume is drawn: it is in coef
				path[m] /= d.means[l.Volume]
			}
		}
		sum, pv := 0.0, 0.0
		for m, p := range path {
			sum += p
			pv += p * factor[m]
			if weight != 0 && p != 0 {
				p *= weight
				cash := d.cash[m][i : i+n]
				for j := range cash {
					cash[j] += p * coef[j]
				}
			}
		}
		for j := range nominal {
			nominal[j] = sum * coef[j]
		}
		for j := range present {
			present[j] = pv * coef[j]
		}
		return
	}
	for j := range n {
		s := 1.0
		if line.PriceGrowth >= 0 {
			s *= 1 + d.values[line.PriceGrowth][i+j]
		}
		volume := 1.0
		if line.PerRequest {
			volume = 1 + d.values[l.Growth][i+j]
		}
		step[j] = math.Pow(s*volume, 1./12)
		power[j] = coef[j]
		if line.PerRequest { // month 1 has the volume as stated
			power[j] /= math.Pow(volume, 1./12)
		}
	}
	at := 0
	for _, m := range line.Due {
		for ; at < m; at++ {
			for j := range n {
				power[j] *= step[j]
			}
		}
		scale := 1.0
		if line.PerRequest {
			scale = 1. / 12
		}
		if line.Ramp {
			scale *= l.Adoption[m]
		}
		pv := scale * factor[m]
		for j := range nominal {
			nominal[j] += scale * power[j]
		}
		for j := range present {
			present[j] += pv * power[j]
		}
		if weight != 0 {
			w := scale * weight
			cash := d.cash[m][i : i+n]
			for j := range cash {
				cash[j] += w * power[j]
			}
		}
	}
}

// moves tells whether a line grows differently from draw to draw.
func (d *draws) moves(line LifeLine) bool {
	return line.PriceGrowth >= 0 && !d.dists[line.PriceGrowth].IsPoint() || line.PerRequest && !d.dists[d.life.Growth].IsPoint()
}

// coefficients works out what does not depend on the month: the terms, and for
// a line per request the yearly volume.
func (d *draws) coefficients(line LifeLine, i, n int, coef *[block]float64) {
	out := coef[:n]
	clear(out)
	var one [block]float64
	for _, t := range line.Terms {
		term := one[:n]
		for j := range term {
			term[j] = t.Scale
		}
		for _, f := range t.Factors {
			xs := d.values[f.Input][i : i+n]
			if f.Rest {
				for j, x := range xs {
					term[j] *= 1 - x
				}
			} else {
				for j, x := range xs {
					term[j] *= x
				}
			}
		}
		for j, v := range term {
			out[j] += v
		}
	}
	if line.PerRequest {
		for j, v := range d.values[d.life.Volume][i : i+n] {
			out[j] *= v
		}
	}
}

// ComputeLife draws the model. The same model gives the same result on every
// machine. Money is computed in float64 and rounded where it is printed.
func ComputeLife(l Life) (LifeResult, error) {
	d, err := l.draw()
	if err != nil {
		return LifeResult{}, fmt.Errorf("compute the lifecycle: %w", err)
	}
	d.run()
	r := LifeResult{Currency: l.Currency, Months: l.Months, Discount: l.Discount, Proposed: l.Proposed, Baseline: l.Baseline,
		Draws: l.Draws, Seed: l.Seed, Provenance: evidence.Measured}
	for _, in := range l.Inputs {
		r.Provenance = evidence.Worst(r.Provenance, in.Provenance)
	}
	scratch := make([]float64, l.Draws)
	options := d.options(&r, scratch)
	npv := make([]float64, l.Draws)
	for k, line := range l.Lines {
		if w := l.Weight(line); w != 0 {
			for j, v := range d.present[k] {
				npv[j] += w * v
			}
		}
	}
	r.NPV = spread(npv, scratch)
	for _, v := range npv {
		if v < 0 {
			r.ProbabilityOfLoss++
		}
	}
	r.ProbabilityOfLoss /= float64(l.Draws)
	d.lines(&r, scratch)
	d.rates(&r)
	d.paybacks(&r, scratch)
	d.sensitivity(&r, npv, options)
	return r, nil
}

// options sums every option up and returns its net present values.
func (d *draws) options(r *LifeResult, scratch []float64) [][]float64 {
	l := d.life
	out := matrix(len(l.Options), l.Draws)
	cost := make([]float64, l.Draws)
	base := make([]float64, l.Draws)
	r.Options = []OptionResult{}
	for o, option := range l.Options {
		clear(cost)
		for k, line := range l.Lines {
			if !slices.Contains(line.Options, option.ID) {
				continue
			}
			if line.Benefit {
				for j, v := range d.present[k] {
					out[o][j] += v
				}
				continue
			}
			for j, v := range d.present[k] {
				out[o][j] -= v
			}
			for j, v := range d.nominal[k] {
				cost[j] += v
			}
		}
		res := OptionResult{ID: option.ID, Title: option.Title, NPV: spread(out[o], scratch), Cost: spread(cost, scratch)}
		for j := range cost {
			if d.tasks[j] > 0 {
				cost[j] /= d.tasks[j]
			}
		}
		res.CostPerTask = spread(cost, scratch)
		r.Options = append(r.Options, res)
		if option.ID == l.Baseline {
			copy(base, out[o])
		}
	}
	won := make([]int, len(out))
	for j := range l.Draws {
		best := 0
		for o := range out {
			if out[o][j] > out[best][j] {
				best = o
			}
		}
		won[best]++
	}
	for o := range out {
		r.Options[o].Best = float64(won[o]) / float64(l.Draws)
		for j := range cost {
			cost[j] = out[o][j] - base[j]
		}
		r.Options[o].Gain = spread(cost, scratch)
	}
	return out
}

// lines sums up the lines of the proposed option.
func (d *draws) lines(r *LifeResult, scratch []float64) {
	l := d.life
	r.Lines = []LineResult{}
	sums := map[bool]float64{}
	for k, line := range l.Lines {
		if !slices.Contains(line.Options, l.Proposed) {
			continue
		}
		res := LineResult{ID: line.ID, Kind: line.Kind, Title: line.Title, Benefit: line.Benefit, Amount: spread(d.nominal[k], scratch), Provenance: l.provenance(line)}
		sums[line.Benefit] += res.Amount.Mean
		r.Lines = append(r.Lines, res)
	}
	for i := range r.Lines {
		if s := sums[r.Lines[i].Benefit]; s > 0 {
			r.Lines[i].Share = r.Lines[i].Amount.Mean / s
		}
	}
	slices.SortStableFunc(r.Lines, func(a, b LineResult) int {
		if a.Benefit != b.Benefit {
			if a.Benefit {
				return 1
			}
			return -1
		}
		return cmp.Compare(b.Amount.Mean, a.Amount.Mean)
	})
}

// provenance of a line is the worst of its inputs.
func (l Life) provenance(line LifeLine) evidence.Provenance {
	p := evidence.Measured
	for _, t := range line.Terms {
		for _, f := range t.Factors {
			p = evidence.Worst(p, l.Inputs[f.Input].Provenance)
		}
	}
	if line.PriceGrowth >= 0 {
		p = evidence.Worst(p, l.Inputs[line.PriceGrowth].Provenance)
	}
	if line.PerRequest {
		p = evidence.Worst(p, evidence.Worst(l.Inputs[l.Volume].Provenance, l.Inputs[l.Growth].Provenance))
	}
	return p
}

func (d *draws) rates(r *LifeResult) {
	l := d.life
	flows := l.Flows(d.means)
	r.Expected = NPV(l.monthly(), flows)
	yearly := func(m float64) float64 { return math.Pow(1+m, 12) - 1 }
	r.IRR = IRR(flows)
	if r.IRR.Value != nil {
		v := yearly(*r.IRR.Value)
		r.IRR.Value = &v
	}
	r.IRR.All = slices.Clone(r.IRR.All)
	for i, m := range r.IRR.All {
		r.IRR.All[i] = yearly(m)
	}
	start, err := time.Parse("2006-01", l.Start)
	if err != nil { // without a date any month does
		r.XIRR = Rate{Why: text.Text{En: "the lifecycle has no start", Zh: "未填写起始月份"}}
	} else {
		payments := make([]Payment, len(flows))
		for m, f := range flows {
			payments[m] = Payment{Day: start, Amount: f}
			if m > 0 {
				payments[m].Day = start.AddDate(0, m, -1)
			}
		}
		r.XIRR = XIRR(payments)
	}
	if m, ok := MIRR(flows, l.monthly(), l.monthly()); ok {
		m = yearly(m)
		r.MIRR = &m
	}
	r.BreakEven = d.breakEven()
}

// breakEven uses that the NPV is a straight line in the volume.
func (d *draws) breakEven() BreakEven {
	l := d.life
	values := slices.Clone(d.means)
	at := func(v float64) float64 {
		values[l.Volume] = v
		return NPV(l.monthly(), l.Flows(values))
	}
	fixed, unit := at(0), at(1)
	slope := unit - fixed
	if volume := d.means[l.Volume]; volume > 0 {
		slope = (at(volume) - fixed) / volume // loses no digits to the fixed part
	}
	switch {
	case slope == 0 && fixed == 0:
		return BreakEven{Why: text.Text{En: "nothing is paid and nothing comes in", Zh: "既无支出也无收入"}}
	case fixed >= 0 && slope >= 0:
		return BreakEven{Why: text.Text{En: "it pays at any volume", Zh: "任何请求量都划算"}}
	case fixed <= 0 && slope <= 0:
		return BreakEven{Why: text.Text{En: "it pays at no volume: every request costs more than it brings", Zh: "多少请求量都不划算：每次请求的成本高于收益"}}
	}
	v := -fixed / slope
	b := BreakEven{PerYear: &v}
	if slope < 0 {
		b.Why = text.Text{En: "it pays below this volume: the fixed part brings money, every request costs", Zh: "低于此量才划算：固定部分有收益，每次请求却在亏损"}
	}
	return b
}

// paybacks goes through the months once, all draws at a time.
func (d *draws) paybacks(r *LifeResult, scratch []float64) {
	l := d.life
	rate := l.monthly()
	n := l.Draws
	sum, discounted := make([]float64, n), make([]float64, n)
	simple, later := make([]float64, n), make([]float64, n)
	for j := range n {
		simple[j], later[j] = math.Inf(1), math.Inf(1)
	}
	r.Fan = make([]FanPoint, l.Months+1)
	factor := 1.0
	for m, cash := range d.cash {
		for j, f := range cash {
			sum[j] = recover0(sum[j], f, m, &simple[j])
			discounted[j] = recover0(discounted[j], f*factor, m, &later[j])
		}
		factor /= 1 + rate
		p := percentiles(sum, scratch)
		r.Fan[m] = FanPoint{Month: m, P10: p[0], P50: p[1], P90: p[2]}
	}
	r.Payback, r.DiscountedPayback = payback(simple, scratch), payback(later, scratch)
}

// recover0 adds f to sum and keeps in at when the sum has come back to 0.
func recover0(sum, f float64, m int, at *float64) float64 {
	now := sum + f
	switch {
	case now < 0:
		*at = math.Inf(1)
	case math.IsInf(*at, 1):
		*at = float64(m)
		if sum < 0 {
			*at = float64(m-1) - sum/f
		}
	}
	return now
}

func payback(at, scratch []float64) PaybackResult {
	never := 0
	for _, v := range at {
		if math.IsInf(v, 1) {
			never++
		}
	}
	out := PaybackResult{Never: float64(never) / float64(len(at))}
	p := percentiles(at, scratch)
	for i, to := range []**float64{&out.P10, &out.P50, &out.P90} {
		if v := p[i]; !math.IsInf(v, 0) && !math.IsNaN(v) {
			*to = &v
		}
	}
	return out
}
