// Package gate decides whether a scenario may go on: policies of typed CEL
// rules over evidence, and verdicts that say for each rule why. A verdict is a
// pure function of policy, parameters, bindings, evidence and time.
//
// A gate fails closed. A rule that names a kind without current evidence does
// not pass, even where the rest of its expression would hold without it:
//
//   - every kind that a rule names must have a current item, and every metric
//     that it reads must be there, before the expression is evaluated at all;
//   - only has(kind.metric) makes a metric optional, never its kind, so that
//     taking all evidence of a kind away cannot turn a verdict into a pass;
//     has() must stand before what it guards: !has(a.b) || a.b.high < 2.0;
//   - an operand that was evaluated to an error, to NaN or to an infinity
//     makes the rule insufficient, even where CEL's || and && would absorb it.
package gate
