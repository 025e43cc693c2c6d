package scenario

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/landfall-ai/landfall/core/evidence"
	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/pack"
)

// FileRef is one file of a folder by its content.
type FileRef struct {
	Path   string `json:"path" doc:"A plain path below the folder, with /."`
	SHA256 string `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"Hex SHA-256 of the content."`
	Size   int64  `json:"size" minimum:"0" doc:"Bytes."`
}

// Manifest is every file of a folder.
type Manifest []FileRef

// ErrManifest is returned for a manifest that is none.
var ErrManifest = fault.Def{Kind: fault.Invalid, Code: "scenario.manifest",
	En: "the list of files is wrong: {problem}", Zh: "文件清单有误：{problem}",
	HintEn: "send every file of the folder once, with path, sha256 and size", HintZh: "请完整列出目录中的每个文件：path、sha256、size"}

var sha256Form = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Check holds m to limits and its paths to their form. It fails with the
// faults of kit/pack and ErrManifest.
func (m Manifest) Check(l pack.Limits) error {
	meter := &pack.Meter{Limits: l}
	for _, f := range m {
		if err := meter.Add(f.Path, f.Size); err != nil {
			return err
		}
		if !sha256Form.MatchString(f.SHA256) {
			return ErrManifest.With("problem", both("the sha256 of %s is none", "%s 的 sha256 不合法", f.Path))
		}
	}
	if !slices.ContainsFunc(m, func(f FileRef) bool { return f.Path == FileName }) {
		return ErrManifest.With("problem", both("there is no %s", "缺少 %s", FileName))
	}
	return nil
}

// Encode returns m in its one canonical form, whose SHA-256 is the folder's
// digest.
func (m Manifest) Encode() ([]byte, error) {
	sorted := slices.SortedFunc(slices.Values(m), func(a, b FileRef) int { return cmp.Compare(a.Path, b.Path) })
	raw, err := evidence.Canonical(sorted)
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return raw, nil
}

// DecodeManifest reads what Encode wrote.
func DecodeManifest(raw []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("decode the manifest: %w", err)
	}
	return m, nil
}

// Find returns the file at path.
func (m Manifest) Find(path string) (FileRef, bool) {
	i := slices.IndexFunc(m, func(f FileRef) bool { return f.Path == path })
	if i < 0 {
		return FileRef{}, false
	}
	return m[i], true
}

// With returns m with f in place of what stood at its path.
func (m Manifest) With(f FileRef) Manifest {
	return append(m.Without(f.Path), f)
}

// Without returns m without the file at path.
func (m Manifest) Without(path string) Manifest {
	return slices.DeleteFunc(slices.Clone(m), func(x FileRef) bool { return x.Path == path })
}
