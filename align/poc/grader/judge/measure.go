package judge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/landfall-ai/landfall/kit/stats"
	"github.com/landfall-ai/landfall/kit/text"
)

// Labelled is an item that a person has judged.
type Labelled struct {
	Item
	Good bool // the person's label
}

// Bar is what a judge must reach, per slice family.
type Bar struct {
	// Items is how many labelled items with a verdict there must be; 0 means
	// 100. Each label needs PerLabel of them; 0 means 20.
	Items    int `json:"items,omitempty" yaml:"items,omitempty"`
	PerLabel int `json:"per_label,omitempty" yaml:"per_label,omitempty"`
	// KappaLow is what the lower limit of kappa must reach; 0 means 0.6.
	KappaLow float64 `json:"kappa_low,omitempty" yaml:"kappa_low,omitempty"`
	// MaxFlips, MaxSwaps and MaxFailed are the largest shares of items whose
	// repeats disagree, of pairs whose orders disagree, and of items without a
	// verdict; 0 means 0.1, 0.2 and 0.02.
	MaxFlips  float64 `json:"max_flips,omitempty" yaml:"max_flips,omitempty"`
	MaxSwaps  float64 `json:"max_swaps,omitempty" yaml:"max_swaps,omitempty"`
	MaxFailed float64 `json:"max_failed,omitempty" yaml:"max_failed,omitempty"`
}

func (b Bar) filled() Bar {
	if b.Items == 0 {
		b.Items = 100
	}
	if b.PerLabel == 0 {
		b.PerLabel = 20
	}
	if b.KappaLow == 0 {
		b.KappaLow = 0.6
	}
	if b.MaxFlips == 0 {
		b.MaxFlips = 0.1
	}
	if b.MaxSwaps == 0 {
		b.MaxSwaps = 0.2
	}
	if b.MaxFailed == 0 {
		b.MaxFailed = 0.02
	}
	return b
}

// Plan says how a judge is measured.
type Plan struct {
	Rubric Rubric
	// Pass is the score from which on an item counts as good.
	Pass int
	// Repeats is how often each item is judged, at least 2; 0 means 3. The
	// first verdict is the one that is compared with the label, as it would be
	// in use; repeats never count as items.
	Repeats int
	// Pairs are compared in both orders. Without any, the position swap is not
	// measured, and not part of the bar.
	Pairs []Pair
	Bar   Bar
	Level float64 // of intervals; 0 means 0.95
	// Concurrency is how many questions are asked at once; 0 means 4.
	Concurrency int
}

// Rate is a share with its exact interval.
type Rate struct {
	K int `json:"k"`
	N int `json:"n"`
	stats.Interval
}

// Value is the share; 0 without any items.
func (r Rate) Value() float64 {
	if r.N == 0 {
		return 0
	}
	return float64(r.K) / float64(r.N)
}

func rate(k, n int, level float64) Rate {
	return Rate{K: k, N: n, Interval: stats.ClopperPearson(k, n, level)}
}

// Measurement is how good a judge is on one slice family.
type Measurement struct {
	Family string `json:"family"`
	// Items are labelled items with a verdict; Failed those without.
	Items  int  `json:"items"`
	Failed Rate `json:"failed"`
	// Kappa is the agreement with the labels beyond chance. Sensitivity is the
	// share of good items that the judge passes, Specificity the share of bad
	// ones that it fails.
	Kappa       stats.Agreement   `json:"kappa"`
	Calibration stats.Calibration `json:"calibration"`
	Sensitivity Rate              `json:"sensitivity"`
	Specificity Rate              `json:"specificity"`
	// Flips are the items whose repeats do not all agree on good or bad;
	// FlipRate is the chance that two repeats of one item differ.
	Repeats  int     `json:"repeats"`
	Flips    Rate    `json:"flips"`
	FlipRate float64 `json:"flip_rate"`
	// Swaps are the pairs on which the orders disagreed, which count as ties;
	// FirstFavoured of the FirstFavoured.N disagreements with a winner in both
	// orders went to whatever stood first (0.5 is no preference).
	Swaps         Rate `json:"swaps"`
	FirstFavoured Rate `json:"first_favoured"`

	Standing Standing `json:"standing"`
}

// Standing says whether a judge may be relied on for a slice family.
type Standing struct {
	Sufficient bool   `json:"sufficient"`
	Lacks      []Lack `json:"lacks,omitempty"`
	// MoreLabels is about how many more items must be labelled for a judge as
	// good as this one seems to reach the bar; 0 if labels alone do not help.
	MoreLabels int `json:"more_labels,omitempty"`
}

// Lack is one part of the bar that a judge does not reach.
type Lack struct {
	Code string    `json:"code"` // items, labels, kappa, flips, swaps, failed, chance
	Have float64   `json:"have"`
	Need float64   `json:"need"`
	Why  text.Text `json:"why"`
}

