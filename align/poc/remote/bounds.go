package remote

import "text/template/parse"

// maxRange is how deep loops may nest: documents, and their fields.
const maxRange = 2

// unbounded says what in a template could make its work or memory grow beyond
// what it is given, or "": a template comes with a folder, and may come from
// anybody. Without variables, further templates and printf nothing can double
// itself, and without loops in loops in loops nothing multiplies.
func unbounded(n parse.Node, depth int) string {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return ""
		}
		for _, x := range n.Nodes {
			if problem := unbounded(x, depth); problem != "" {
				return problem
			}
		}
	case *parse.RangeNode:
		if depth++; depth > maxRange {
			return "loops may nest two deep"
		}
		return first(unboundedPipe(n.Pipe), unbounded(n.List, depth), unbounded(n.ElseList, depth))
	case *parse.IfNode:
		return first(unboundedPipe(n.Pipe), unbounded(n.List, depth), unbounded(n.ElseList, depth))
	case *parse.WithNode:
		return first(unboundedPipe(n.Pipe), unbounded(n.List, depth), unbounded(n.ElseList, depth))
	case *parse.TemplateNode:
		return "a template may not call another"
	case *parse.ActionNode:
		return unboundedPipe(n.Pipe)
	}
	return ""
}

func unboundedPipe(p *parse.PipeNode) string {
	if p == nil {
		return ""
	}
	if len(p.Decl) > 0 {
		return "a template has no variables"
	}
	for _, c := range p.Cmds {
		for _, a := range c.Args {
			switch a := a.(type) {
			case *parse.IdentifierNode:
				switch a.Ident {
				case "printf", "print", "println", "call", "html", "js", "urlquery":
					return "the function " + a.Ident + " is not there"
				}
			case *parse.PipeNode:
				if problem := unboundedPipe(a); problem != "" {
					return problem
				}
			}
		}
	}
	return ""
}

func first(problems ...string) string {
	for _, p := range problems {
		if p != "" {
			return p
		}
	}
	return ""
}
