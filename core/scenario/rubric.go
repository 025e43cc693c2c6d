package scenario

import "github.com/landfall-ai/landfall/kit/text"

// RubricVersion is the version of the questions that Rubric answers. Another
// set of questions or floors is another version; old answers keep theirs.
const RubricVersion = "1"

// Rubric holds the answers of one person to the questions that say what level
// the work needs. align/grade maps them to a level. An empty answer was not
// given.
type Rubric struct {
	Version   string `json:"version"`   // of the questions; RubricVersion if ""
	By        string `json:"by"`        // who answered
	Input     string `json:"input"`     // text, documents, media
	Output    string `json:"output"`    // text, json, decision
	Autonomy  string `json:"autonomy"`  // informs, drafts, acts
	Knowledge string `json:"knowledge"` // prompt, sources, reasoning
	Risk      string `json:"risk"`      // low, medium, high: what one wrong answer does
	Latency   string `json:"latency"`   // batch, interactive, realtime
}

// SliceDeclared is what the owner says that one slice needs. What it leaves
// out is as the scenario declares it.
type SliceDeclared struct {
	Level  Level     `json:"level"`
	Reason text.Text `json:"reason"`
	Rubric *Rubric   `json:"rubric,omitempty"`
}

// DeclaredFor returns what the owner says that s needs.
func (d *Document) DeclaredFor(s Slice) Declared {
	out := d.Declared
	if s.Declared == nil {
		return out
	}
	if s.Declared.Level != "" {
		out.Level, out.Reason = s.Declared.Level, s.Declared.Reason
	}
	if s.Declared.Rubric != nil {
		out.Rubric = s.Declared.Rubric
	}
	return out
}

// Economics says what answers are worth, all in one unit of the owner's
// choosing: only their ratios matter.
type Economics struct {
	BenefitRight float64 `json:"benefit_right"` // of one right answer
	CostWrong    float64 `json:"cost_wrong"`    // of one wrong answer
	CostRun      float64 `json:"cost_run"`      // of one answer, whatever it is
	// Margin is how much worse than the incumbent the owner would accept, as
	// a share of answers.
	Margin float64 `json:"margin"`
	// Incumbent is the candidate that does the work today; "" is none.
	Incumbent string `json:"incumbent,omitempty"`
}

// rubrics returns the answers that d holds with their places.
func (d *Document) rubrics() map[string]*Rubric {
	out := map[string]*Rubric{}
	if d.Declared.Rubric != nil {
		out[""] = d.Declared.Rubric
	}
	for _, s := range d.Slices {
		if s.Declared != nil && s.Declared.Rubric != nil {
			out[s.ID] = s.Declared.Rubric
		}
	}
	return out
}
