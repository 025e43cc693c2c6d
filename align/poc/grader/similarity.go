package grader

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/stats"
)

// Similarity declares grading by the nearness of meaning: the cosine between
// the embeddings of answer and reference.
type Similarity struct {
	// Threshold is the cosine from which on an answer is correct. Choose it on
	// labelled pairs (ChooseThreshold): it differs from model to model. 0 takes
	// the one that was chosen on embed.labels.
	Threshold float64 `json:"threshold,omitempty" yaml:"threshold,omitempty"`
}

type similarity struct {
	threshold func() (float64, error)
	embed     func(context.Context, []string) ([][]float64, error)
}

func newSimilarity(s Spec, d Deps, p *problems) (one, error) {
	g := similarity{embed: d.Embed}
	declared := 0.0
	if s.Similarity != nil {
		declared = s.Similarity.Threshold
	}
	g.threshold = func() (float64, error) { return declared, nil }
	switch labels := d.Threshold != nil; {
	case labels && declared != 0:
		p.add("/similarity/threshold", "a threshold is stated and labelled pairs to choose one on are too; leave one out", "既给出了阈值，又给出了用于选定阈值的标注文件；请只保留一项")
	case labels:
		g.threshold = d.Threshold
	case !(declared > 0 && declared <= 1):
		p.add("/similarity/threshold", "a threshold between 0 and 1 is needed; choose it on labelled pairs", "须给出 0 到 1 之间的阈值；请用已标注的文本对选定")
	}
	if d.Embed == nil || d.EmbedID == "" {
		return nil, ErrNeeds.With("kind", string(KindSimilarity), "what", both("an embeddings endpoint", "向量（embeddings）端点"))
	}
	return g, nil
}

func (g similarity) grade(ctx context.Context, _ Case, refs []string, a Answer) (Grade, error) {
	threshold, err := g.threshold()
	if err != nil {
		return Grade{}, err
	}
	vectors, err := g.embed(ctx, append([]string{a.Text}, refs...))
	if err != nil {
		return Grade{}, err
	}
	who := both("the embeddings endpoint", "向量端点")
	if len(vectors) != len(refs)+1 {
		return Grade{}, ErrReply.With("who", who, "why", both("%d vectors for %d texts", "%d 个向量对应 %d 段文本", len(vectors), len(refs)+1))
	}
	best := math.Inf(-1)
	for _, v := range vectors[1:] {
		if len(v) > 0 && len(vectors[0]) > 0 && len(v) != len(vectors[0]) {
			return Grade{}, ErrDimensions.With("answer", len(vectors[0]), "reference", len(v))
		}
		c, ok := Cosine(vectors[0], v)
		if !ok {
			return Grade{}, ErrReply.With("who", who, "why", both("a vector is empty or zero", "向量为空或全零"))
		}
		best = max(best, c)
	}
	out := wrong("the cosine is %.3f; %.3f is required", "余弦相似度 %.3f，要求至少 %.3f", best, threshold)
	out.Score, out.Correct = min(max(best, 0), 1), best >= threshold
	return out, nil
}

// ErrDimensions is returned for vectors that cannot be compared: the model
// behind the endpoint was changed, or several answer there.
var ErrDimensions = fault.Def{Kind: fault.Unavailable, Code: "grader.dimensions",
	En: "the embedding of the answer has {answer} dimensions and that of the reference {reference}", Zh: "答案的向量为 {answer} 维，参考答案的向量为 {reference} 维，无法比较",
	HintEn: "another model answers at the endpoint than before; state dimensions, or name the model's exact version",
	HintZh: "该端点上的模型与先前不同；请设置 dimensions，或指定模型的确切版本"}

// Cosine returns the cosine of the angle between a and b, in [-1, 1]. It is
// false for vectors of different length, without length, or not finite.
func Cosine(a, b []float64) (float64, bool) {
	if len(a) == 0 || len(a) != len(b) {
		return 0, false
	}
	var dot, aa, bb float64
	for i := range a {
		dot += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
	}
	c := dot / (math.Sqrt(aa) * math.Sqrt(bb))
	if math.IsNaN(c) || math.IsInf(c, 0) || aa == 0 || bb == 0 || math.IsInf(aa, 0) || math.IsInf(bb, 0) {
		return 0, false
	}
	return min(max(c, -1), 1), true
}

