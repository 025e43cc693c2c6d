// Package text holds strings that exist in Chinese and in English.
package text

import "encoding/json"

// Text is one string in both languages.
type Text struct {
	En string `json:"en" yaml:"en"`
	Zh string `json:"zh" yaml:"zh"`
}

// UnmarshalJSON takes a bare string as the string in both languages.
func (t *Text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = Text{En: s, Zh: s}
		return nil
	}
	type plain Text
	return json.Unmarshal(b, (*plain)(t))
}

// In returns the string in lang ("zh" or "en"); a missing one falls back to
// the other.
func (t Text) In(lang string) string {
	if (lang == "zh" && t.Zh != "") || t.En == "" {
		return t.Zh
	}
	return t.En
}

// IsZero reports whether t has no string at all.
func (t Text) IsZero() bool { return t == Text{} }
