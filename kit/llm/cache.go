package llm

import (
	"context"
	"errors"
	"sync"
)

// Cache keeps answers by digest. Values are JSON, of answers or embeddings.
// It must be safe for concurrent use. What it fails at is logged, and the
// model is asked: a cache never costs an answer.
type Cache interface {
	// Get returns the value and whether there is one.
	Get(ctx context.Context, digest string) (value []byte, ok bool, err error)
	Put(ctx context.Context, digest string, value []byte) error
}

// Memory is a Cache that lasts as long as the process and is unbounded.
type Memory struct{ m sync.Map }

// Get implements Cache.
func (c *Memory) Get(_ context.Context, digest string) ([]byte, bool, error) {
	v, ok := c.m.Load(digest)
	if !ok {
		return nil, false, nil
	}
	return v.([]byte), true, nil
}

// Put implements Cache.
func (c *Memory) Put(_ context.Context, digest string, value []byte) error {
	c.m.Store(digest, value)
	return nil
}

// flights lets equal calls at the same time share one.
type flights struct {
	mu sync.Mutex
	m  map[string]*flight
}

type flight struct {
	done  chan struct{}
	value any
	err   error
}

// do returns what f returns, or what a call of do that is under way for the
// same key returns; shared tells. If that one was given up by its caller (its
// ctx ended, or what it delivered to failed), it starts over.
func (f *flights) do(ctx context.Context, key string, call func() (any, error)) (value any, shared bool, err error) {
	for {
		f.mu.Lock()
		other := f.m[key]
		if other == nil {
			break
		}
		f.mu.Unlock()
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
		if errors.Is(other.err, errGivenUp) {
			continue
		}
		return other.value, true, other.err
	}
	mine := &flight{done: make(chan struct{}), err: errGivenUp} // if call panics
	if f.m == nil {
		f.m = map[string]*flight{}
	}
	f.m[key] = mine
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.m, key)
		f.mu.Unlock()
		close(mine.done)
	}()
	mine.value, mine.err = call()
	err = mine.err
	var own *deliveryError
	if err != nil && (ctx.Err() != nil || errors.As(err, &own)) {
		mine.err = errGivenUp
	}
	return mine.value, false, err
}

var errGivenUp = errors.New("given up")

// deliveryError is the error of a caller that takes a stream.
type deliveryError struct{ err error }

func (e *deliveryError) Error() string { return "deliver: " + e.err.Error() }
func (e *deliveryError) Unwrap() error { return e.err }
