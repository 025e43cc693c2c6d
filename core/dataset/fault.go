package dataset

import (
	"strings"

	"github.com/landfall-ai/landfall/kit/fault"
)

const (
	hintJSONEn = "in JSONL every line is one object, from { to }"
	hintJSONZh = "JSONL 每行是一个对象，以 { 开头、以 } 结尾"
)

// Faults of data files. All carry the place: file:line:column.
var (
	ErrNoFile = fault.Def{Kind: fault.NotFound, Code: "dataset.no_file",
		En: "the data file {file} is not there", Zh: "数据文件 {file} 不存在",
		HintEn: "check the path in scenario.yaml; if the data comes from elsewhere: landfall data pull DIR",
		HintZh: "检查 scenario.yaml 中的路径；若数据来自外部：landfall data pull DIR"}
	ErrUnreadable = fault.Def{Kind: fault.Denied, Code: "dataset.unreadable",
		En: "{file} may not be read", Zh: "无权读取 {file}",
		HintEn: "check the file's permissions", HintZh: "请检查文件权限"}
	ErrPath = fault.Def{Kind: fault.Invalid, Code: "dataset.path",
		En: "the path {file} leads out of the scenario's folder, or is not a plain file", Zh: "路径 {file} 指向场景文件夹之外，或不是普通文件",
		HintEn: "put the file into the folder and write its path relative to it, with /", HintZh: "请将文件放入场景文件夹，并以 / 写出相对路径"}
	ErrNoImage = fault.Def{Kind: fault.NotFound, Code: "dataset.no_image",
		En: "the image {file}, which this row names, is not there", Zh: "该行所指的图像 {file} 不存在",
		HintEn: "write its path relative to the scenario's folder", HintZh: "请写出相对于场景文件夹的路径"}
	ErrListedTwice = fault.Def{Kind: fault.Invalid, Code: "dataset.listed_twice",
		En: "the file {file} is listed twice: as {first} and as {second}", Zh: "文件 {file} 被列出两次：{first} 与 {second}",
		HintEn: "a file belongs to one split; cases in both would test on what was learnt", HintZh: "一个文件只属于一个划分；同时用于训练和测试会高估效果"}
	ErrFormat = fault.Def{Kind: fault.Invalid, Code: "dataset.format",
		En: "the ending {ending} is not one that Landfall reads", Zh: "Landfall 不能读取扩展名为 {ending} 的文件",
		HintEn: "use .csv, .tsv or .jsonl", HintZh: "请使用 .csv、.tsv 或 .jsonl"}
	ErrTooLarge = fault.Def{Kind: fault.TooLarge, Code: "dataset.too_large",
		En: "the file has more than {limit}", Zh: "文件超过 {limit}",
		HintEn: "split it, or take a sample: a few thousand cases decide most questions", HintZh: "请拆分或抽样：数千条用例足以回答多数问题"}
	ErrLongRow = fault.Def{Kind: fault.TooLarge, Code: "dataset.long_row",
		En: "the row that starts here is longer than {limit}", Zh: "从此处开始的一行超过 {limit}",
		HintEn: "look for a missing line break or a quote that is never closed", HintZh: "请检查是否缺少换行，或有未闭合的引号"}
	ErrEmpty = fault.Def{Kind: fault.Invalid, Code: "dataset.empty",
		En: "the file is empty", Zh: "文件为空",
		HintEn: "it needs a header with the names of its columns, and at least one row", HintZh: "文件需要含列名的表头以及至少一行数据"}
	ErrNoRows = fault.Def{Kind: fault.Invalid, Code: "dataset.no_rows",
		En: "the file has a header but no rows", Zh: "文件只有表头，没有数据行",
		HintEn: "add cases, or take the file out of scenario.yaml", HintZh: "请补充用例，或从 scenario.yaml 中移除该文件"}
	ErrNoCases = fault.Def{Kind: fault.Invalid, Code: "dataset.no_cases",
		En: "no row of the {split} split has both an input and a right answer", Zh: "{split} 划分中没有任何一行同时具备输入和正确答案",
		HintEn: "check which columns scenario.yaml names as input and as resolution or label", HintZh: "请检查 scenario.yaml 中 input 与 resolution（或 label）所指的列"}
	ErrNoHeader = fault.Def{Kind: fault.Invalid, Code: "dataset.no_header",
		En: "the first line does not look like a header: none of the columns {expected} is in it; it reads: {found}", Zh: "首行不像表头：其中没有 {expected} 中的任何一列；首行内容：{found}",
		HintEn: "add a first line with the names of the columns", HintZh: "请在首行补上列名"}
	ErrColumns = fault.Def{Kind: fault.Invalid, Code: "dataset.columns",
		En: "columns are missing: {missing}; the file has: {found}; nearest: {nearest}", Zh: "缺少列：{missing}；文件中有：{found}；最接近的：{nearest}",
		HintEn: "rename the columns in the file, or in scenario.yaml under data.columns", HintZh: "请修改文件中的列名，或修改 scenario.yaml 的 data.columns"}
	ErrColumnTwice = fault.Def{Kind: fault.Invalid, Code: "dataset.column_twice",
		En: "the column {column} stands twice in the header", Zh: "表头中列 {column} 出现两次"}
	ErrEncoding = fault.Def{Kind: fault.Invalid, Code: "dataset.encoding",
		En: "the bytes here ({bytes}) are not valid {encoding}", Zh: "此处的字节（{bytes}）不是有效的 {encoding}",
		HintEn: "save the file as UTF-8; UTF-16 with a byte order mark and GB18030 are read too", HintZh: "请将文件另存为 UTF-8；也支持带 BOM 的 UTF-16 和 GB18030"}
	ErrNUL = fault.Def{Kind: fault.Invalid, Code: "dataset.nul",
		En: "there is a zero byte here: this is not a text file, or UTF-16 without a byte order mark", Zh: "此处有零字节：这不是文本文件，或是不带 BOM 的 UTF-16",
		HintEn: "save the file as UTF-8", HintZh: "请将文件另存为 UTF-8"}
	ErrQuote = fault.Def{Kind: fault.Invalid, Code: "dataset.quote",
		En: "there is a quote that does not belong here, or one that is never closed", Zh: "此处的引号位置不当，或未闭合",
		HintEn: "in CSV a field with a comma, a quote or a line break stands in \"double quotes\", and a quote inside it is doubled",
		HintZh: "CSV 中含逗号、引号或换行的字段须用双引号括起，字段内的引号须写两次"}
	ErrJSON = fault.Def{Kind: fault.Invalid, Code: "dataset.json",
		En: "the line is not valid JSON: {problem}", Zh: "该行不是有效的 JSON:{problem}",
		HintEn: hintJSONEn, HintZh: hintJSONZh}
	ErrCut = fault.Def{Kind: fault.Invalid, Code: "dataset.cut",
		En: "the line ends inside the object", Zh: "该行在对象结束之前中断",
		HintEn: hintJSONEn, HintZh: hintJSONZh}
	ErrNotObject = fault.Def{Kind: fault.Invalid, Code: "dataset.not_object",
		En: "the line is not one JSON object", Zh: "该行不是单个 JSON 对象",
		HintEn: hintJSONEn, HintZh: hintJSONZh}
	ErrKeyTwice = fault.Def{Kind: fault.Invalid, Code: "dataset.key_twice",
		En: "the key {key} stands twice in the object", Zh: "键 {key} 在对象中出现两次"}
	ErrFields = fault.Def{Kind: fault.Invalid, Code: "dataset.fields",
		En: "the row has {got} fields, the header has {want}", Zh: "该行有 {got} 个字段，表头有 {want} 个",
		HintEn: "a field with a comma needs \"double quotes\" around it", HintZh: "含逗号的字段须用双引号括起"}
	ErrType = fault.Def{Kind: fault.Invalid, Code: "dataset.type",
		En: "column {column}: {value} is not of the type {type}", Zh: "列 {column}：{value} 不是 {type} 类型",
		HintEn: "correct the value, or the column's type in scenario.yaml", HintZh: "请修改该值，或修改 scenario.yaml 中该列的类型"}
	ErrNotFinite = fault.Def{Kind: fault.Invalid, Code: "dataset.not_finite",
		En: "column {column}: {value} is not a finite number", Zh: "列 {column}：{value} 不是有限数值",
		HintEn: "leave the field empty if the value is missing", HintZh: "若该值缺失，请将字段留空"}
	ErrUnknownType = fault.Def{Kind: fault.Invalid, Code: "dataset.unknown_type",
		En: "column {column} has the unknown type {type}; known: {known}", Zh: "列 {column} 的类型 {type} 未知；可用：{known}"}
	ErrOutside = fault.Def{Kind: fault.Invalid, Code: "dataset.outside",
		En: "column {column}: {value} is not one of the allowed values; nearest: {nearest}", Zh: "列 {column}：{value} 不在允许的取值中；最接近的：{nearest}",
		HintEn: "correct the value, or add it to the column's values in scenario.yaml", HintZh: "请修改该值，或将其加入 scenario.yaml 中该列的 values"}
	ErrDuplicateID = fault.Def{Kind: fault.Invalid, Code: "dataset.duplicate_id",
		En: "the id {id} stands here and at {other}", Zh: "标识 {id} 在此处和 {other} 重复出现",
		HintEn: "ids are unique over all splits; without an id column Landfall makes them from the input", HintZh: "标识在所有划分中必须唯一；若没有标识列，Landfall 会根据输入生成"}
	ErrSplit = fault.Def{Kind: fault.Invalid, Code: "dataset.split",
		En: "the split must be train or test, not {value}", Zh: "split 只能是 train 或 test，不能是 {value}"}
	ErrDocument = fault.Def{Kind: fault.Invalid, Code: "dataset.document",
		En: "the document has no {missing}", Zh: "该文档缺少 {missing}"}
	ErrMore = fault.Def{Kind: fault.Invalid, Code: "dataset.more",
		En: "and {count} more rows with problems", Zh: "另有 {count} 行存在问题"}
)

// Problems is what is wrong with the rows of a data file: at most MaxProblems
// faults, each with its place, and, if there were more, ErrMore with how many.
type Problems []*fault.Error

// MaxProblems bounds how many wrong rows are reported one by one.
const MaxProblems = 20

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, e := range p {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the first fault and errors.Is any of them.
func (p Problems) Unwrap() []error {
	out := make([]error, len(p))
	for i, e := range p {
		out[i] = e
	}
	return out
}

// problems collects faults up to the bound.
type problems struct {
	list Problems
	more int
}

func (p *problems) add(e *fault.Error) {
	if len(p.list) == MaxProblems {
		p.more++
		return
	}
	p.list = append(p.list, e)
}

// err returns nil if nothing was added.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	if p.more > 0 {
		return append(p.list[:len(p.list):len(p.list)], ErrMore.With("count", p.more))
	}
	return p.list
}
