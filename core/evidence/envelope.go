package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// PayloadType is what the envelopes of evidence hold.
const PayloadType = "application/vnd.in-toto+json"

// MaxStatement bounds the canonical bytes of a statement; an envelope is a
// third longer.
const MaxStatement = 4 << 20

// maxEnvelope bounds the bytes of an envelope that are read at all.
const maxEnvelope = MaxStatement*4/3 + 4096

// Envelope is a DSSE envelope (https://github.com/secure-systems-lab/dsse)
// that was taken apart, its signature not yet checked.
type Envelope struct {
	Type    string
	Payload []byte
	// Signatures by key id, at least one.
	Signatures map[string][]byte
}

// ErrEnvelope is inside every error of DecodeEnvelope.
var ErrEnvelope = errors.New("not an envelope")

// DecodeEnvelope takes an envelope apart. It accepts only the exact bytes in
// which envelopes are written here, so that no two byte strings mean the same.
func DecodeEnvelope(b []byte) (Envelope, error) {
	if len(b) > maxEnvelope {
		return Envelope{}, fmt.Errorf("%w: longer than %d bytes", ErrEnvelope, maxEnvelope)
	}
	var d dsse.Envelope
	if err := json.Unmarshal(b, &d); err != nil {
		return Envelope{}, fmt.Errorf("%w: %w", ErrEnvelope, err)
	}
	if again, err := json.Marshal(&d); err != nil || !bytes.Equal(again, b) {
		return Envelope{}, fmt.Errorf("%w: not written as Landfall writes them", ErrEnvelope)
	}
	e := Envelope{Type: d.PayloadType, Signatures: make(map[string][]byte, len(d.Signatures))}
	var err error
	if e.Payload, err = exactBase64(d.Payload); err != nil {
		return Envelope{}, fmt.Errorf("%w: payload: %w", ErrEnvelope, err)
	}
	if len(d.Signatures) == 0 || len(d.Signatures) > 4 {
		return Envelope{}, fmt.Errorf("%w: %d signatures", ErrEnvelope, len(d.Signatures))
	}
	for _, s := range d.Signatures {
		if _, twice := e.Signatures[s.KeyID]; twice || s.KeyID == "" {
			return Envelope{}, fmt.Errorf("%w: the key ids of its signatures are not distinct", ErrEnvelope)
		}
		if e.Signatures[s.KeyID], err = exactBase64(s.Sig); err != nil {
			return Envelope{}, fmt.Errorf("%w: signature: %w", ErrEnvelope, err)
		}
	}
	return e, nil
}

// exactBase64 decodes s and refuses every spelling but the canonical one.
func exactBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, err
	}
	if base64.StdEncoding.EncodedLen(len(b)) != len(s) {
		return nil, errors.New("line breaks in base64")
	}
	return b, nil
}

// signedBy reports whether key signed e.
func (e Envelope) signedBy(key PublicKey) bool {
	return key.verify(dsse.PAE(e.Type, e.Payload), e.Signatures[key.ID])
}

// seal signs a payload as a DSSE envelope.
func seal(ctx context.Context, payloadType string, payload []byte, by ...dsse.Signer) ([]byte, error) {
	s, err := dsse.NewEnvelopeSigner(by...)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	e, err := s.SignPayload(ctx, payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return b, nil
}

// dsseSigner signs envelopes with one key.
type dsseSigner struct {
	id  string
	key ed25519.PrivateKey
}

func (s dsseSigner) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(s.key, data), nil
}

func (s dsseSigner) KeyID() (string, error) { return s.id, nil }
