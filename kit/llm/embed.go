package llm

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/landfall-ai/landfall/kit/text"
)

// EmbedRequest asks for one vector per text.
type EmbedRequest struct {
	Class      string // of the data within; checked, not sent
	Model      string // the endpoint's if empty
	Texts      []string
	Dimensions int // the model's if 0
	Extra      map[string]json.RawMessage
}

// Embeddings are the vectors, in the order of the texts, all of one length.
// The other fields are as in Answer.
type Embeddings struct {
	Vectors [][]float32 `json:"vectors"`
	Model   string      `json:"model,omitempty"`
	Usage   Usage       `json:"usage"`
	Measure Measure     `json:"measure"`
	At      time.Time   `json:"at"`
	Digest  string      `json:"digest,omitempty"`
	Cost    Money       `json:"cost"`
	Cached  bool        `json:"-"`
	Paid    Money       `json:"-"`
}

type wireEmbedRequest struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Dimensions int      `json:"dimensions,omitempty"`
	Encoding   string   `json:"encoding_format"`
}

// Embed asks for embeddings. Faults are those of Chat, and ErrVectors.
func (c *Client) Embed(ctx context.Context, r EmbedRequest) (Embeddings, error) {
	if err := c.d.Endpoint.Allow(r.Class); err != nil {
		return Embeddings{}, err
	}
	w := wireEmbedRequest{r.Model, r.Texts, r.Dimensions, "float"}
	if w.Model == "" {
		w.Model = c.d.Endpoint.Model
	}
	switch {
	case w.Model == "":
		return Embeddings{}, badRequest("it names no model", "未指定模型")
	case len(r.Texts) == 0:
		return Embeddings{}, badRequest("it has no texts", "没有文本")
	}
	for k := range r.Extra {
		if slices.Contains([]string{"model", "input", "dimensions", "encoding_format"}, k) {
			return Embeddings{}, badRequest("the parameter "+k+" is set among the extra ones", "不能通过附加参数设置 "+k)
		}
	}
	b, err := body(w, r.Extra)
	if err != nil {
		return Embeddings{}, err
	}
	const path = "/embeddings"
	id := digest(c.d.Endpoint, c.base.String(), path, b, 0)
	if c.d.Cache == nil {
		return c.embed(ctx, r, path, id, b)
	}
	v, shared, err := c.flights.do(ctx, id, func() (any, error) {
		var kept Embeddings
		if c.recall(ctx, id, &kept) {
			kept.Cached = true
			return kept, nil
		}
		e, err := c.embed(ctx, r, path, id, b)
		if err == nil {
			c.keep(ctx, id, e)
		}
		return e, err
	})
	e, _ := v.(Embeddings)
	if shared {
		e.Cached, e.Paid = true, Money{Currency: e.Paid.Currency}
	}
	if v == nil && err != nil {
		err = c.ended(err)
	}
	return e, err
}

func (c *Client) embed(ctx context.Context, r EmbedRequest, path, id string, b []byte) (Embeddings, error) {
	e := Embeddings{Digest: id}
	var s size
	for _, t := range r.Texts {
		s.expected += TokensOf(t)
		s.most += len(t) + maxPerMessage
	}
	most := Estimate{}
	if c.d.Price != nil {
		most.Most = c.d.Price.highest().Cost(Usage{Prompt: s.most}, 0)
	}
	m, paid, err := c.run(ctx, job{method: http.MethodPost, path: path, size: s, estimate: most,
		body: func() (sent, error) { return sent{body: b}, nil },
		read: func(arr *arrival) error {
			arr.usage = Usage{Prompt: s.expected, Estimated: true}
			if err := c.readEmbeddings(arr, &e, len(r.Texts), r.Dimensions); err != nil {
				return err
			}
			if e.Usage == (Usage{}) {
				e.Usage = arr.usage
			}
			arr.usage = e.Usage
			return nil
		}})
	e.Measure, e.Paid = m, paid
	if err != nil {
		return Embeddings{Digest: id, Measure: m, Paid: paid}, err
	}
	e.At = c.d.Clock.Now().UTC()
	if c.d.Price != nil {
		e.Cost = c.d.Price.Cost(e.Usage, 0)
	}
	return e, nil
}

