package report

import (
	"fmt"

	"github.com/landfall-ai/landfall/align/poc/raters"
)

// Raters is how far two people agree, on cases and on the questions of the
// declared level; nil where nobody compared.
type Raters struct {
	Cases  *raters.Agreement `json:"cases,omitempty"`
	Rubric *raters.Agreement `json:"rubric,omitempty"`
}

func ratersParts(r *Raters, l lang) []part {
	if r == nil {
		return nil
	}
	var out []part
	for _, x := range []struct {
		title string
		a     *raters.Agreement
	}{{l.say("Two raters on the cases", "两人评判用例"), r.Cases}, {l.say("Two raters on the declared level", "两人评定申报级别"), r.Rubric}} {
		if x.a == nil {
			continue
		}
		k := x.a.Kappa
		out = append(out, part{Text: l.colon(x.title, l.say(
			fmt.Sprintf("kappa %.2f (%.2f to %.2f) on %s items; they differ on %s.", k.Kappa, k.Low, k.High, l.count(x.a.Both), l.count(len(x.a.Disagreements))),
			fmt.Sprintf("共 %s 项，kappa %.2f（%.2f 至 %.2f），其中 %s 项意见不一。", l.count(x.a.Both), k.Kappa, k.Low, k.High, l.count(len(x.a.Disagreements)))))})
	}
	return out
}
