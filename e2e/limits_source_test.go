//go:build !e2e

package e2e_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// bounding are the functions and methods whose argument bounds a wait.
var bounding = []string{
	"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause", "SpecTimeout", "NodeTimeout", "GracePeriod", "After", "NewTimer", "AfterFunc",
}

var (
	boundingField = regexp.MustCompile(`Timeout(Millis|Seconds)?$|^WaitDelay$`)
	boundingName  = regexp.MustCompile(`(?i)(limit|timeout|patience|grace|deadline)$|Millis$`)
	boundingFlag  = regexp.MustCompile(`"--(?:[a-z-]*timeout|max-time|grace-period)(?:=|", *")[0-9]\w*`)
	pollName      = regexp.MustCompile(`Interval$|Poll$`)
)

// limitsOfPackage lists by file and name what bounds a wait by a time that the sources of one package hold, or by a default
// of a library: of e2e-framework's wait.For and of Gomega's Eventually.
func limitsOfPackage(files map[string][]byte) ([]string, error) {
	parsed := map[string]*ast.File{}
	s := source{values: map[string]ast.Expr{}}
	var all []string
	for name, content := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed[name] = file
		ast.Inspect(file, s.keep)
		for _, flag := range boundingFlag.FindAllString(string(content), -1) {
			all = append(all, name+": "+flag)
		}
	}
	for name, file := range parsed {
		ast.Inspect(file, func(n ast.Node) bool {
			for _, found := range s.limits(n) {
				all = append(all, name+": "+found)
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// source is a package; values are those of its variables and constants, of whatever scope.
type source struct{ values map[string]ast.Expr }

// keep takes the values of a declaration.
func (s source) keep(n ast.Node) bool {
	for name, value := range declared(n) {
		s.values[name] = value
	}
	return true
}

// declared are the names and values of a declaration; none of another node.
func declared(n ast.Node) map[string]ast.Expr {
	values := map[string]ast.Expr{}
	switch n := n.(type) {
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) {
				values[name.Name] = n.Values[i]
			}
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if name, is := left.(*ast.Ident); is && n.Tok == token.DEFINE && len(n.Lhs) == len(n.Rhs) {
				values[name.Name] = n.Rhs[i]
			}
		}
	}
	return values
}

// limits names what bounds a wait at a node.
func (s source) limits(n ast.Node) []string {
	var all []string
	for name, value := range declared(n) {
		numeric := strings.HasSuffix(name, "Millis")
		if boundingName.MatchString(name) && s.constant(value) && (numeric || s.time(value) != "") {
			all = append(all, name)
		}
	}
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if name, is := n.Key.(*ast.Ident); is && boundingField.MatchString(name.Name) && s.constant(n.Value) {
			all = append(all, name.Name)
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			field, is := left.(*ast.SelectorExpr)
			if is && boundingField.MatchString(field.Sel.Name) && len(n.Lhs) == len(n.Rhs) && s.constant(n.Rhs[i]) {
				all = append(all, field.Sel.Name)
			}
		}
	case *ast.CallExpr:
		if slices.Contains(bounding, called(n)) {
			for _, argument := range n.Args {
				if found := s.time(argument); found != "" && !pollName.MatchString(found) {
					all = append(all, found)
				}
			}
		}
		if byDefault := unbounded(n); byDefault != "" {
			all = append(all, byDefault)
		}
	}
	return all
}

// called is the name of a function or method that is called.
func called(call *ast.CallExpr) string {
	switch by := call.Fun.(type) {
	case *ast.Ident:
		return by.Name
	case *ast.SelectorExpr:
		return by.Sel.Name
	}
	return ""
}

// unbounded tells of a call of wait.For or Eventually that leaves the limit to the library.
func unbounded(call *ast.CallExpr) string {
	if types.ExprString(call.Fun) == "wait.For" {
		for _, argument := range call.Args {
			if option, is := argument.(*ast.CallExpr); is && called(option) == "WithTimeout" {
				return ""
			}
		}
		return "wait.For without WithTimeout"
	}
	if !slices.Contains([]string{"Should", "ShouldNot", "To", "ToNot", "NotTo"}, called(call)) {
		return ""
	}
	for {
		selector, is := call.Fun.(*ast.SelectorExpr)
		if !is {
			break
		}
		before, is := selector.X.(*ast.CallExpr)
		if !is || called(before) == "WithTimeout" {
			return ""
		}
		call = before
	}
	if name := called(call); name == "Eventually" || name == "Consistently" {
		return name + " without WithTimeout"
	}
	return ""
}

// time is the first part of an expression that is a time by itself: a name of a constant time, or what a unit is in.
func (s source) time(e ast.Expr) string {
	found := ""
	ast.Inspect(e, func(n ast.Node) bool {
		part, is := n.(ast.Expr)
		if found != "" || !is {
			return false
		}
		switch part := part.(type) {
		case *ast.FuncLit: // what it waits for is looked at by itself
			return false
		case *ast.BinaryExpr:
			if unit(part.X) || unit(part.Y) {
				found = types.ExprString(part)
			}
		case *ast.Ident:
			if value, known := s.values[part.Name]; known && s.constant(part) && s.timely(value) {
				found = part.Name
			}
		case *ast.BasicLit, *ast.SelectorExpr:
			if s.timely(part) {
				found = types.ExprString(part)
			}
		}
		return found == ""
	})
	return found
}

// timely is true of a constant with a unit in it, or of a text that is a duration.
func (s source) timely(e ast.Expr) bool {
	has := false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			has = has || unit(n)
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if _, noTime := time.ParseDuration(text); err == nil && noTime == nil && text != "0" {
				has = true
			}
		case *ast.Ident:
			if value, known := s.values[n.Name]; known && value != e {
				has = has || s.timely(value)
			}
		}
		return !has
	})
	return has
}

