package dataset

import "encoding/json"

// Spec is the data section of a scenario: which files hold its cases and what
// their columns mean.
type Spec struct {
	// Class says who may see the data: public, internal, confidential, personal.
	Class string `yaml:"class" json:"class"`
	// Train and Test list files relative to the scenario's folder. Without
	// training files nothing can be trained, and rules about classes do not apply.
	Train Paths `yaml:"train" json:"train"`
	Test  Paths `yaml:"test" json:"test"`
	// Production is a file of cases that came back from production, each with
	// its split in a column named split. It may not exist yet.
	Production string `yaml:"production,omitempty" json:"production,omitempty"`
	// Columns maps a column's name in the files to its meaning.
	Columns map[string]Column `yaml:"columns" json:"columns"`
	// Documents are the FAQ answers or passages that candidates may retrieve.
	Documents *Documents `yaml:"documents,omitempty" json:"documents,omitempty"`
	// Guide is the annotation guide, relative to the folder.
	Guide string `yaml:"guide,omitempty" json:"guide,omitempty"`
	// Sources tell `data pull` where files come from.
	Sources []Source `yaml:"sources,omitempty" json:"sources,omitempty"`
	Quality Quality  `yaml:"quality,omitempty" json:"quality"`
	// Unclassed is set where right answers are no classes, as filled
	// structures are none; then only a label column makes classes.
	Unclassed bool `yaml:"-" json:"-"`
}

// Paths is a list of files; in a document a single string stands for a list of one.
type Paths []string

// UnmarshalJSON takes a bare string as a list of one.
func (p *Paths) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*p = Paths{s}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(p))
}

// Column says what one column means.
type Column struct {
	Role     Role     `yaml:"role" json:"role"`
	Required bool     `yaml:"required,omitempty" json:"required,omitempty"`
	Type     string   `yaml:"type,omitempty" json:"type,omitempty"`     // string (default), number, integer, boolean, time
	Values   []string `yaml:"values,omitempty" json:"values,omitempty"` // the allowed values, if closed
}

// Role is what a column is for.
type Role string

// The roles. id, input, image, label, resolution, slice and cluster may stand
// once each.
// A scenario without a resolution column resolves by its label. An image column
// holds paths of image files in the scenario's folder; cases have an input, an
// image, or both.
const (
	RoleID         Role = "id"
	RoleInput      Role = "input"
	RoleImage      Role = "image"
	RoleLabel      Role = "label"
	RoleResolution Role = "resolution"
	RoleSlice      Role = "slice"
	RoleCluster    Role = "cluster" // what cases have in common: a document, customer, conversation
	RoleTag        Role = "tag"
	RoleIgnore     Role = "ignore"
)

// Documents is a CSV or JSONL file of answers to retrieve from.
type Documents struct {
	File   string   `yaml:"file" json:"file"`
	ID     string   `yaml:"id" json:"id"`         // column with the resolution that the row gives
	Fields []string `yaml:"fields" json:"fields"` // columns to search in, the most telling first
}

// Source is a file that can be fetched and verified.
type Source struct {
	Path   string `yaml:"path" json:"path"`                       // in the scenario's folder
	URL    string `yaml:"url" json:"url"`                         // https
	SHA256 string `yaml:"sha256" json:"sha256"`                   // hex
	Local  string `yaml:"local,omitempty" json:"local,omitempty"` // path below LANDFALL_DATA_DIR
	Bytes  int64  `yaml:"bytes,omitempty" json:"bytes,omitempty"`
}

// Quality chooses the policy of the data-quality gate.
type Quality struct {
	// Policy is "method" (the default) or "many-classes".
	Policy string `yaml:"policy,omitempty" json:"policy"`
	// MinPerClass is the least count per class under many-classes; 30 by default.
	MinPerClass int `yaml:"min_per_class,omitempty" json:"min_per_class,omitempty"`
	// MinRelative is the least class share relative to uniform (1/classes)
	// under many-classes; 0.2 by default.
	MinRelative float64 `yaml:"min_relative,omitempty" json:"min_relative,omitempty"`
}

// Split names a part of the cases.
type Split string

// The splits.
const (
	Train Split = "train"
	Test  Split = "test"
)

// Case is one input with its expected resolution and tags.
type Case struct {
	ID         string            `json:"id"`
	Input      string            `json:"input"`
	Image      string            `json:"image,omitempty"`        // path in the scenario's folder
	ImageHash  string            `json:"image_sha256,omitempty"` // hex SHA-256 of the image file
	Label      string            `json:"label,omitempty"`
	Resolution string            `json:"resolution"`
	Slice      string            `json:"slice,omitempty"`
	Cluster    string            `json:"cluster,omitempty"` // what it shares with others; "" stands by itself
	Tags       map[string]string `json:"tags,omitempty"`
	Suite      string            `json:"suite,omitempty"` // of the scenario; "" if it has but one
	Split      Split             `json:"split"`
	File       string            `json:"file,omitempty"` // where it stands
	Line       int               `json:"line,omitempty"` // from 1
}
