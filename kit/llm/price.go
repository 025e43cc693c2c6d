package llm

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"
)

// Money is an exact amount. Amounts of different currencies never meet: there
// is no implicit exchange.
type Money struct {
	Amount   decimal.Decimal `json:"amount"`
	Currency string          `json:"currency,omitempty"` // ISO 4217
}

// Price is what a model costs. Per1M prices are per million tokens.
type Price struct {
	Currency    string          `json:"currency"`
	InputPer1M  decimal.Decimal `json:"input_per_1m"`
	OutputPer1M decimal.Decimal `json:"output_per_1m"` // reasoning included
	// CachedPer1M is for input that the server had in its own cache; null is
	// the price of other input.
	CachedPer1M decimal.NullDecimal `json:"cached_per_1m"`
	PerRequest  decimal.Decimal     `json:"per_request"`
	PerImage    decimal.Decimal     `json:"per_image"` // beside its tokens
}

// Cost returns the exact cost of one request with images and usage u.
func (p Price) Cost(u Usage, images int) Money {
	cached := p.InputPer1M
	if p.CachedPer1M.Valid {
		cached = p.CachedPer1M.Decimal
	}
	n := func(i int) decimal.Decimal { return decimal.NewFromInt(int64(i)) }
	tokens := p.InputPer1M.Mul(n(u.Prompt - u.Cached)).Add(cached.Mul(n(u.Cached))).Add(p.OutputPer1M.Mul(n(u.Completion)))
	return Money{tokens.Shift(-6).Add(p.PerRequest).Add(p.PerImage.Mul(n(images))), p.Currency}
}

// highest is p with cached input at the dearer of both prices: what bounds a
// cost must not count on a cache, and writing to one may cost more.
func (p Price) highest() Price {
	if p.CachedPer1M.Valid && p.CachedPer1M.Decimal.GreaterThan(p.InputPer1M) {
		p.InputPer1M = p.CachedPer1M.Decimal
	}
	p.CachedPer1M = decimal.NullDecimal{}
	return p
}

// PriceTable is a version of prices by endpoint and model.
type PriceTable struct {
	Version string      `json:"version"` // such as a date
	Entries []PriceItem `json:"entries"`
}

// PriceItem is a line of a table. An empty Endpoint stands for every endpoint.
type PriceItem struct {
	Endpoint string `json:"endpoint,omitempty"`
	Model    string `json:"model"`
	Price
}

// For returns the price of model at endpoint; a line that names the endpoint
// goes before one that does not.
func (t PriceTable) For(endpoint, model string) (Price, bool) {
	fits := slices.Collect(func(yield func(PriceItem) bool) {
		for _, i := range t.Entries {
			if i.Model == model && (i.Endpoint == endpoint || i.Endpoint == "") && !yield(i) {
				return
			}
		}
	})
	if len(fits) == 0 {
		return Price{}, false
	}
	best := slices.MaxFunc(fits, func(a, b PriceItem) int { return cmp.Compare(len(a.Endpoint), len(b.Endpoint)) })
	return best.Price, true
}