// constant is true of an expression of literals, units and names of such.
func (s source) constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.SelectorExpr:
		return unit(e)
	case *ast.Ident:
		value, known := s.values[e.Name]
		return known && value != e && s.constant(value)
	case *ast.ParenExpr:
		return s.constant(e.X)
	case *ast.UnaryExpr:
		return s.constant(e.X)
	case *ast.BinaryExpr:
		return s.constant(e.X) && s.constant(e.Y)
	case *ast.CallExpr:
		converts := slices.Contains([]string{"int", "int32", "int64", "float64", "time.Duration"}, types.ExprString(e.Fun))
		return converts && len(e.Args) == 1 && s.constant(e.Args[0])
	}
	return false
}

// unit is true of time.Second and the like.
func unit(e ast.Expr) bool {
	return slices.Contains([]string{"time.Nanosecond", "time.Microsecond", "time.Millisecond", "time.Second", "time.Minute", "time.Hour"}, types.ExprString(e))
}

func TestATimeLimitInAPackageIsFound(t *testing.T) {
	for text, want := range map[string]string{
		"const askLimit = 10 * time.Second":                                                                  "askLimit",
		"var dialTimeout time.Duration = 3e9 * time.Nanosecond":                                              "dialTimeout",
		`const suiteLimit = "1h"`:                                                                            "suiteLimit",
		"const requestMillis = 3000":                                                                         "requestMillis",
		"const atOnceLimit = 20":                                                                             "",
		"const askInterval = time.Second":                                                                    "",
		"var askLimit = timeout.Ask.Duration()":                                                              "",
		"func f(n int) { limit := time.Duration(n) * time.Minute; g() }":                                     "",
		"func f() { graceLimit := 2 * time.Minute; g(graceLimit) }":                                          "graceLimit",
		"func f() { context.WithTimeout(ctx, 5*time.Second) }":                                               "5 * time.Second",
		"func f() { context.WithTimeout(ctx, time.Minute) }":                                                 "time.Minute",
		"func f() { context.WithDeadline(ctx, time.Now().Add(5*time.Second)) }":                              "5 * time.Second",
		"const soon = time.Second\nfunc f() { context.WithTimeoutCause(ctx, 2*soon, err) }":                  "soon",
		"func f() { context.WithTimeout(ctx, timeout.Ask.Duration()) }":                                      "",
		"func f(limit time.Duration) { context.WithTimeout(ctx, limit) }":                                    "",
		"func f() { wait.For(g, wait.WithTimeout(3*time.Second)) }":                                          "3 * time.Second",
		"func f() { wait.For(g, wait.WithInterval(time.Second)) }":                                           "wait.For without WithTimeout",
		"func f() { wait.For(g, wait.WithTimeout(timeout.Ask.Duration()), wait.WithInterval(time.Second)) }": "",
		"func f() { Eventually(g).WithContext(ctx).Should(Succeed()) }":                                      "Eventually without WithTimeout",
		"func f() { Eventually(g).WithTimeout(timeout.Ask.Duration()).WithPolling(time.Second).Should(h) }":  "",
		"func f() { Eventually(g).WithTimeout(time.Second).Should(h) }":                                      "time.Second",
		`func f() { It("works", SpecTimeout(time.Minute), g) }`:                                              "time.Minute",
		"const whole = time.Minute\nvar _ = BeforeSuite(g, NodeTimeout(whole))":                              "whole",
		"var c = http.Client{Timeout: 30 * time.Second}":                                                     "Timeout",
		"const short = time.Second\nvar c = http.Client{Timeout: short}":                                     "Timeout",
		"var c = http.Client{Timeout: timeout.Ask.Duration()}":                                               "",
		"var r = call.Request{TimeoutMillis: 3000}":                                                          "TimeoutMillis",
		"var r = call.Request{TimeoutMillis: timeout.Request.Millis()}":                                      "",
		"func f() { command.WaitDelay = 10 * time.Second }":                                                  "WaitDelay",
		"func f() { <-time.After(5 * time.Second) }":                                                         "5 * time.Second",
		"const lookInterval = time.Second\nfunc f() { <-time.After(lookInterval) }":                          "",
		"func f() { time.NewTimer(time.Minute) }":                                                            "time.Minute",
		`func f() { exec.Command("curl", "--max-time", "1") }`:                                               `"--max-time", "1`,
		`func f() { exec.Command("ginkgo", "--timeout=1h") }`:                                                `"--timeout=1h`,
		`func f() { exec.Command("ginkgo", "--timeout="+timeout.Suite.String()) }`:                           "",
	} {
		found, err := limitsOfPackage(map[string][]byte{"a.go": []byte("package a\n" + text)})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := strings.ReplaceAll(strings.Join(found, "; "), "a.go: ", ""); got != want {
			t.Errorf("%s: found %q, want %q", text, got, want)
		}
	}
}
