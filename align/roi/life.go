package roi

import (
	"math"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/text"
)

// Life is a model of what several ways to do the work cost and bring over
// their whole life. It is kept with its result, so that it can be computed
// again when the actual amounts are known. All of its inputs are independent.
type Life struct {
	Currency string `json:"currency"`
	Months   int    `json:"months"`
	Start    string `json:"start,omitempty"` // YYYY-MM
	// Discount is the rate per year; month m counts (1+Discount)^(-m/12).
	Discount float64      `json:"discount"`
	Options  []LifeOption `json:"options"`
	Proposed string       `json:"proposed"`
	Baseline string       `json:"baseline,omitempty"`
	Inputs   []LifeInput  `json:"inputs"`
	Lines    []LifeLine   `json:"lines"`
	// Volume and Growth are inputs: requests a year, and their growth per year.
	// Month m has Volume/12 × (1+Growth)^((m-1)/12) requests.
	Volume   int       `json:"volume"`
	Growth   int       `json:"growth"`
	Adoption []float64 `json:"adoption"` // by month, 0 to Months
	Draws    int       `json:"draws"`
	Seed     uint64    `json:"seed"`
}

// LifeOption is one way to do the work.
type LifeOption struct {
	ID    string    `json:"id"`
	Title text.Text `json:"title"`
}

// LifeInput is a number that the model is computed from.
type LifeInput struct {
	ID       string            `json:"id"` // LINE.VALUE, or volume, growth
	Title    text.Text         `json:"title"`
	Unit     text.Text         `json:"unit"`
	Quantity scenario.Quantity `json:"quantity"`
	// Provenance of the number; that of Quantity, or of what it was taken from.
	Provenance evidence.Provenance `json:"provenance"`
}

// Factor is an input, or what it leaves of 1.
type Factor struct {
	Input int  `json:"input"`
	Rest  bool `json:"rest,omitempty"`
}

// Term is Scale times its factors.
type Term struct {
	Scale   float64  `json:"scale"`
	Factors []Factor `json:"factors"`
}

// LifeLine is one thing that is paid for or gained: the sum of Terms, in every
// month in which it falls due, times what it grows with.
type LifeLine struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Title   text.Text `json:"title"`
	Benefit bool      `json:"benefit,omitempty"`
	Options []string  `json:"options"`
	Terms   []Term    `json:"terms"`
	Due     []int     `json:"due"` // months, ascending
	// PerRequest multiplies by the month's requests, Ramp by its adoption.
	PerRequest bool `json:"per_request,omitempty"`
	Ramp       bool `json:"ramp,omitempty"`
	// PriceGrowth is the input of the yearly growth: month m counts
	// (1+PriceGrowth)^(m/12). -1 is none.
	PriceGrowth int `json:"price_growth"`
}

// ramp returns the adoption of months 0 to months.
func ramp(a *scenario.Adoption, months int) []float64 {
	out := make([]float64, months+1)
	for m := 1; m <= months; m++ {
		switch {
		case a == nil:
			out[m] = 1
		case a.Shape == "table":
			out[m] = a.Table[min(m, len(a.Table))-1]
		default:
			to := a.To
			if to == 0 {
				to = 1
			}
			at := min(1, float64(m)/float64(max(1, a.Months)))
			if a.Shape == "logistic" {
				// The logistic curve from -6 to 6, stretched so that it begins
				// at From and ends at To exactly.
				curve := func(x float64) float64 { return 1 / (1 + math.Exp(-12*(x-0.5))) }
				at = (curve(at) - curve(0)) / (curve(1) - curve(0))
			}
			out[m] = a.From + (to-a.From)*at
		}
	}
	return out
}

// due returns the months from..until, every so many.
func due(from, until, every int) []int {
	out := []int{}
	for m := from; m <= until; m += every {
		out = append(out, m)
	}
	return out
}

// path returns what multiplies a line's terms in each month, given the values
// of the inputs.
func (l Life) path(line LifeLine, values []float64, out []float64) {
	clear(out)
	price, volume := 1.0, 1.0
	if line.PriceGrowth >= 0 {
		price = math.Pow(1+values[line.PriceGrowth], 1./12)
	}
	if line.PerRequest {
		volume = math.Pow(1+values[l.Growth], 1./12)
	}
	// Running products instead of a power for every month.
	power, at := 1.0, 0
	step := price * volume
	for _, m := range line.Due {
		for ; at < m; at++ {
			power *= step
		}
		v := power
		if line.PerRequest {
			v *= values[l.Volume] / 12 / volume
		}
		if line.Ramp {
			v *= l.Adoption[m]
		}
		out[m] = v
	}
}

// amount returns the sum of a line's terms.
func amount(line LifeLine, values []float64) float64 {
	sum := 0.0
	for _, t := range line.Terms {
		v := t.Scale
		for _, f := range t.Factors {
			if f.Rest {
				v *= 1 - values[f.Input]
			} else {
				v *= values[f.Input]
			}
		}
		sum += v
	}
	return sum
}

// Weight says how a line counts in the proposed option against the baseline:
// with its sign, 0 if it is in both or neither.
func (l Life) Weight(line LifeLine) float64 {
	w := 0.0
	if slices.Contains(line.Options, l.Proposed) {
		w++
	}
	if l.Baseline != "" && slices.Contains(line.Options, l.Baseline) {
		w--
	}
	if !line.Benefit {
		w = -w
	}
	return w
}

// Means returns the expected value of every input.
func (l Life) Means() ([]float64, error) {
	out := make([]float64, len(l.Inputs))
	for i, in := range l.Inputs {
		d, err := in.Quantity.Dist()
		if err != nil {
			return nil, err
		}
		out[i] = d.Mean()
	}
	return out, nil
}

// Flows returns the money of months 0 to Months that the proposed option
// brings more than the baseline, at given values of the inputs.
func (l Life) Flows(values []float64) []float64 {
	out, path := make([]float64, l.Months+1), make([]float64, l.Months+1)
	for _, line := range l.Lines {
		w := l.Weight(line)
		if w == 0 {
			continue
		}
		l.path(line, values, path)
		c := w * amount(line, values)
		for m := range out {
			out[m] += c * path[m]
		}
	}
	return out
}

// monthly is the discount rate per month.
func (l Life) monthly() float64 { return math.Pow(1+l.Discount, 1./12) - 1 }

// Requests returns the requests of months 0 to Months, at given values.
func (l Life) Requests(values []float64) []float64 {
	out := make([]float64, l.Months+1)
	l.path(LifeLine{PerRequest: true, PriceGrowth: -1, Due: due(1, l.Months, 1)}, values, out)
	return out
}
