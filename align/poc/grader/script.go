package grader

import (
	"strings"
	"sync"
)

// toTraditional maps a simplified character to its traditional form, where it
// has only one.
var toTraditional = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	for traditional, simple := range toSimplified() {
		if _, several := m[simple]; several {
			m[simple] = 0
			continue
		}
		m[simple] = traditional
	}
	for simple, traditional := range m {
		if traditional == 0 {
			delete(m, simple)
		}
	}
	return m
})

// Traditional writes simplified characters as traditional ones, one by one. A
// character that may stand for several (发 for 發 and 髮) is left as it is, so
// that Normalise.Script takes the result back.
func Traditional(s string) string {
	m := toTraditional()
	return strings.Map(func(r rune) rune {
		if t, ok := m[r]; ok {
			return t
		}
		return r
	}, s)
}
