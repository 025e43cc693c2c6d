// Package cli makes commands from the operation table: `landfall NOUN VERB`
// for every operation that has both. They are made from the operations as
// they are registered, not from Go types, and call them through a transport:
// in process, through a socket, or over the network, with the same output.
//
// Path parameters are positional; query parameters and the body's top-level
// scalars and lists of strings are flags; anything nested comes from -f FILE
// ("-" is stdin), and a flag beats the file. Lists follow their cursors to
// the end unless --limit says how many.
package cli

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/landfall-ai/landfall/kit/rest"
	"github.com/landfall-ai/landfall/kit/term"
	"github.com/landfall-ai/landfall/kit/text"
)

// Session is a way to the operations while a command runs.
type Session struct {
	Transport http.RoundTripper
	// Base is the URL of the API with its prefix, without a slash at its end.
	Base string
	// Close ends the session; nil if there is nothing to end.
	Close func() error
}

// Connect opens a session. It is called when a command runs, not before, so
// that --help opens nothing.
type Connect func(ctx context.Context) (Session, error)

// Attach adds a command for every operation with a noun and a verb to root.
// A noun that root has already, written by hand, is added to; others are made
// and described by nouns. It panics where a verb or a flag exists already, or
// a noun has no description.
func Attach(t *term.Terminal, root *cobra.Command, ops []rest.Operation, nouns map[string]text.Text, connect Connect) {
	for _, op := range ops {
		if op.Noun == "" {
			continue
		}
		noun := child(root, op.Noun)
		if noun == nil {
			doc, ok := nouns[op.Noun]
			if !ok {
				panic("cli: operation " + op.ID + ": noun " + op.Noun + " has no description")
			}
			noun = term.Noun(t, op.Noun, doc)
			root.AddCommand(noun)
		}
		if child(noun, op.Verb) != nil {
			panic("cli: operation " + op.ID + ": command " + op.Noun + " " + op.Verb + " exists already")
		}
		noun.AddCommand(command(t, op, connect))
	}
}

func child(cmd *cobra.Command, name string) *cobra.Command {
	for _, c := range cmd.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// command makes the command of one operation.
func command(t *term.Terminal, op rest.Operation, connect Connect) *cobra.Command {
	use := op.Verb
	positional := 0
	for _, p := range op.Params {
		if p.In == "path" {
			use += " " + strings.ToUpper(p.Name)
			positional++
		}
	}
	cmd := &cobra.Command{Use: use, Short: op.Doc.In(t.Lang), Args: cobra.ExactArgs(positional)}
	flags := map[string]func() any{} // by "in/name": the value given
	var file string
	if op.HasBody {
		cmd.Flags().StringVarP(&file, "file", "f", "", t.Say("request body as YAML or JSON; - is stdin", "请求体文件（YAML 或 JSON）；- 表示标准输入"))
	}
	for _, p := range op.Params {
		if p.In == "query" || p.In == "body" {
			name := flagName(p.Name)
			if cmd.Flags().Lookup(name) != nil || root(name) {
				panic("cli: operation " + op.ID + ": flag --" + name + " exists already")
			}
			if op.List && p.In == "query" && p.Name == "limit" {
				p.Doc = text.Text{En: "at most this many; all if not given", Zh: "最多返回多少条；不给出则返回全部"}
			}
			flags[p.In+"/"+p.Name] = flag(cmd.Flags(), name, p, t.Lang)
			if len(p.Enum) > 0 {
				// It fails for unknown flags only, and this one was just made.
				_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(p.Enum, cobra.ShellCompDirectiveNoFileComp))
			}
		}
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		in := input{args: args, values: map[string]any{}}
		for key, value := range flags {
			_, name, _ := strings.Cut(key, "/")
			if cmd.Flags().Changed(flagName(name)) {
				in.values[key] = value()
			}
		}
		if in.body, err = body(t, op, file, in.values); err != nil {
			return err
		}
		for _, a := range args {
			if a == "" || a == "." || a == ".." {
				return term.ErrUsage.With("command", cmd.CommandPath(), "problem", strconv.Quote(a))
			}
		}
		s, err := connect(cmd.Context())
		if err != nil {
			return err
		}
		if s.Close != nil {
			defer func() {
				if e := s.Close(); err == nil && e != nil {
					err = fmt.Errorf("close session: %w", e)
				}
			}()
		}
		c := client{http: http.Client{Transport: s.Transport, CheckRedirect: noRedirect}, base: s.Base, lang: t.Lang}
		if op.List {
			return list(cmd.Context(), t, c, op, in)
		}
		return once(cmd.Context(), t, c, op, in)
	}
	return cmd
}

// root reports whether name is a flag that every command has.
func root(name string) bool {
	switch name {
	case "lang", "output", "quiet", "verbose", "help":
		return true
	}
	return false
}

// flagName writes a parameter's name as a flag's: given_by → given-by.
func flagName(param string) string {
	return strings.ToLower(strings.ReplaceAll(param, "_", "-"))
}

// flag adds the flag of p and returns how to read it.
func flag(fs *pflag.FlagSet, name string, p rest.Param, lang string) func() any {
	doc := p.Doc.In(lang)
	if p.Required && p.In == "query" {
		doc += map[string]string{"en": " (needed)", "zh": "（必填）"}[lang]
	}
	switch p.Type {
	case "integer":
		v := fs.Int64(name, 0, doc)
		return func() any { return *v }
	case "number":
		v := fs.Float64(name, 0, doc)
		return func() any { return *v }
	case "boolean":
		v := fs.Bool(name, false, doc)
		return func() any { return *v }
	case "strings":
		v := &repeated{}
		fs.Var(v, name, doc)
		return func() any { return []string(*v) }
	}
	if len(p.Enum) > 0 {
		v := new(string)
		term.Choice(fs, v, name, p.Enum, doc)
		return func() any { return *v }
	}
	v := fs.String(name, "", doc)
	return func() any { return *v }
}

// repeated is a flag that may be given again; commas are part of a value.
type repeated []string

func (r *repeated) Set(s string) error {
	*r = append(*r, s)
	return nil
}

func (r *repeated) String() string { return strings.Join(*r, ", ") }
func (r *repeated) Type() string   { return "string" }
