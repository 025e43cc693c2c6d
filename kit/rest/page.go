package rest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/landfall-ai/landfall/kit/fault"
)

// MaxLimit is the most items that a page holds.
const MaxLimit = 1000

const defaultLimit = 100

// ErrCursor says that a cursor is not one of ours, or belongs to another list
// or filter.
var ErrCursor = fault.Def{Kind: fault.Invalid, Code: "rest.bad_cursor",
	En: "this cursor does not belong to this list and filter", Zh: "此游标不属于当前列表和筛选条件",
	HintEn: "start again without a cursor", HintZh: "请去掉游标重新开始"}

// PageParams are what every list takes; embed them in its input.
type PageParams struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"at most this many" zh:"最多返回多少条"`
	Cursor string `query:"cursor" doc:"where the page before ended: its next" zh:"上一页结束的位置，即其 next"`
}

// Page is what every list answers with.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false" doc:"This page's items."`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

type pager interface{ fill() }

// fill makes an empty list [] and not null.
func (p *Page[T]) fill() {
	if p.Items == nil {
		p.Items = []T{}
	}
}

// Paginate fetches one page. fetch returns up to limit items that come after
// the given key in the list's order, from the start if after is nil; key
// returns an item's place in that order, as plain values that JSON can hold.
// filter is everything that chooses or orders the items besides the page:
// a cursor made under another one is refused.
func Paginate[T, K any](ctx context.Context, p PageParams, filter any, fetch func(ctx context.Context, after *K, limit int) ([]T, error), key func(T) K) (*Page[T], error) {
	limit := p.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, MaxLimit)
	bound, err := bind(ctx, filter)
	if err != nil {
		return nil, err
	}
	var after *K
	if p.Cursor != "" {
		var c cursor[K]
		raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
		if err != nil || json.Unmarshal(raw, &c) != nil || c.Filter != bound {
			return nil, ErrCursor.With()
		}
		after = &c.Key
	}
	// One more than asked for tells whether there is a next page.
	items, err := fetch(ctx, after, limit+1)
	if err != nil {
		return nil, err
	}
	page := &Page[T]{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		raw, err := json.Marshal(cursor[K]{Key: key(items[limit-1]), Filter: bound})
		if err != nil {
			return nil, fmt.Errorf("write cursor: %w", err)
		}
		page.Next = base64.RawURLEncoding.EncodeToString(raw)
	}
	return page, nil
}

// PageOf is Paginate of a list that is at hand as a whole. A cursor counts what
// was given out, so all must stand in the same order from call to call.
func PageOf[T any](ctx context.Context, p PageParams, filter any, all []T) (*Page[T], error) {
	type numbered struct {
		item T
		n    int // of items up to and including it
	}
	page, err := Paginate(ctx, p, filter, func(_ context.Context, after *int, limit int) ([]numbered, error) {
		from := 0
		if after != nil {
			from = min(max(0, *after), len(all))
		}
		var out []numbered
		for i := from; i < min(len(all), from+limit); i++ {
			out = append(out, numbered{all[i], i + 1})
		}
		return out, nil
	}, func(x numbered) int { return x.n })
	if err != nil {
		return nil, err
	}
	out := &Page[T]{Next: page.Next}
	for _, x := range page.Items {
		out.Items = append(out.Items, x.item)
	}
	return out, nil
}

type cursor[K any] struct {
	Key    K      `json:"k"`
	Filter string `json:"f"`
}

// bind digests what a cursor belongs to: the operation and its filter.
func bind(ctx context.Context, filter any) (string, error) {
	raw, err := json.Marshal(filter)
	if err != nil {
		return "", fmt.Errorf("digest filter: %w", err)
	}
	sum := sha256.Sum256(append([]byte(operationOf(ctx)+"\n"), raw...))
	return base64.RawURLEncoding.EncodeToString(sum[:8]), nil
}
