package scenario

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/landfall-ai/landfall/core/dataset"
)

var rungs = [...]string{"rules", "classic", "small-model", "large-model", "multimodal", "human"}

// complain records what is wrong with the value at a pointer.
type complain func(pointer, en, zh string, args ...any)

// suitePointer is where the i-th of AllSuites stands in the document.
func suitePointer(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprintf("/suites/%d", i-1)
}

func checkSuite(d *Document, s Suite, p string, wrong complain) {
	once := map[dataset.Role]string{}
	for _, name := range sortedKeys(s.Data.Columns) {
		role := s.Data.Columns[name].Role
		if role == dataset.RoleTag || role == dataset.RoleIgnore {
			continue
		}
		if other, dup := once[role]; dup {
			wrong(p+"/data/columns/"+escape(name)+"/role", "the role %s is taken by column %s; it may stand once", "角色 %s 已被列 %s 占用，只能出现一次", role, other)
		}
		once[role] = name
	}
	if once[dataset.RoleInput] == "" && once[dataset.RoleImage] == "" {
		wrong(p+"/data/columns", "no column has the role input or image", "没有列的角色是 input 或 image")
	}
	if once[dataset.RoleResolution] == "" && once[dataset.RoleLabel] == "" {
		wrong(p+"/data/columns", "no column has the role resolution or label: there would be no right answer to compare with", "没有列的角色是 resolution 或 label：缺少可供比较的正确答案")
	}
	switch {
	case s.ID == MainSuite && once[dataset.RoleSlice] == "" && len(d.Slices)-len(d.Suites) > 1:
		wrong("/slices", "there are %d slices and no column with the role slice", "有 %d 个分组，但没有列的角色是 slice", len(d.Slices))
	case s.ID != MainSuite && once[dataset.RoleSlice] == "" && !slices.ContainsFunc(d.Slices, func(x Slice) bool { return x.ID == s.ID }):
		wrong(p+"/id", "the suite has no slice column, so its cases belong to the slice %s, which is not under slices", "该用例集没有 slice 列，其用例归入分组 %s，但 slices 中没有它", s.ID)
	}
	checkTask(s.Task, p+"/task", wrong)
}

func checkTask(t Task, p string, wrong complain) {
	if t.Kind == TaskDecide && len(t.Choices) == 0 {
		wrong(p, "a decision needs choices: the decisions that are allowed", "decide 任务需要 choices：允许的决定")
	}
	if t.Kind != TaskDecide && len(t.Choices) > 0 {
		wrong(p+"/choices", "only a decision has choices", "只有 decide 任务有 choices")
	}
	if t.Kind != TaskExtract && t.Schema != "" {
		wrong(p+"/schema", "only an extraction has a schema", "只有 extract 任务有 schema")
	}
	if t.Kind == TaskTools && t.Tools == "" {
		wrong(p, "a task of kind tools needs tools: the file with the tools that may be called", "tools 任务需要 tools：可调用工具的文件")
	}
	if d := t.Detect; d != nil {
		if !slices.Contains(t.Choices, d.Positive) {
			wrong(p+"/detect/positive", "%s is not one of the choices; known: %s", "%s 不在 choices 中；可用：%s", d.Positive, nearestFirst(d.Positive, t.Choices))
		}
		if d.CostMiss == 0 && d.CostFalse == 0 {
			wrong(p+"/detect", "one of cost_miss and cost_false must be above 0: errors that cost nothing have no best threshold", "cost_miss 与 cost_false 至少一项大于 0：错误没有代价就没有最优阈值")
		}
	}
	for i, c := range t.Severe {
		for _, x := range []string{c.Expected, c.Given} {
			if len(t.Choices) > 0 && !slices.Contains(t.Choices, x) {
				wrong(fmt.Sprintf("%s/severe/%d", p, i), "%s is not one of the choices; known: %s", "%s 不在 choices 中；可用：%s", x, nearestFirst(x, t.Choices))
			}
		}
	}
}

func checkCandidate(d *Document, c Candidate, p string, wrong complain) {
	if n := c.kinds(); n != 1 {
		wrong(p, "a candidate is exactly one of builtin, model, http, recorded, human and planned; this one is %d of them",
			"候选方案必须且只能是 builtin、model、http、recorded、human、planned 之一，此处有 %d 个", n)
		return
	}
	suites := map[string]Suite{}
	var known []string
	for _, s := range d.AllSuites() {
		suites[s.ID], known = s, append(known, s.ID)
	}
	for i, id := range c.Suites {
		if _, ok := suites[id]; !ok {
			wrong(fmt.Sprintf("%s/suites/%d", p, i), "there is no suite %s; known: %s", "没有用例集 %s；可用：%s", id, nearestFirst(id, known))
		}
		if slices.Index(c.Suites, id) < i {
			wrong(fmt.Sprintf("%s/suites/%d", p, i), "the suite %s stands twice", "用例集 %s 出现了两次", id)
		}
	}
	if slices.Contains(rungs[:], c.ID()) && c.Human == nil && c.rung() != c.ID() {
		wrong(p, "the id %s is the name of another rung", "编号 %s 是另一个梯级的名称", c.ID())
	}
	if c.Builtin == "" && (c.BuiltinID != "" || !c.Title.IsZero() || c.Rules != "" || len(c.Train) > 0) {
		wrong(p, "id, title, rules and train stand here for built-in candidates only; others have them inside", "此处的 id、title、rules、train 仅用于内置候选方案；其他候选方案写在各自内部")
	}
	for _, id := range c.SuiteIDs() {
		checkBuiltin(c, suites[id], p, wrong)
	}
	endpoint := ""
	switch {
	case c.Model != nil:
		endpoint, p = c.Model.Endpoint, p+"/model"
		checkPrice(d, c.Model.Price, p, wrong)
	case c.HTTP != nil:
		endpoint, p = c.HTTP.Endpoint, p+"/http"
		checkPrice(d, c.HTTP.Price, p, wrong)
		if !below(c.HTTP.Path) {
			wrong(p+"/path", "it leads out of the endpoint's base URL", "指向端点基础地址之外")
		}
	case c.Recorded != nil:
		checkPrice(d, c.Recorded.Price, p+"/recorded", wrong)
	case c.Human != nil:
		checkHuman(c.Human, p+"/human", wrong)
	}
	if _, ok := d.Endpoints[endpoint]; endpoint != "" && !ok && !d.kept {
		names := sortedKeys(d.Endpoints)
		if len(names) == 0 {
			names = []string{"–"}
		}
		wrong(p+"/endpoint", "there is no endpoint %s; known: %s", "没有 endpoint %s；可用：%s", endpoint, nearestFirst(endpoint, names))
	}
}

