// Package id makes identifiers: a type prefix and a UUIDv7 (RFC 9562), such as
// run_0192f3a4b5c67d8e9fa0b1c2d3e4f506. Those of one process sort by the order
// in which they were made.
package id

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"
)

// Source makes a new identifier with a prefix. It is safe for concurrent use.
type Source func(prefix string) string

// New returns a Source over a clock and a source of randomness, crypto/rand's
// but for tests. The Source panics if random cannot be read.
//
// Identifiers grow strictly, even when the clock stands still or goes back:
// the twelve bits after the milliseconds hold the fraction of the millisecond,
// or count on from the last (RFC 9562, section 6.2, method 3).
func New(now func() time.Time, random io.Reader) Source {
	var mu sync.Mutex
	var last uint64 // milliseconds, then 12 bits of their fraction
	return func(prefix string) string {
		mu.Lock()
		defer mu.Unlock()
		t := now()
		tick := uint64(t.UnixMilli())<<12 | uint64(t.Nanosecond()%int(time.Millisecond))<<12/uint64(time.Millisecond)
		last = max(tick, last+1)

		var u [16]byte
		if _, err := io.ReadFull(random, u[8:]); err != nil {
			panic(fmt.Sprintf("id: read randomness: %v", err))
		}
		binary.BigEndian.PutUint64(u[:8], last>>12<<16|0x7000|last&0xfff) // version 7
		u[8] = u[8]&0x3f | 0x80                                           // variant of RFC 9562
		return prefix + "_" + hex.EncodeToString(u[:])
	}
}

// Seeded returns a Source for tests whose identifiers repeat with the seed.
// Its clock stands at the start of 2026.
func Seeded(seed uint64) Source {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return New(func() time.Time { return start }, rand.NewChaCha8(key))
}
