package scenario_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/landfall-ai/landfall/core/scenario"
)

// TestDeepNestingIsRefused: the YAML parser did not end within seconds on these.
func TestDeepNestingIsRefused(t *testing.T) {
	t.Parallel()
	for _, s := range []string{strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), strings.Repeat("{a: ", 100_000)} {
		if _, err := scenario.Parse("scenario.yaml", []byte("z: "+s+"\n")); !errors.Is(err, scenario.ErrSyntax) {
			t.Errorf("got %v", err)
		}
	}
}
