package judge

import (
	"context"
	"fmt"
)

// Pair is two answers to one input.
type Pair struct {
	ID         string
	Family     string
	Input      string
	References []string
	A, B       string
}

// Preference is which of two answers is better.
type Preference int

// The preferences.
const (
	Tie Preference = iota
	PrefersA
	PrefersB
)

// Comparison is what a judge says of a pair in both orders.
type Comparison struct {
	// Preference is the answer that won in both orders. Where the orders
	// disagree it is Tie.
	Preference Preference
	// Disagreed: another order gave another winner. Favoured is then the
	// position that won more: 1 the first, 2 the second, 0 if a win stands
	// against a tie.
	Disagreed bool
	Favoured  int
}

// Compare asks twice, with the answers in either order, and takes a
// disagreement for a tie. It fails as Score does.
func Compare(ctx context.Context, ask Ask, r Rubric, p Pair) (Comparison, error) {
	first, err := better(ctx, ask, r, p)
	if err != nil {
		return Comparison{}, err
	}
	swapped := p
	swapped.A, swapped.B = p.B, p.A
	second, err := better(ctx, ask, r, swapped)
	if err != nil {
		return Comparison{}, err
	}
	// The same answer stands first in one order and second in the other.
	switch {
	case first == 0 && second == 0:
		return Comparison{}, nil
	case first == 1 && second == 2:
		return Comparison{Preference: PrefersA}, nil
	case first == 2 && second == 1:
		return Comparison{Preference: PrefersB}, nil
	case first == second:
		return Comparison{Disagreed: true, Favoured: first}, nil
	}
	return Comparison{Disagreed: true}, nil
}

func better(ctx context.Context, ask Ask, r Rubric, p Pair) (int, error) {
	reply, err := ask(ctx, PairPrompt(r, p))
	if err != nil {
		return 0, fmt.Errorf("ask the judge: %w", err)
	}
	v, err := ParseVerdict(reply, "better", 2)
	return v.Score, err
}