// below reports whether a path stays below the address that it is put behind.
// Under serve that address has the key of an administrator, who gave it for
// what lies there and not for all of that host.
func below(path string) bool {
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || strings.Contains(u.Path, `\`) {
		return false
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		// A server may decode once more than we do, or know "..;" as well.
		if again, err := url.PathUnescape(part); err != nil || again == "." || strings.Contains(again, "..") {
			return false
		}
	}
	return true
}

func checkBuiltin(c Candidate, s Suite, p string, wrong complain) {
	image := false
	for _, column := range s.Data.Columns {
		image = image || column.Role == dataset.RoleImage
	}
	switch {
	case c.Builtin == "" || s.ID == "":
	case c.Builtin == "faq" && s.Data.Documents == nil:
		wrong(p+"/builtin", "the faq candidate needs data.documents: the file with the answers to retrieve", "候选方案 faq 需要 data.documents：可检索的答案文件")
	case c.Builtin == "image-linear" && !image:
		wrong(p+"/builtin", "image-linear needs a column with the role image", "候选方案 image-linear 需要角色为 image 的列")
	case c.Builtin == "slots" && c.Rules == "":
		wrong(p+"/builtin", "slots needs rules: the file that says how each slot is found", "候选方案 slots 需要 rules：说明如何识别各字段的文件")
	case c.Builtin != "faq" && c.Builtin != "slots" && len(s.Data.Train) == 0 && len(c.Train) == 0:
		wrong(p+"/builtin", "%s learns from training cases, and the suite %s has none", "%s 需要训练用例，而用例集 %s 没有", c.Builtin, s.ID)
	}
}

func checkHuman(h *Human, p string, wrong complain) {
	low, high := h.Accuracy.Range()
	switch {
	case h.Answers == "" && h.Accuracy.IsZero():
		wrong(p, "state accuracy (assumed), or answers: a file of sampled answers", "请填写 accuracy（假设值），或 answers：抽样回答文件")
	case h.Answers != "" && !h.Accuracy.IsZero():
		wrong(p+"/accuracy", "with sampled answers the accuracy is measured; leave it out", "已有抽样回答，正确率由实测得出；请去掉 accuracy")
	case h.Answers != "" && h.System == "":
		wrong(p, "sampled answers need system: where the sample comes from", "抽样回答需要 system：样本来源")
	case low > h.Accuracy.Mid() || high < h.Accuracy.Mid() || high > 1:
		wrong(p+"/accuracy", "a share lies between 0 and 1, with p10 ≤ p50 ≤ p90", "占比须在 0 到 1 之间，且 p10 ≤ p50 ≤ p90")
	}
}

func checkPrice(d *Document, price *Price, p string, wrong complain) {
	if price != nil && d.Costs.Currency == "" {
		wrong(p+"/price", "a price needs costs.currency", "价格需要 costs.currency")
	}
}

// rung returns the candidate's rung, if it is stated.
func (c Candidate) rung() string {
	switch {
	case c.Model != nil:
		return c.Model.Rung
	case c.HTTP != nil:
		return c.HTTP.Rung
	case c.Recorded != nil:
		return c.Recorded.Rung
	case c.Planned != nil:
		return c.Planned.Rung
	}
	return ""
}

// File is a file in the folder that a candidate names.
type File struct {
	Field string // below the candidate, with /
	Path  string
}

// Files returns the files that c names, sorted as they are declared.
func (c Candidate) Files() []File {
	var out []File
	add := func(field, path string) {
		if path != "" {
			out = append(out, File{field, path})
		}
	}
	add("rules", c.Rules)
	for i, p := range c.Train {
		add(fmt.Sprintf("train/%d", i), p)
	}
	switch {
	case c.Model != nil:
		add("model/system", c.Model.System)
		add("model/prompt", c.Model.Prompt)
	case c.HTTP != nil:
		add("http/request", c.HTTP.Request)
	case c.Recorded != nil:
		add("recorded/file", c.Recorded.File)
	case c.Human != nil:
		add("human/answers", c.Human.Answers)
	}
	return out
}

// External reports whether answering a case sends it to another system.
func (c Candidate) External() bool { return c.Model != nil || c.HTTP != nil }

// FieldName is the field of f as the document names it.
func (f File) FieldName() string { return strings.ReplaceAll(f.Field, "/", ".") }
