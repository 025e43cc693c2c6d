package quality

import (
	"slices"

	"github.com/landfall-ai/landfall/core/dataset"
)

// Profile is what the gate looks at: counts, no texts.
type Profile struct {
	Rows    map[dataset.Split]int `json:"rows"`    // all rows
	Dropped map[dataset.Split]int `json:"dropped"` // without input or right answer
	Columns []Column              `json:"columns"` // by name
	// Classes and TestClasses count usable cases of the two splits by class.
	// Values that the schema allows but no case has are there with 0.
	Classes     map[string]int `json:"classes"`
	TestClasses map[string]int `json:"test_classes"`
	Duplicates  Duplicates     `json:"duplicates"`
	// Compared is false if duplicates were not looked for.
	Compared bool `json:"compared"`
	// Unclassed is true if the right answers are no classes, or nothing is
	// trained: rules about classes do not apply.
	Unclassed bool `json:"unclassed"`
}

// Column counts a column's missing values in the sense of dataset.Missing.
type Column struct {
	Name     string                `json:"name"`
	Required bool                  `json:"required"`
	Missing  map[dataset.Split]int `json:"missing"`
}

// NewProfile profiles data that was loaded by spec and looks for duplicates.
// Beside the columns marked as required, those of the input (of the image, if
// there is one) and of the right answer are.
func NewProfile(spec dataset.Spec, d *dataset.Data) Profile {
	p := Profile{Rows: d.Rows, Dropped: d.Dropped, Classes: d.Classes[dataset.Train], TestClasses: d.Classes[dataset.Test],
		Duplicates: FindDuplicates(d.Train, d.Test), Compared: true, Unclassed: len(spec.Train) == 0 || !classed(spec)}
	resolved, input := false, dataset.RoleInput
	for _, c := range spec.Columns {
		resolved = resolved || c.Role == dataset.RoleResolution
		if c.Role == dataset.RoleImage {
			input = dataset.RoleImage
		}
	}
	names := make([]string, 0, len(spec.Columns))
	for name, c := range spec.Columns {
		if c.Role != dataset.RoleIgnore {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c := spec.Columns[name]
		col := Column{Name: name, Missing: map[dataset.Split]int{},
			Required: c.Required || c.Role == input || c.Role == dataset.RoleResolution || c.Role == dataset.RoleLabel && !resolved}
		for s, missing := range d.Missing {
			col.Missing[s] = missing[name]
		}
		p.Columns = append(p.Columns, col)
	}
	return p
}

func classed(spec dataset.Spec) bool {
	for _, c := range spec.Columns {
		if c.Role == dataset.RoleLabel {
			return true
		}
	}
	return !spec.Unclassed
}