// Corrected is a share that was judged, with the judge's errors taken out, and
// whether the judge is good enough for it to count.
type Corrected struct {
	stats.Corrected
	Standing Standing `json:"standing"`
}

// Correct takes the judge's errors out of k good verdicts on n other items of
// the family. Where the judge does not stand, the figure is shown and is no
// evidence: the interval is [0, 1].
func (m Measurement) Correct(k, n int, level float64) Corrected {
	out := Corrected{Corrected: stats.CorrectShare(k, n, m.Calibration, level), Standing: m.Standing}
	if !m.Standing.Sufficient {
		out.Low, out.High = 0, 1
	}
	return out
}

// record is what a judge said of one item: per repeat good, bad or nothing.
type record struct {
	family   string
	human    bool
	verdicts []*bool
}

type swap struct {
	family string
	c      *Comparison
}

// Measure asks the judge about every item Repeats times and about every pair in
// both orders, and returns one measurement per family, in order of name. A
// reply that is no verdict counts as failed; any other error of ask ends the
// measurement, as does the end of ctx.
func Measure(ctx context.Context, ask Ask, items []Labelled, p Plan) ([]Measurement, error) {
	if p.Repeats == 0 {
		p.Repeats = 3
	}
	if p.Concurrency <= 0 {
		p.Concurrency = 4
	}
	if p.Level == 0 {
		p.Level = 0.95
	}
	if p.Repeats < 2 || p.Repeats > 100 || p.Pass < 1 || p.Pass > p.Rubric.Scale || p.Rubric.Scale > MaxScale {
		return nil, fmt.Errorf("measure a judge: %d repeats, pass %d of %d", p.Repeats, p.Pass, p.Rubric.Scale)
	}
	records := make([]record, len(items))
	swaps := make([]swap, len(p.Pairs))
	var mu sync.Mutex
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(p.Concurrency)
	for i, it := range items {
		records[i] = record{family: it.Family, human: it.Good, verdicts: make([]*bool, p.Repeats)}
		for k := range p.Repeats {
			g.Go(func() error {
				asked := it.Item
				asked.Sample = k
				v, err := Score(gctx, ask, p.Rubric, asked)
				if errors.Is(err, ErrVerdict) {
					return nil
				}
				if err != nil {
					return fmt.Errorf("judge item %s: %w", it.ID, err)
				}
				good := v.Score >= p.Pass
				mu.Lock()
				records[i].verdicts[k] = &good
				mu.Unlock()
				return nil
			})
		}
	}
	for i, pair := range p.Pairs {
		swaps[i].family = pair.Family
		g.Go(func() error {
			c, err := Compare(gctx, ask, p.Rubric, pair)
			if errors.Is(err, ErrVerdict) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("judge pair %s: %w", pair.ID, err)
			}
			mu.Lock()
			swaps[i].c = &c
			mu.Unlock()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	families := map[string]bool{}
	for _, r := range records {
		families[r.family] = true
	}
	for _, s := range swaps {
		families[s.family] = true
	}
	var out []Measurement
	for _, f := range slices.Sorted(maps.Keys(families)) {
		out = append(out, summarise(f, records, swaps, p))
	}
	return out, nil
}

// Unmeasured is the measurement of a judge about whom nobody has labelled
// anything: it does not stand, and says how many labels it needs.
func Unmeasured(b Bar) Measurement {
	return summarise("", nil, nil, Plan{Level: 0.95, Bar: b})
}

// summarise computes the measurement of one family.
func summarise(family string, records []record, swaps []swap, p Plan) Measurement {
	m := Measurement{Family: family, Repeats: p.Repeats}
	table := [][]int{{0, 0}, {0, 0}} // person by judge; 0 bad, 1 good
	all, failed, flips, repeated := 0, 0, 0, 0
	differ, chances := 0, 0
	for _, r := range records {
		if r.family != family {
			continue
		}
		all++
		good, bad := 0, 0
		for _, v := range r.verdicts {
			switch {
			case v == nil:
			case *v:
				good++
			default:
				bad++
			}
		}
		if n := good + bad; n > 1 {
			repeated++
			differ += good * bad
			chances += n * (n - 1) / 2
			if good > 0 && bad > 0 {
				flips++
			}
		}
		if r.verdicts[0] == nil {
			failed++
			continue
		}
		table[index(r.human)][index(*r.verdicts[0])]++
	}
	m.Items = all - failed
	m.Failed = rate(failed, all, p.Level)
	m.Kappa = stats.Kappa(table, stats.Identity, p.Level)
	m.Calibration = stats.Calibration{TruePositive: table[1][1], Positive: table[1][0] + table[1][1],
		TrueNegative: table[0][0], Negative: table[0][0] + table[0][1]}
	m.Sensitivity = rate(m.Calibration.TruePositive, m.Calibration.Positive, p.Level)
	m.Specificity = rate(m.Calibration.TrueNegative, m.Calibration.Negative, p.Level)
	m.Flips = rate(flips, repeated, p.Level)
	if chances > 0 {
		m.FlipRate = float64(differ) / float64(chances)
	}
	pairs, disagreed, first, second := 0, 0, 0, 0
	for _, s := range swaps {
		if s.family != family || s.c == nil {
			continue
		}
		pairs++
		if s.c.Disagreed {
			disagreed++
		}
		switch s.c.Favoured {
		case 1:
			first++
		case 2:
			second++
		}
	}
	m.Swaps = rate(disagreed, pairs, p.Level)
	m.FirstFavoured = rate(first, first+second, p.Level)
	m.Standing = stand(m, p.Bar.filled())
	return m
}

func index(good bool) int {
	if good {
		return 1
	}
	return 0
}

// stand compares a measurement with the bar.
func stand(m Measurement, b Bar) Standing {
	var lacks []Lack
	lack := func(code string, have, need float64, en, zh string) {
		lacks = append(lacks, Lack{Code: code, Have: have, Need: need,
			Why: text.Text{En: fmt.Sprintf(en, have, need), Zh: fmt.Sprintf(zh, have, need)}})
	}
	if m.Items < b.Items {
		lack("items", float64(m.Items), float64(b.Items), "%.0f labelled items; %.0f are required", "已标注 %.0f 条，要求至少 %.0f 条")
	}
	if least := min(m.Calibration.Positive, m.Calibration.Negative); least < b.PerLabel {
		lack("labels", float64(least), float64(b.PerLabel), "the rarer label has %.0f items; %.0f are required", "较少的一类标注只有 %.0f 条，要求至少 %.0f 条")
	}
	if m.Kappa.Low < b.KappaLow {
		lack("kappa", m.Kappa.Low, b.KappaLow, "the lower limit of kappa is %.2f; %.2f is required", "kappa 下限为 %.2f，要求至少 %.2f")
	}
	if m.Flips.Value() > b.MaxFlips {
		lack("flips", m.Flips.Value(), b.MaxFlips, "%.2f of the items get another verdict when asked again; at most %.2f may", "重复评判时结论改变的比例为 %.2f，上限 %.2f")
	}
	if m.Swaps.Value() > b.MaxSwaps {
		lack("swaps", m.Swaps.Value(), b.MaxSwaps, "%.2f of the pairs get another winner when swapped; at most %.2f may", "交换先后顺序后胜者改变的比例为 %.2f，上限 %.2f")
	}
	if m.Failed.Value() > b.MaxFailed {
		lack("failed", m.Failed.Value(), b.MaxFailed, "%.2f of the items got no verdict; at most %.2f may", "未得到结论的比例为 %.2f，上限 %.2f")
	}
	if sum := m.Sensitivity.Low + m.Specificity.Low; sum <= 1 {
		lack("chance", sum, 1, "the lower limits of sensitivity and specificity add up to %.2f, not more than %.0f: this may be chance", "灵敏度与特异度下限之和为 %.2f，未超过 %.0f，可能只是碰巧")
	}
	return Standing{Sufficient: len(lacks) == 0, Lacks: lacks, MoreLabels: moreLabels(m, b, lacks)}
}

// moreLabels reckons how many further labels would lift every lack, if shares
// and agreement stay what they are: widths shrink by the root of the number.
func moreLabels(m Measurement, b Bar, lacks []Lack) int {
	need := 0.0
	n := float64(m.Items)
	for _, l := range lacks {
		switch least := float64(min(m.Calibration.Positive, m.Calibration.Negative)); {
		case l.Code == "items":
			need = max(need, l.Need)
		case l.Code == "labels" && least > 0:
			need = max(need, n*l.Need/least)
		case l.Code == "labels" && n == 0:
			need = max(need, 2*l.Need)
		case l.Code == "kappa" && n == 0:
			need = max(need, float64(b.Items))
		case l.Code == "kappa" && m.Kappa.Kappa > b.KappaLow:
			ratio := (m.Kappa.Kappa - m.Kappa.Low) / (m.Kappa.Kappa - b.KappaLow)
			need = max(need, n*ratio*ratio)
		case l.Code == "chance" && n > 0 && m.Sensitivity.Value()+m.Specificity.Value() > 1:
			excess := m.Sensitivity.Value() + m.Specificity.Value() - 1
			ratio := (excess + 1 - m.Sensitivity.Low - m.Specificity.Low) / excess
			need = max(need, n*ratio*ratio)
		case l.Code == "chance" && n == 0:
			need = max(need, float64(b.Items))
		default:
			return 0
		}
	}
	return int(math.Ceil(max(need-n, 0)))
}