func (c *Client) readEmbeddings(arr *arrival, e *Embeddings, texts, dimensions int) error {
	b, err := c.object(arr)
	if err != nil {
		return err
	}
	var w struct {
		Model loose           `json:"model"`
		Data  []wireVector    `json:"data"`
		Usage json.RawMessage `json:"usage"`
	}
	if err := json.Unmarshal(b, &w); err != nil {
		return c.notJSON(b, arr.key, err)
	}
	bad := func(en, zh string) error {
		return ErrVectors.With("endpoint", c.d.Endpoint.Name, "problem", text.Text{En: en, Zh: zh})
	}
	if len(w.Data) != texts {
		return bad("there are not as many", "数量不一致")
	}
	slices.SortStableFunc(w.Data, func(a, b wireVector) int { return cmp.Compare(a.Index, b.Index) })
	e.Vectors = make([][]float32, texts)
	for i, d := range w.Data {
		switch {
		case d.Index != i:
			return bad("an index is missing", "缺少序号")
		case len(d.Embedding) == 0 || len(d.Embedding) != len(w.Data[0].Embedding), dimensions > 0 && len(d.Embedding) != dimensions:
			return bad("their lengths differ from each other or from what was asked", "维数不一致或与要求不符")
		}
		e.Vectors[i] = d.Embedding
	}
	e.Model = string(w.Model)
	e.Usage, _ = readUsage(w.Usage)
	return nil
}

type wireVector struct {
	Index     int    `json:"index"`
	Embedding vector `json:"embedding"`
}

// vector reads a list of numbers or the base64 of little-endian floats.
type vector []float32

func (v *vector) UnmarshalJSON(b []byte) error {
	if b[0] != '"' {
		return json.Unmarshal(b, (*[]float32)(v))
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(raw)%4 != 0 {
		return errors.New("an embedding is neither numbers nor base64 of floats")
	}
	*v = make([]float32, len(raw)/4)
	for i := range *v {
		f := math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		if f != f || math.IsInf(float64(f), 0) {
			return errors.New("an embedding holds what is no number")
		}
		(*v)[i] = f
	}
	return nil
}

// object reads an answer that must be a JSON object without an error in it.
func (c *Client) object(arr *arrival) ([]byte, error) {
	kind, err := arr.kindOf()
	if err != nil {
		return nil, err
	}
	if kind == isPage {
		return nil, c.page(arr)
	}
	b, err := c.all(arr)
	if err != nil {
		return nil, err
	}
	if s, ok := errorIn(b); ok {
		return nil, c.inside(s, arr.key)
	}
	return b, nil
}

// Model is one that an endpoint offers.
type Model struct {
	ID      string `json:"id"`
	OwnedBy string `json:"owned_by,omitempty"`
}

// Models lists the models of the endpoint, sorted by id. Nothing but the key
// is sent.
func (c *Client) Models(ctx context.Context) ([]Model, error) {
	var out []Model
	_, _, err := c.run(ctx, job{method: http.MethodGet, path: "/models", free: true,
		body: func() (sent, error) { return sent{}, nil },
		read: func(arr *arrival) error {
			b, err := c.object(arr)
			if err != nil {
				return err
			}
			var ok bool
			if out, ok = readModels(b); !ok {
				return c.notJSON(b, arr.key, errors.New("no list of models"))
			}
			return nil
		}})
	return out, err
}

// readModels reads a list of models, and reports whether it is one.
func readModels(b []byte) ([]Model, bool) {
	var w struct {
		Data *[]Model `json:"data"`
	}
	if json.Unmarshal(b, &w) != nil || w.Data == nil {
		return nil, false
	}
	models := *w.Data
	if slices.ContainsFunc(models, func(m Model) bool { return m.ID == "" }) {
		return nil, false
	}
	slices.SortFunc(models, func(a, b Model) int { return cmp.Compare(a.ID, b.ID) })
	return models, true
}
