// Package leadcast_test keeps the house in order: the laws of docs/design.md
// that are about the whole tree, and the figures that `make shape` prints.
package leadcast_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/leadcast/leadcast"

// allowed is the drawing of docs/design.md as a table: the only imports of our
// own that each package may have, where leaves are free to some.
var allowed = map[string][]string{
	"datasets":                   {},
	"datasets/synth":             {"datasets", "models/portable"},
	"datasets/sql/sqltest":       {},
	"features":                   {"datasets", "models/matrix", "models/portable"},
	"audit":                      {"datasets", "features", "features/leak", "models", "models/survival", "train"},
	"personas":                   {"datasets", "features", "features/leak", "models", "models/survival"},
	"features/leak":              {"datasets", "features", "models/metric"},
	"models":                     {"models/matrix", "models/portable"},
	"models/matrix":              {},
	"models/portable":            {},
	"models/tree":                {"models", "models/matrix", "models/portable"},
	"models/gbm":                 {"models", "models/matrix", "models/portable", "models/tree"},
	"models/calib":               {"models", "models/linear", "models/matrix", "models/portable"},
	"models/metric":              {"models", "models/portable"},
	"models/modeltest":           {"models", "models/matrix"},
	"models/forest":              {"models", "models/matrix", "models/portable", "models/scorecard", "models/tree"},
	"models/scorecard":           {"models", "models/linear", "models/matrix", "models/portable"},
	"lift":                       {"datasets", "models", "models/survival"},
	"train":                      {"datasets", "features", "features/leak", "models", "models/calib", "models/forest", "models/gbm", "models/matrix", "models/metric", "models/metric/censored", "models/portable", "models/scorecard", "train/bundle"},
	"train/bundle":               {"datasets", "features", "models", "models/calib", "models/exchange", "models/gbm", "models/matrix", "models/portable", "models/scorecard", "models/tree"},
	"serve":                      {"datasets", "features", "train/bundle"},
	"train/report":               {"audit", "datasets", "features", "lift", "models", "models/metric", "models/survival", "train", "train/bundle"},
	"cmd/leadcast":               {"audit", "datasets", "datasets/synth", "features", "lift", "models/exchange", "personas", "serve", "train", "train/bundle", "train/report"},
	"models/metric/censored":     {"models", "models/metric"},
	"models/newton":              {},
	"models/survival/aft":        {"models", "models/matrix", "models/newton"},
	"models/survival/cox":        {"models", "models/matrix", "models/newton", "models/portable"},
	"models/survival/discrete":   {"models", "models/matrix", "models/newton"},
	"models/survival/finegray":   {"models", "models/matrix", "models/newton"},
	"models/modeltest/reference": {"models", "models/matrix"},
	"cmd/bench":                  {"datasets", "datasets/parquet", "models", "models/exchange", "models/gbm", "models/matrix", "models/metric", "models/portable", "models/survival", "models/survival/cox"},
	"models/exchange":            {"models", "models/gbm", "models/linear", "models/matrix", "models/portable", "models/survival", "models/tree"},
}

// leaves are the packages below a folder that the table does not name: each a
// data source or a model that stands by itself. A new one needs no line here.
var leaves = map[string]struct{ imports, importers []string }{
	"datasets": {imports: []string{"datasets"}, importers: []string{"cmd/leadcast"}},
	"models":   {imports: []string{"models", "models/matrix", "models/portable"}, importers: []string{"train", "train/bundle"}},
}

// mayImport reports whether the drawing lets a package import another of ours.
func mayImport(dir, own string) bool {
	if _, named := allowed[own]; !named && slices.Contains(leaves[path.Dir(own)].importers, dir) {
		return true
	}
	if may, named := allowed[dir]; named {
		return slices.Contains(may, own)
	}
	return slices.Contains(leaves[path.Dir(dir)].imports, own)
}

// doors are outside packages that only some of ours may import.
var doors = map[string][]string{
	"github.com/apache/arrow/go/v17":      {"datasets/csv", "datasets/parquet"},
	"github.com/sjwhitworth/golearn":      {"models/forest"},
	"github.com/jackc/pgx/v5":             {"datasets/sql"},
	"modernc.org/sqlite":                  {"datasets/snapshot", "datasets/sql"},
	"github.com/spf13/cobra":              {"cmd/leadcast"},
	"github.com/danielgtaylor/huma/v2":    {"serve"},
	"github.com/prometheus/client_golang": {"serve"},
	"gonum.org/v1/gonum":                  {"lift", "models/linear", "models/calib", "models/metric", "models/metric/censored", "models/newton", "models/survival", "models/survival/aft", "models/survival/cox", "train"},
	"gonum.org/v1/plot":                   {"train/report"},
	"net/http":                            {"serve", "cmd/leadcast"},
}

