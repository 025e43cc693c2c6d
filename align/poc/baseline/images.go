package baseline

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/landfall-ai/landfall/align/poc/baseline/picture"
	"github.com/landfall-ai/landfall/kit/text"
)

// ImageLinear describes the candidate for decisions on images. It is trained by
// TrainImages.
var ImageLinear = Method{
	ID: "image-linear", Rung: "classic", Class: "opaque",
	Title: text.Text{En: "Image features with a linear model", Zh: "图像特征线性模型"},
	Why: text.Text{En: "opaque: an answer is a sum of weights of edge and brightness statistics, which do not say what was seen",
		Zh: "不透明:答案是边缘与亮度统计量的加权和,无法说明看到了什么"},
}

// ImageExample is an image with its right decision. File names it in faults.
type ImageExample struct {
	File   string
	Raw    []byte // PNG or JPEG
	Answer string
}

// ImageModel is a trained image candidate, with what was learned about it on
// validation images (see Trained). It is safe for concurrent use.
type ImageModel struct {
	Settings           map[string]any
	Threshold80        float64
	ValidationAccuracy float64
	ValidationN        int
	TrainN             int
	Classes            int

	model *model
}

// imageAxes: c is the inverse strength of the L2 penalty, blocks are the
// features that are used. Each feature was standardised on training images.
var imageAxes = []axis{
	{"blocks", []any{"all", "whole", "parts and whole", "edges and whole", "thumbnail and edges"}},
	{"c", []any{0.01, 0.001, 0.1, 1.0}},
}

var imageBlocks = map[string][]int{
	"all":                 {picture.Thumbnail, picture.Edges, picture.Parts, picture.Whole},
	"whole":               {picture.Whole},
	"parts and whole":     {picture.Parts, picture.Whole},
	"edges and whole":     {picture.Edges, picture.Whole},
	"thumbnail and edges": {picture.Thumbnail, picture.Edges},
}

// TrainImages trains the image candidate: it chooses the settings on validation
// images, calibrates the confidence there, and trains again on all. It fails as
// Train does, and with the faults of picture.Decode.
func TrainImages(ctx context.Context, train []ImageExample, seed uint64) (*ImageModel, error) {
	if len(train) == 0 {
		return nil, ErrNoExamples.With()
	}
	c := &corpus{}
	for i, e := range train {
		if e.Answer == "" {
			return nil, ErrNoAnswer.With("n", i+1)
		}
		c.classes = append(c.classes, e.Answer)
	}
	slices.Sort(c.classes)
	c.classes = slices.Compact(c.classes)
	if len(c.classes) == 1 {
		return nil, ErrOneClass.With("answer", c.classes[0])
	}
	for _, e := range train {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		doc, err := imageFeatures(e.File, e.Raw)
		if err != nil {
			return nil, err
		}
		class, _ := slices.BinarySearch(c.classes, e.Answer)
		c.labels = append(c.labels, int32(class))
		c.docs = append(c.docs, doc)
	}
	folds := split(c.labels, len(c.classes), seed)
	if len(folds) == 0 {
		return nil, ErrTooFew.With("classes", len(c.classes))
	}
	l := learner{axes: imageAxes, fit: fitImages}
	best, err := search(ctx, l, c, folds, seed)
	if err != nil {
		return nil, fmt.Errorf("choose settings of image-linear: %w", err)
	}
	final, err := fitImages(ctx, c, allRows(len(train)), best.settings, seed)
	if err != nil {
		return nil, fmt.Errorf("train image-linear: %w", err)
	}
	return &ImageModel{Settings: best.settings, Threshold80: best.threshold(0.8), ValidationAccuracy: best.accuracy(),
		ValidationN: len(best.outcomes), TrainN: len(train), Classes: len(c.classes),
		model: &model{classes: c.classes, scorer: final, calibration: best.calibration}}, nil
}

// AnswerImage decides on a PNG or JPEG image. It fails with the faults of
// picture.Decode, in which file names the image.
func (m *ImageModel) AnswerImage(file string, raw []byte) (Answer, error) {
	doc, err := imageFeatures(file, raw)
	if err != nil {
		return Answer{}, err
	}
	class, signs := m.model.scorer.score(doc)
	return Answer{Answer: m.model.classes[class], Confidence: m.model.confidence(signs)}, nil
}

// imageFeatures returns the features of an image as counts, one for each.
func imageFeatures(file string, raw []byte) ([]count, error) {
	g, err := picture.Decode(file, raw, picture.Longest)
	if err != nil {
		return nil, err
	}
	doc := make([]count, 0, picture.Length)
	for i, v := range picture.Features(g) {
		doc = append(doc, count{uint32(i), v})
	}
	return doc, nil
}

// imageLinear is a softmax regression over standardised image features, with a
// constant as the last one.
type imageLinear struct {
	*softmax
	used        []uint32
	mean, scale []float32 // by place in used
}

func fitImages(ctx context.Context, c *corpus, rows []int, s settings, seed uint64) (scorer, error) {
	m := &imageLinear{}
	blocks := imageBlocks[pick[string](s, "blocks")]
	for i := range picture.Length {
		if !slices.Contains(blocks, picture.Block(i)) {
			continue
		}
		var sum, square float64
		for _, r := range rows {
			v := float64(c.docs[r][i].n)
			sum += v
			square += v * v
		}
		n := float64(len(rows))
		mean := sum / n
		scale := math.Sqrt(max(square/n-mean*mean, 0))
		if scale < 1e-6 {
			continue // the same in every image
		}
		m.used = append(m.used, uint32(i))
		m.mean = append(m.mean, float32(mean))
		m.scale = append(m.scale, float32(scale))
	}
	xs := make([]vector, len(rows))
	ys := make([]int32, len(rows))
	for i, r := range rows {
		xs[i], ys[i] = m.vector(c.docs[r]), c.labels[r]
	}
	var err error
	m.softmax, err = trainSoftmax(ctx, xs, ys, len(m.used)+1, len(c.classes), pick[float64](s, "c"), tolerance, 100, seed)
	return m, err
}

// limit bounds a standardised feature, so that an image unlike all training
// images is not decided by one of them alone.
const limit = 4

func (m *imageLinear) vector(doc []count) vector {
	v := vector{ids: make([]uint32, len(m.used)+1), values: make([]float32, len(m.used)+1)}
	for i, id := range m.used {
		v.ids[i] = uint32(i)
		v.values[i] = min(max((doc[id].n-m.mean[i])/m.scale[i], -limit), limit)
	}
	v.ids[len(m.used)], v.values[len(m.used)] = uint32(len(m.used)), 1
	return v
}

func (m *imageLinear) score(doc []count) (int32, []float64) {
	z := make([]float32, m.stride)
	m.scores(m.vector(doc), z)
	z = z[:m.classes]
	best := 0
	for k, v := range z {
		if v > z[best] {
			best = k
		}
	}
	p := make([]float64, m.classes)
	normalise(z, p)
	return int32(best), []float64{logit(p[best])}
}

// explain says nothing: see ImageLinear.Why.
func (m *imageLinear) explain([]count, int32) []string { return nil }
