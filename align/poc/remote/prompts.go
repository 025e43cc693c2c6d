package remote

// The prompts that are used where a scenario has none of its own. They are part
// of a candidate's digest, so that a change of them makes evidence stale.
var prompts = map[string]string{
	"answer": `{{if .Documents}}Choose the entry that resolves the request. Reply with its id and nothing else; reply with an empty line if none does.

{{range .Documents}}{{.ID}}: {{range .Fields}}{{.}} {{end}}
{{end}}
Request: {{.Input}}{{else}}{{.Input}}{{end}}`,
	"extract": `Read the fields of the JSON Schema out of the text. Reply with one JSON object that satisfies it and nothing else. Use null where the text does not say.

JSON Schema:
{{.Schema}}

Text:
{{.Input}}`,
	"decide": `Decide. Reply with exactly one of these words and nothing else: {{join .Choices ", "}}.

{{.Input}}`,
	"tools": `{{.Input}}`,
}

// Prompt returns the prompt for a kind of task.
func Prompt(kind string) string { return prompts[kind] }
