package term

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/landfall-ai/landfall/kit/fault"
	"github.com/landfall-ai/landfall/kit/text"
)

// Faults of using the command line wrongly. All of them exit with 2.
var (
	ErrVerb = fault.Def{Kind: fault.Invalid, Code: "cli.unknown_verb",
		En: `"{command}" has no "{verb}"`, Zh: `“{command}”没有“{verb}”`,
		HintEn: "see: {command} --help", HintZh: "请看：{command} --help"}
	ErrFlag = fault.Def{Kind: fault.Invalid, Code: "cli.unknown_flag",
		En: `"{command}" has no flag {flag}`, Zh: `“{command}”没有参数 {flag}`,
		HintEn: "see: {command} --help", HintZh: "请看：{command} --help"}
	ErrFlagValue = fault.Def{Kind: fault.Invalid, Code: "cli.bad_flag",
		En: `flag {flag} cannot be "{value}"`, Zh: `参数 {flag} 的值不能是“{value}”`,
		HintEn: "it takes: {takes}", HintZh: "可取：{takes}"}
	ErrFlagNeedsValue = fault.Def{Kind: fault.Invalid, Code: "cli.flag_needs_value",
		En: `flag {flag} needs a value`, Zh: `参数 {flag} 需要一个值`,
		HintEn: "it takes: {takes}", HintZh: "可取：{takes}"}
	ErrArguments = fault.Def{Kind: fault.Invalid, Code: "cli.arguments",
		En: `"{command}" was given {given} arguments`, Zh: `“{command}”收到了 {given} 个参数，数量不对`,
		HintEn: "use: {usage}", HintZh: "用法：{usage}"}
	ErrUsage = fault.Def{Kind: fault.Invalid, Code: "cli.usage",
		En: `wrong use of "{command}": {problem}`, Zh: `“{command}”用法有误：{problem}`,
		HintEn: "see: {command} --help", HintZh: "请看：{command} --help"}
)

// meant is d with the hint that nearest was probably meant.
func meant(d fault.Def, nearest string) fault.Def {
	d.HintEn, d.HintZh = "did you mean: "+nearest, "您是否想输入："+nearest
	return d
}

// NewRoot returns the root command with the flags that every command has:
// --lang, -o/--output, -q/--quiet and --verbose. Environment variables are
// to be read in before, which runs when a command is about to, never as a
// flag's default: --help would print them. A command below that sets a
// PersistentPreRunE of its own hides before; none should.
func NewRoot(t *Terminal, name string, doc text.Text, before ...func(cmd *cobra.Command) error) *cobra.Command {
	root := Noun(t, name, doc)
	f := root.PersistentFlags()
	f.Var(&choice{set: func(s string) { t.Lang = s }, get: func() string { return "" }, of: []string{"zh", "en"}},
		"lang", t.Say("language, else by LC_ALL, LC_MESSAGES, LANG", "语言；缺省按 LC_ALL、LC_MESSAGES、LANG"))
	f.VarP(&choice{set: func(s string) { t.Format = Format(s) }, get: func() string { return "" }, of: formats()},
		"output", "o", t.Say("output format, else table", "输出格式；缺省为 table"))
	f.BoolVarP(&t.Quiet, "quiet", "q", t.Quiet, t.Say("no progress, no talk", "不显示进度和说明"))
	f.BoolVar(&t.Verbose, "verbose", t.Verbose, t.Say("show the causes of internal errors", "显示内部错误的原因"))
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		for _, b := range before {
			if err := b(cmd); err != nil {
				return err
			}
		}
		return nil
	}
	for flag, of := range map[string][]string{"lang": {"zh", "en"}, "output": formats()} {
		// Only an unknown flag can fail here, and both were just made.
		_ = root.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(of, cobra.ShellCompDirectiveNoFileComp))
	}
	return root
}

// Noun returns a command that holds verbs. Without a verb it lists them; with
// an unknown one it fails and names the nearest.
func Noun(t *Terminal, name string, doc text.Text) *cobra.Command {
	return &cobra.Command{Use: name, Short: doc.In(t.Lang), Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownVerb(cmd, args[0])
		}}
}

func unknownVerb(cmd *cobra.Command, verb string) error {
	var verbs []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			verbs = append(verbs, append([]string{c.Name()}, c.Aliases...)...)
		}
	}
	if near := text.Nearest(verb, verbs); near != "" {
		return meant(ErrVerb, cmd.CommandPath()+" "+near).With("command", cmd.CommandPath(), "verb", verb)
	}
	return ErrVerb.With("command", cmd.CommandPath(), "verb", verb)
}