// source is one parsed Go file.
type source struct {
	dir, name string
	test      bool
	lines     int
	file      *ast.File
	fset      *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "shared") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, p, text, parser.ParseComments)
		if err != nil {
			return err
		}
		all = append(all, source{dir: path.Dir(filepath.ToSlash(p)), name: filepath.ToSlash(p), test: strings.HasSuffix(p, "_test.go"), lines: bytes.Count(text, []byte("\n")), file: f, fset: fset})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d Go files found: the walk is broken", len(all))
	}
	return all
}

func imports(f *ast.File) []string {
	var paths []string
	for _, i := range f.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}

// Law 1: one direction.
func TestImportsFollowTheDrawing(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		_, named := allowed[s.dir]
		if _, leaf := leaves[path.Dir(s.dir)]; !named && !leaf {
			t.Errorf("%s: package %s is not in the import table", s.name, s.dir)
		}
		for _, i := range imports(s.file) {
			if own, ok := strings.CutPrefix(i, module+"/"); ok && !mayImport(s.dir, own) {
				t.Errorf("%s imports %s, which the drawing does not allow", s.name, own)
			}
			for door, only := range doors {
				if (i == door || strings.HasPrefix(i, door+"/")) && !slices.Contains(only, s.dir) {
					t.Errorf("%s imports %s, which only %v may", s.name, i, only)
				}
			}
		}
	}
}

// Law 6: time is an argument. Law 9 and the rule that a test never skips.
func TestClockRandomnessAndSkips(t *testing.T) {
	banned := map[string]string{
		"time.Now":   "time is an argument: only cmd may read the clock",
		"time.Since": "time is an argument: only cmd may read the clock",
		"os.Exit":    "only cmd ends the program",
	}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			x, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, ok := x.X.(*ast.Ident)
			if !ok {
				return true
			}
			name := id.Name + "." + x.Sel.Name
			if why := banned[name]; why != "" && !s.test && path.Dir(s.dir) != "cmd" {
				t.Errorf("%s: %s: %s", s.fset.Position(n.Pos()), name, why)
			}
			if s.test && (x.Sel.Name == "Skip" || x.Sel.Name == "Skipf" || x.Sel.Name == "SkipNow") && len(id.Name) == 1 {
				t.Errorf("%s: a test must fail, not skip", s.fset.Position(n.Pos()))
			}
			return true
		})
		if s.test {
			continue
		}
		for _, i := range imports(s.file) {
			if i == "math/rand" || i == "encoding/gob" || i == "plugin" {
				t.Errorf("%s imports %s: randomness is seeded (math/rand/v2), bundles hold data only", s.name, i)
			}
		}
	}
}

