package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/landfall-ai/landfall/core/webhook"
	"github.com/landfall-ai/landfall/kit/file"
)

// wireWebhooks makes the service that tells other systems of events.
func (a *App) wireWebhooks(homeID string, allowed []string) error {
	master, err := masterKey(filepath.Join(a.Home.Keys(), "webhooks.key"))
	if err != nil {
		return fmt.Errorf("read the key of webhooks: %w", err)
	}
	a.Webhooks = webhook.New(webhook.Deps{DB: a.DB, Jobs: a.Jobs, NewID: a.newID, Now: a.now, Source: "/landfall/" + homeID, Master: master, Allowed: allowed})
	a.Loop.Handle(a.Webhooks.Handler())
	return nil
}

// masterKey reads a key of 32 bytes, or makes it (0600) when it is first asked
// for.
func masterKey(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		key, err := hex.DecodeString(strings.TrimSpace(string(raw)))
		if err != nil || len(key) != 32 {
			return nil, fmt.Errorf("%s is damaged", path)
		}
		return key, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	key := make([]byte, 32)
	if _, err := io.ReadFull(rand.Reader, key); err != nil {
		return nil, err
	}
	return key, file.Write(path, 0o600, func(w io.Writer) error { _, err := io.WriteString(w, hex.EncodeToString(key)+"\n"); return err })
}