// Run runs root with args (without the program's name) and returns the exit
// code. Errors are written to t; usage errors exit with 2 and a hint.
func Run(ctx context.Context, t *Terminal, root *cobra.Command, args []string) int {
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(t.In)
	root.SetOut(t.Out)
	root.SetErr(t.Err)
	root.SetArgs(append([]string{}, args...)) // nil would mean os.Args
	root.SetFlagErrorFunc(flagFault)
	root.SetUsageTemplate(usageTemplate(t.Lang))
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd(args...)
	localise(t, root)
	return t.Fail(root.ExecuteContext(ctx))
}

// localise gives every command its help flag, help texts of cobra's own
// commands, and argument checks that answer as usage faults.
func localise(t *Terminal, cmd *cobra.Command) {
	cmd.DisableFlagsInUseLine = true
	if cmd.Flags().Lookup("help") == nil {
		cmd.Flags().BoolP("help", "h", false, t.Say("help", "帮助"))
	}
	if cmd.HasParent() && !cmd.Parent().HasParent() {
		switch cmd.Name() {
		case "help":
			cmd.Short = t.Say("help about any command", "查看任一命令的帮助")
			cmd.Long = cmd.Short
		case "completion":
			cmd.Short = t.Say("make the shell complete commands", "生成命令行自动补全脚本")
			cmd.Long = cmd.Short
		}
	}
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			var f *fault.Error
			if err == nil || errors.As(err, &f) {
				return err
			}
			return ErrArguments.With("command", cmd.CommandPath(), "given", len(args), "usage", cmd.UseLine())
		}
	}
	for _, c := range cmd.Commands() {
		localise(t, c)
	}
}

// flagFault turns pflag's errors into faults of ours.
func flagFault(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var needs *pflag.ValueRequiredError
	var bad *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		given := "--" + name
		if unknown.GetSpecifiedShortnames() != "" {
			given = "-" + name
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := text.Nearest(name, known); near != "" {
			return meant(ErrFlag, "--"+near).With("command", cmd.CommandPath(), "flag", given)
		}
		return ErrFlag.With("command", cmd.CommandPath(), "flag", given)
	case errors.As(err, &needs):
		return ErrFlagNeedsValue.With("flag", "--"+needs.GetFlag().Name, "takes", takes(needs.GetFlag()))
	case errors.As(err, &bad):
		return ErrFlagValue.With("flag", "--"+bad.GetFlag().Name, "value", bad.GetValue(), "takes", takes(bad.GetFlag()))
	}
	return ErrUsage.With("command", cmd.CommandPath(), "problem", err.Error())
}

// takes says what values a flag takes.
func takes(f *pflag.Flag) string {
	if c, ok := f.Value.(*choice); ok {
		return strings.Join(c.of, ", ")
	}
	return f.Value.Type()
}

// Choice adds a flag to fs that takes only one of the given values and stores
// it in into; help shows what into holds as the default.
func Choice(fs *pflag.FlagSet, into *string, name string, of []string, usage string) {
	def := *into
	fs.Var(&choice{set: func(s string) { *into = s }, get: func() string { return def }, of: of}, name, usage)
}

type choice struct {
	set   func(string)
	get   func() string // the default, for help
	given string
	of    []string
}

func (c *choice) Set(s string) error {
	if !slices.Contains(c.of, s) {
		return fmt.Errorf("not one of %s", strings.Join(c.of, ", "))
	}
	c.given = s
	c.set(s)
	return nil
}

func (c *choice) String() string {
	if c.given != "" || c.get == nil {
		return c.given
	}
	return c.get()
}

func (c *choice) Type() string { return strings.Join(c.of, "|") }

func usageTemplate(lang string) string {
	words := []string{"USAGE", "Usage:", "COMMANDS", "Commands:", "EXAMPLES", "Examples:", "FLAGS", "Flags:",
		"GLOBAL", "Flags everywhere:", "MORE", "More:", "VERB", "COMMAND"}
	if lang == "zh" {
		words = []string{"USAGE", "用法：", "COMMANDS", "命令：", "EXAMPLES", "示例：", "FLAGS", "参数：",
			"GLOBAL", "通用参数：", "MORE", "更多：", "VERB", "命令"}
	}
	return strings.NewReplacer(words...).Replace(`USAGE
{{- if .HasAvailableSubCommands}}
  {{.CommandPath}} VERB
{{- else}}
  {{.UseLine}}
{{- end}}
{{- if .HasExample}}

EXAMPLES
{{.Example}}
{{- end}}
{{- if .HasAvailableSubCommands}}

COMMANDS
{{- range .Commands}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}
{{- end}}{{end}}
{{- end}}
{{- if .HasAvailableLocalFlags}}

FLAGS
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{- end}}
{{- if .HasAvailableInheritedFlags}}

GLOBAL
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{- end}}
{{- if .HasAvailableSubCommands}}

MORE {{.CommandPath}} VERB --help
{{- end}}
`)
}