// serve runs without training's border libraries and never calls out.
func TestServeIsLean(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "./serve").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/serve") {
		t.Fatal("go list did not list serve itself")
	}
	for _, d := range deps {
		for _, never := range []string{"github.com/apache/arrow", "github.com/sjwhitworth/golearn", "github.com/jackc/pgx", "modernc.org/sqlite", module + "/datasets/csv", module + "/datasets/parquet"} {
			if strings.HasPrefix(d, never) {
				t.Errorf("serve depends on %s", d)
			}
		}
		if d == module+"/train" {
			t.Error("serve depends on train")
		}
	}
	for _, s := range sources(t) {
		if s.dir != "serve" || s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if x, ok := n.(*ast.SelectorExpr); ok {
				if id, ok := x.X.(*ast.Ident); ok && slices.Contains([]string{"http.Get", "http.Post", "http.Client", "http.DefaultClient", "net.Dial", "net.DialTimeout"}, id.Name+"."+x.Sel.Name) {
					t.Errorf("%s: serve makes no outbound call", s.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

// Law 7: a model is one file and one line in the table of kinds; no machine
// paths, no empty names.
func TestNames(t *testing.T) {
	empty := regexp.MustCompile(`(^|/)(util|utils|common|helper|helpers|misc|manager)(/|\.go$)`)
	for _, s := range sources(t) {
		if empty.MatchString(s.name) {
			t.Errorf("%s: a name that says nothing", s.name)
		}
	}
}

// longestFunction, longestFile and the other bounds of the house.
const (
	longestFunction = 90
	longestFile     = 800
	mostLines       = 12_000
	mostDirectDeps  = 15
	mostExported    = 15 // median a package
)

// TestShape measures the house and fails where a bound is passed; `make shape`
// prints what it measured.
func TestShape(t *testing.T) {
	lines, files := 0, 0
	exported := map[string]int{}
	longF, longFn := "", ""
	maxF, maxFn := 0, 0
	edges := map[string]bool{}
	for _, s := range sources(t) {
		if s.lines > longestFile {
			t.Errorf("%s has %d lines", s.name, s.lines)
		}
		if s.test {
			continue
		}
		lines += s.lines
		files++
		if s.lines > maxF {
			maxF, longF = s.lines, s.name
		}
		for _, i := range imports(s.file) {
			if own, ok := strings.CutPrefix(i, module+"/"); ok {
				edges[s.dir+" → "+own] = true
			}
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1
				if n > maxFn {
					maxFn, longFn = n, s.name+": "+f.Name.Name
				}
				if n > longestFunction {
					t.Errorf("%s: %s has %d lines", s.name, f.Name.Name, n)
				}
			}
			for name, doc := range exportedNames(d) {
				if s.dir != "cmd/leadcast" {
					exported[s.dir] += name.top
				}
				if !doc {
					t.Errorf("%s: %s is exported without a word on what it is", s.name, name.name)
				}
			}
		}
	}
	counts := slices.Sorted(maps.Values(exported))
	median := counts[len(counts)/2]
	deps := directDependencies(t)
	fmt.Printf("lines of Go without tests   %6d   (aim ≤ %d) in %d files\n", lines, mostLines, files)
	fmt.Printf("direct dependencies         %6d   (≤ %d)\n", len(deps), mostDirectDeps)
	fmt.Printf("exported names, median      %6d   (≤ %d), every one documented\n", median, mostExported)
	for _, dir := range slices.Sorted(maps.Keys(exported)) {
		fmt.Printf("    %-24s%6d\n", dir, exported[dir])
	}
	fmt.Printf("longest function            %6d   (≤ %d)  %s\n", maxFn, longestFunction, longFn)
	fmt.Printf("longest file                %6d   (≤ %d) %s\n", maxF, longestFile, longF)
	fmt.Printf("import edges                %6d   all in the table of arch_test.go\n", len(edges))
	if len(deps) > mostDirectDeps {
		t.Errorf("%d direct dependencies: %v", len(deps), deps)
	}
	if median > mostExported {
		t.Errorf("median of exported names is %d", median)
	}
}

type exportedName struct {
	name string
	top  int // 1 for a top-level name, 0 for a method
}

// exportedNames lists the exported names of a declaration and whether each is documented.
func exportedNames(d ast.Decl) map[exportedName]bool {
	names := map[exportedName]bool{}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() {
			break
		}
		if d.Recv == nil {
			names[exportedName{d.Name.Name, 1}] = d.Doc != nil
		} else if receiverExported(d.Recv.List[0].Type) {
			names[exportedName{d.Name.Name, 0}] = d.Doc != nil
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() {
					names[exportedName{s.Name.Name, 1}] = d.Doc != nil || s.Doc != nil
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() {
						names[exportedName{n.Name, 1}] = d.Doc != nil || s.Doc != nil || s.Comment != nil
					}
				}
			}
		}
	}
	return names
}

func receiverExported(e ast.Expr) bool {
	if p, ok := e.(*ast.StarExpr); ok {
		e = p.X
	}
	id, ok := e.(*ast.Ident)
	return ok && id.IsExported()
}

// directDependencies lists the modules that our code without tests imports.
func directDependencies(t *testing.T) []string {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	all := sources(t)
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:require )?([a-z][^\s]+\.[^\s]+/[^\s]+) v`).FindAllStringSubmatch(string(text), -1) {
		for _, s := range all {
			if s.test {
				continue
			}
			for _, i := range imports(s.file) {
				if i == m[1] || strings.HasPrefix(i, m[1]+"/") {
					used[m[1]] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(used))
}
