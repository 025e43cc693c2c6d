package roi

import (
	"fmt"
	"math"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/core/scenario"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// ErrNotMeasured is given for a lifecycle that names a measurement which the
// run did not make.
var ErrNotMeasured = fault.Def{Kind: fault.Invalid, Code: "roi.not_measured",
	En:     "the lifecycle line {line} takes {value} from a measurement, but {what} of {candidate} was not measured",
	Zh:     "lifecycle 的 {line} 取 {value} 的实测值，但没有测得 {candidate} 的 {what}",
	HintEn: "name a candidate that runs on test cases, or state the number", HintZh: "请指定在测试用例上运行过的候选方案，或直接填写数值"}

// Fact is a measurement that a lifecycle may take in.
type Fact struct {
	Quantity   scenario.Quantity
	Provenance evidence.Provenance
}

// FactKey names a fact: what was measured, of which candidate.
type FactKey struct{ Measured, Candidate string }

// formula makes a line of a kind from its inputs.
type formula struct {
	terms func(in func(string) Factor) []Term
	// once is paid in one month, else every month.
	once, perRequest, ramp bool
}

func product(scale float64, fs ...Factor) []Term { return []Term{{Scale: scale, Factors: fs}} }

// formulas are the amounts a month, or once, or a request.
var formulas = map[string]formula{
	"wrong_answers": {perRequest: true, ramp: true, terms: func(in func(string) Factor) []Term {
		wrong := in("accuracy")
		wrong.Rest = true
		return product(1, in("share"), wrong, in("cost"))
	}},
	"handling":        {perRequest: true, terms: factors(1./60, "share", "minutes", "wage")},
	"operations":      {terms: factors(1./12, "people", "share", "salary")},
	"hardware":        {once: true, terms: factors(1, "count", "price", "utilisation")},
	"hardware_rented": {terms: factors(1, "count", "price_hour", "hours", "utilisation")},
	"energy":          {terms: factors(1./1000, "count", "watts", "load", "pue", "price_kwh", "hours", "utilisation")},
	"tokens": {perRequest: true, ramp: true, terms: func(in func(string) Factor) []Term {
		return append(product(1e-6, in("share"), in("input_tokens"), in("price_input")),
			product(1e-6, in("share"), in("output_tokens"), in("price_output"))...)
	}},
	"per_task": {perRequest: true, ramp: true, terms: factors(1, "share", "amount")},
	"annotation": {once: true, terms: func(in func(string) Factor) []Term {
		return append(product(1, in("items"), in("price"), in("redundancy")),
			product(1, in("items"), in("price"), in("redundancy"), in("rework"))...)
	}},
	"integration":     {once: true, terms: factors(1, "amount")},
	"evaluation":      {terms: factors(1./12, "amount")},
	"retraining":      {terms: factors(1./12, "times", "cost")},
	"compliance":      {terms: factors(1./12, "amount")},
	"decommissioning": {once: true, terms: factors(1, "amount")},
	"time_saved":      {perRequest: true, ramp: true, terms: factors(1./60, "share", "minutes", "wage", "realised")},
	"errors_avoided":  {ramp: true, terms: factors(1./12, "errors", "cost")},
	"revenue":         {ramp: true, terms: factors(1./12, "amount")},
}

func factors(scale float64, names ...string) func(func(string) Factor) []Term {
	return func(in func(string) Factor) []Term {
		fs := make([]Factor, len(names))
		for i, n := range names {
			fs[i] = in(n)
		}
		return product(scale, fs...)
	}
}

// NewLife makes the model of a checked document. facts are what was measured;
// it fails with ErrNotMeasured if the document names another one.
func NewLife(doc *scenario.Document, facts map[FactKey]Fact) (Life, error) {
	spec := doc.Lifecycle
	l := Life{Currency: doc.Costs.Currency, Months: spec.Months, Start: spec.Start, Discount: spec.Discount, Proposed: spec.Proposed,
		Baseline: spec.Baseline, Adoption: ramp(spec.Adoption, spec.Months), Draws: Draws, Seed: doc.Run.Seed}
	all := []string{}
	for _, o := range spec.Options {
		l.Options = append(l.Options, LifeOption{ID: o.ID, Title: titled(o.Title, text.Text{En: o.ID, Zh: o.ID})})
		all = append(all, o.ID)
	}
	if l.Proposed == "" {
		l.Proposed = all[0]
	}
	var missing error
	add := func(line, value string, title, unit text.Text, q scenario.Quantity) int {
		in := LifeInput{ID: line, Title: title, Unit: unit, Quantity: q, Provenance: q.Provenance()}
		if value != "" {
			in.ID += "." + value
		}
		if q.Same != "" {
			return slices.IndexFunc(l.Inputs, func(x LifeInput) bool { return x.ID == q.Same })
		}
		if q.Measured != "" {
			f, ok := facts[FactKey{q.Measured, q.Candidate}]
			if !ok && missing == nil {
				who := q.Candidate
				if who == "" {
					who = "the graded mix"
				}
				missing = ErrNotMeasured.With("line", line, "value", value, "what", q.Measured, "candidate", who)
			}
			in.Quantity, in.Provenance = f.Quantity, f.Provenance
			in.Quantity.Measured, in.Quantity.Candidate = q.Measured, q.Candidate
		}
		l.Inputs = append(l.Inputs, in)
		return len(l.Inputs) - 1
	}
	volume := doc.Traffic.PerYear
	l.Volume = add("volume", "", text.Text{En: "requests a year", Zh: "每年请求量"}, text.Text{En: "1/year", Zh: "次/年"},
		scenario.Quantity{Value: volume.Value, P10: volume.P10, P50: volume.P50, P90: volume.P90, Source: volume.Source})
	l.Inputs[l.Volume].Provenance = volume.Provenance()
	l.Growth = add("growth", "", text.Text{En: "growth of the requests a year", Zh: "请求量年增长率"}, text.Text{En: "share", Zh: "占比"}, spec.Growth)
	for _, s := range spec.Lines {
		line, err := l.line(s, all, add)
		if err != nil {
			return Life{}, err
		}
		l.Lines = append(l.Lines, line)
	}
	return l, missing
}

func (l Life) line(s scenario.LifecycleLine, all []string, add func(line, value string, title, unit text.Text, q scenario.Quantity) int) (LifeLine, error) {
	kind, known := scenario.Kind(s.Kind)
	f, ok := formulas[s.Kind]
	if !known || !ok {
		return LifeLine{}, fmt.Errorf("lifecycle line %s: there is no kind %q", s.ID, s.Kind)
	}
	title := titled(s.Title, kind.Title)
	out := LifeLine{ID: s.ID, Kind: s.Kind, Title: title, Benefit: kind.Benefit, Options: s.Options, PerRequest: f.perRequest,
		Ramp: f.ramp && !s.FullUse, PriceGrowth: -1}
	if len(out.Options) == 0 {
		out.Options = slices.Clone(all)
	}
	at := map[string]int{}
	for _, v := range kind.Values {
		q, stated := s.Values[v.Name]
		if !stated {
			d := *v.Default // the document was checked
			if v.Name == "watts" && s.Accelerator != "" {
				a := Accelerators()[slices.IndexFunc(Accelerators(), func(a Accelerator) bool { return a.ID == s.Accelerator })]
				q = scenario.Quantity{Value: &a.Watts, Imported: a.Source, Source: a.Name}
			} else {
				q = scenario.Quantity{Value: &d}
			}
		}
		at[v.Name] = add(s.ID, v.Name, text.Text{En: title.En + ": " + v.Title.En, Zh: title.Zh + "：" + v.Title.Zh}, v.Unit, q)
	}
	out.Terms = f.terms(func(name string) Factor { return Factor{Input: at[name]} })
	if !s.PriceGrowth.IsZero() {
		out.PriceGrowth = add(s.ID, "price_growth", text.Text{En: title.En + ": price growth a year", Zh: title.Zh + "：价格年变化率"},
			text.Text{En: "share", Zh: "占比"}, s.PriceGrowth)
	}
	until := s.Until
	if until == 0 || until > l.Months {
		until = l.Months
	}
	switch {
	case !f.once:
		out.Due = due(max(1, s.From), until, 1)
	case s.Kind == "decommissioning" && s.From == 0:
		out.Due = []int{l.Months}
	case s.Kind == "hardware" && s.Every == 0:
		d, err := lifetime(s.Values["years"])
		if err != nil {
			return out, err
		}
		// What is bought at the very end would serve nobody.
		out.Due = due(s.From, until-1, max(1, int(math.Round(12*d))))
	case s.Every > 0:
		out.Due = due(s.From, until, s.Every)
	default:
		out.Due = []int{s.From}
	}
	return out, nil
}

// lifetime returns the years of a machine's life: four if nothing is stated.
func lifetime(q scenario.Quantity) (float64, error) {
	if q.IsZero() {
		return 4, nil
	}
	d, err := q.Dist()
	return d.Mean(), err
}

func titled(t, otherwise text.Text) text.Text {
	if t.IsZero() {
		return otherwise
	}
	return t
}
