package roi

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/kit/text"
)

// NPV returns the net present value of flows at a rate per period: flow i is
// discounted over i periods, so flow 0 is paid now. Spreadsheets discount the
// first value as well: their NPV(rate, flows) is NPV(rate, flows) / (1+rate).
func NPV(rate float64, flows []float64) float64 {
	sum := 0.0
	for i := len(flows) - 1; i >= 0; i-- {
		sum = sum/(1+rate) + flows[i]
	}
	return sum
}

// The range in which rates per period are looked for: from losing nearly
// everything to a hundredfold.
const (
	lowestRate  = -0.99
	highestRate = 100
)

// Rate is an internal rate of return, or why there is none.
type Rate struct {
	// Value is a share per year; nil if there is none, or several.
	Value *float64 `json:"value,omitempty"`
	// All holds every rate that was found, ascending.
	All []float64 `json:"all,omitempty"`
	// Why says why Value is nil.
	Why text.Text `json:"why"`
}

// IRR returns the rates per period at which flows are worth nothing.
func IRR(flows []float64) Rate {
	at := make([]float64, len(flows))
	for i := range at {
		at[i] = float64(i)
	}
	return rateOf(flows, at)
}

// Payment is money on a day.
type Payment struct {
	Day    time.Time
	Amount float64
}

// XIRR returns the rates per year of 365 days at which payments are worth
// nothing on the day of the first one, as spreadsheets define it. The order of
// the payments after the first does not matter.
func XIRR(payments []Payment) Rate {
	flows, at := make([]float64, len(payments)), make([]float64, len(payments))
	for i, p := range payments {
		flows[i] = p.Amount
		at[i] = math.Round(p.Day.Sub(payments[0].Day).Hours()/24) / 365
	}
	return rateOf(flows, at)
}

// MIRR returns the rate per period at which what is paid, financed at finance,
// grows to what comes in, reinvested at reinvest, as spreadsheets define it. ok
// is false if nothing is paid or nothing comes in.
func MIRR(flows []float64, finance, reinvest float64) (_ float64, ok bool) {
	n := len(flows) - 1
	in, out := 0.0, 0.0
	for i, f := range flows {
		if f > 0 {
			in += f * math.Pow(1+reinvest, float64(n-i))
		} else {
			out -= f / math.Pow(1+finance, float64(i))
		}
	}
	if !(in > 0) || !(out > 0) {
		return 0, false
	}
	return math.Pow(in/out, 1/float64(n)) - 1, true
}

// rateOf looks for every root of the present value over a grid of the
// discount factor's logarithm, fine enough to part roots a thousandth of it
// away from each other, and halves each bracket in which the sign changes.
func rateOf(flows, at []float64) Rate {
	if !slices.ContainsFunc(flows, func(f float64) bool { return f > 0 }) {
		return Rate{Why: text.Text{En: "nothing ever comes in", Zh: "始终没有收入"}}
	}
	if !slices.ContainsFunc(flows, func(f float64) bool { return f < 0 }) {
		return Rate{Why: text.Text{En: "nothing is ever paid", Zh: "始终没有支出"}}
	}
	value := func(u float64) float64 { // u is ln(1+rate)
		sum := 0.0
		for i, f := range flows {
			if f != 0 { // 0 × ∞ is none
				sum += f * math.Exp(-u*at[i])
			}
		}
		return sum
	}
	const steps = 2000
	low, high := math.Log1p(lowestRate), math.Log1p(highestRate)
	var roots []float64
	add := func(u float64) {
		r := math.Expm1(u)
		if len(roots) == 0 || r-roots[len(roots)-1] > 1e-9 {
			roots = append(roots, r)
		}
	}
	u0, v0 := low, value(low)
	for i := 1; i <= steps; i++ {
		u1 := low + (high-low)*float64(i)/steps
		v1 := value(u1)
		switch {
		case v1 == 0:
			add(u1)
		case v0 != 0 && (v0 < 0) != (v1 < 0):
			a, b, va := u0, u1, v0
			for range 100 {
				m := (a + b) / 2
				if v := value(m); (v < 0) == (va < 0) {
					a, va = m, v
				} else {
					b = m
				}
			}
			add((a + b) / 2)
		}
		u0, v0 = u1, v1
	}
	switch len(roots) {
	case 0:
		return Rate{Why: text.Text{En: "at no rate from -99% to 10,000% do income and payments balance", Zh: "在 -99% 至 10,000% 之间，没有使收支现值相抵的利率"}}
	case 1:
		return Rate{Value: &roots[0], All: roots}
	}
	return Rate{All: roots, Why: text.Text{
		En: fmt.Sprintf("the flows change their sign more than once, and %d rates balance them; read the net present value instead", len(roots)),
		Zh: fmt.Sprintf("现金流多次变号，有 %d 个利率都使收支相抵；请改看净现值", len(roots))}}
}

// Payback returns after how many periods the sum of flows, discounted at rate
// per period (0 for the simple one), has reached 0 for good, interpolated
// within the period. ok is false if it never does.
func Payback(flows []float64, rate float64) (_ float64, ok bool) {
	sum, factor := 0.0, 1.0
	at, before, reached := 0.0, 0.0, false
	for i, f := range flows {
		before = sum
		sum += f * factor
		factor /= 1 + rate
		switch {
		case sum < 0:
			reached = false
		case !reached:
			reached, at = true, float64(i)
			if i > 0 && before < 0 {
				at = float64(i-1) - before/(sum-before)
			}
		}
	}
	return at, reached
}