// ErrPairs is given for labelled pairs that a threshold cannot be chosen on.
var ErrPairs = fault.Def{Kind: fault.Invalid, Code: "grader.pairs",
	En:     "a threshold needs at least {needed} labelled pairs of each kind; there are {same} of the same meaning and {other} of another",
	Zh:     "选定阈值需要每类至少 {needed} 个已标注文本对；现有同义 {same} 对、不同义 {other} 对",
	HintEn: "label more pairs of an expected and a given answer", HintZh: "请再标注一些“期望答案–实际答案”对"}

// LabelledPair is an answer and a reference with their cosine, and whether a
// person says that they mean the same.
type LabelledPair struct {
	Cosine float64 `json:"cosine"`
	Same   bool    `json:"same"`
}

// Threshold is a cosine that was chosen on labelled pairs, and how often it
// decides otherwise than a person.
type Threshold struct {
	Value float64 `json:"value"`
	N     int     `json:"n"`
	// Error is the share of pairs that are decided wrongly, each by a threshold
	// that was chosen without it (five folds), with its exact interval at level
	// 0.95. Folds share pairs, so the interval is a little too narrow.
	Error         float64        `json:"error"`
	ErrorInterval stats.Interval `json:"error_interval"`
	// Accepted is the share of pairs of another meaning that pass (the costly
	// mistake), and Refused that of pairs of the same meaning that do not; both
	// held out as well.
	Accepted float64 `json:"accepted"`
	Refused  float64 `json:"refused"`
}

const (
	folds    = 5
	minPairs = 20 // of either kind
)

// ChooseThreshold returns the cosine that decides the fewest of the pairs
// wrongly, half-way between two that were seen; among equals the strictest.
// It fails with ErrPairs if there are fewer than 20 pairs of either kind.
func ChooseThreshold(pairs []LabelledPair) (Threshold, error) {
	same := 0
	for _, p := range pairs {
		if p.Same {
			same++
		}
	}
	if other := len(pairs) - same; same < minPairs || other < minPairs {
		return Threshold{}, ErrPairs.With("needed", minPairs, "same", same, "other", other)
	}
	out := Threshold{Value: bestCut(pairs), N: len(pairs)}
	// Either kind is dealt out in turn, so that every fold has its share.
	fold := make([]int, len(pairs))
	dealt := map[bool]int{}
	for i, p := range pairs {
		fold[i] = dealt[p.Same] % folds
		dealt[p.Same]++
	}
	accepted, refused := 0, 0
	for f := range folds {
		var rest []LabelledPair
		for i, p := range pairs {
			if fold[i] != f {
				rest = append(rest, p)
			}
		}
		cut := bestCut(rest)
		for i, p := range pairs {
			switch passes := p.Cosine >= cut; {
			case fold[i] != f:
			case passes && !p.Same:
				accepted++
			case !passes && p.Same:
				refused++
			}
		}
	}
	out.Error = float64(accepted+refused) / float64(len(pairs))
	out.ErrorInterval = stats.ClopperPearson(accepted+refused, len(pairs), 0.95)
	out.Accepted = float64(accepted) / float64(len(pairs)-same)
	out.Refused = float64(refused) / float64(same)
	return out, nil
}

// bestCut returns the threshold with the fewest errors on pairs.
func bestCut(pairs []LabelledPair) float64 {
	sorted := slices.Clone(pairs)
	slices.SortFunc(sorted, func(a, b LabelledPair) int { return cmp.Compare(b.Cosine, a.Cosine) })
	errors := 0
	for _, p := range sorted {
		if p.Same {
			errors++ // nothing passes
		}
	}
	best, cut := errors, 1.0
	for i, p := range sorted {
		if p.Same {
			errors--
		} else {
			errors++
		}
		if i+1 < len(sorted) && sorted[i+1].Cosine == p.Cosine {
			continue
		}
		if errors < best {
			best, cut = errors, p.Cosine
			if i+1 < len(sorted) {
				cut = (p.Cosine + sorted[i+1].Cosine) / 2
			}
		}
	}
	return cut
}
