package archtest

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// goPackage is the part of `go list -json` that the rules look at.
type goPackage struct {
	ImportPath string
	Dir        string
	Name       string
	Imports    []string
	Standard   bool
	GoFiles    []string
	CgoFiles   []string
}

// root is the folder of the module; tests run in the folder of their package.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// goCommand runs the go command in the root and gives its standard output.
func goCommand(t *testing.T, env []string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root(t)
	cmd.Env = append(os.Environ(), env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, errOut.String())
	}
	return out.Bytes()
}

// deps gives the packages and all that they are built from, by import path.
func deps(t *testing.T, env []string, patterns ...string) map[string]*goPackage {
	t.Helper()
	args := append([]string{"list", "-deps", "-tags", "migrated_fynedo",
		"-json=ImportPath,Dir,Name,Imports,Standard,GoFiles,CgoFiles"}, patterns...)
	dec := json.NewDecoder(bytes.NewReader(goCommand(t, env, args...)))
	all := map[string]*goPackage{}
	for {
		p := new(goPackage)
		err := dec.Decode(p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

// within reports whether path is base or lies below it.
func within(path, base string) bool {
	return path == base || strings.HasPrefix(path, base+"/")
}

// folder gives a project package's folder relative to the root ("." for main),
// and whether the package is of the project at all.
func folder(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// roomOf gives the room of a folder: the longest one that holds it, or nil.
func roomOf(dir string) *room {
	var best *room
	for i := range rooms {
		r := &rooms[i]
		if dir == r.path || r.path != "." && within(dir, r.path) {
			if best == nil || len(r.path) > len(best.path) {
				best = r
			}
		}
	}
	return best
}

// mayImport reports whether a package of room r may import one of room other.
func (r *room) mayImport(other *room) bool {
	switch {
	case r == other:
		return true
	case r.anything:
		return other.path != "." && !slices.Contains(r.except, other.path)
	default:
		return slices.Contains(r.imports, other.path)
	}
}

func TestImportColumn(t *testing.T) {
	for path, p := range deps(t, nil, "./...") {
		dir, ours := folder(path)
		if !ours {
			continue
		}
		from := roomOf(dir)
		if from == nil {
			t.Errorf("%s is in no room: give it a row in docs/ARCHITECTURE.md and in rooms", dir)
			continue
		}
		for _, imported := range p.Imports {
			if dir, ours := folder(imported); ours {
				to := roomOf(dir)
				if to != nil && !from.mayImport(to) {
					t.Errorf("%s imports %s, which %s may not", path, imported, from.path)
				}
				continue
			}
			if from.toolkit {
				continue
			}
			for _, kit := range toolkits {
				if within(imported, kit) {
					t.Errorf("%s imports %s; only ui and main.go know the window toolkit", path, imported)
				}
			}
		}
	}
}

// TestProgramsWithoutWindow holds that the programs under cmd run on a server:
// nothing of a toolkit, no cgo, and on Linux nothing to link at start.
func TestProgramsWithoutWindow(t *testing.T) {
	env := []string{"CGO_ENABLED=0"}
	var programs []string
	for path, p := range deps(t, env, "./cmd/...") {
		for _, kit := range toolkits {
			if within(path, kit) {
				t.Errorf("a program under cmd is built from %s", path)
			}
		}
		if dir, ours := folder(path); ours && p.Name == "main" {
			programs = append(programs, dir)
		}
	}
	for _, name := range []string{"cmd/kmscope-rec", "cmd/kmssim"} {
		if !slices.Contains(programs, name) {
			t.Errorf("there is no program %s", name)
		}
	}
	if t.Failed() {
		return
	}

	bin := t.TempDir()
	goCommand(t, env, "build", "-o", bin+string(filepath.Separator), "./cmd/...")
	if runtime.GOOS != "linux" {
		return
	}
	for _, program := range programs {
		f, err := elf.Open(filepath.Join(bin, filepath.Base(program)))
		if err != nil {
			t.Fatal(err)
		}
		libs, err := f.ImportedLibraries()
		if err != nil {
			t.Errorf("%s: %v", program, err)
		}
		if len(libs) > 0 {
			t.Errorf("%s is not static: it wants %v", program, libs)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestModelTimeComesFromRecords holds that the pure rooms read no clock and
// start no goroutine. A replay could not give what was seen live otherwise.
func TestModelTimeComesFromRecords(t *testing.T) {
	for path, p := range deps(t, nil, "./...") {
		dir, ours := folder(path)
		if !ours {
			continue
		}
		if r := roomOf(dir); r == nil || !r.pure {
			continue
		}
		for _, name := range p.GoFiles {
			for _, breach := range impurities(t, filepath.Join(p.Dir, name), nil) {
				t.Error(breach)
			}
		}
	}
}

// impurities lists the uses of the clock and the go statements of one file.
func impurities(t *testing.T, name string, src any) []string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	clockName := ""
	for _, imp := range f.Imports {
		if imp.Path.Value == `"time"` {
			clockName = "time"
			if imp.Name != nil {
				clockName = imp.Name.Name
			}
		}
	}
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, fmt.Sprintf("%s: a reducer starts no goroutine", fset.Position(n.Pos())))
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && clockName != "" && x.Name == clockName && clock[n.Sel.Name] {
				found = append(found, fmt.Sprintf("%s: time.%s; all time of the model comes from the records", fset.Position(n.Pos()), n.Sel.Name))
			}
		}
		return true
	})
	return found
}

// TestTableInArchitecture holds that the document says what the rules say: a
// row per room, with the same column of imports.
func TestTableInArchitecture(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		// "| `room/` | sentence | imports |" splits into five, the outer ones empty.
		if len(cells) != 5 {
			continue
		}
		name, ok := strings.CutPrefix(strings.TrimSpace(cells[1]), "`")
		if !ok {
			continue
		}
		name = strings.TrimSuffix(strings.TrimSuffix(name, "`"), "/")
		written[name] = strings.TrimSpace(cells[3])
	}
	for _, r := range rooms {
		name := r.path
		if name == "." {
			name = "main.go"
		}
		got, ok := written[name]
		delete(written, name)
		if !ok {
			t.Errorf("docs/ARCHITECTURE.md has no row for %s", name)
		} else if want := r.column(); got != want {
			t.Errorf("docs/ARCHITECTURE.md, row %s: imports are %q, the rule is %q", name, got, want)
		}
	}
	for name := range written {
		if _, err := os.Stat(filepath.Join(root(t), name)); err != nil {
			t.Errorf("docs/ARCHITECTURE.md has a row for %s, which does not exist", name)
		}
	}
}

// column is the import column of a room as the document writes it.
func (r *room) column() string {
	switch {
	case r.anything:
		return "all but " + strings.Join(r.except, ", ")
	case len(r.imports) == 0:
		return "none"
	default:
		return strings.Join(r.imports, ", ")
	}
}

// TestRules tries the judges on made-up cases, so that a rule that never
// speaks is not taken for a rule that is kept.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"kmsconn", "kmsconn/jsonrpc", true},
		{"kmsconn/jsonrpc", "kmsconn", false},
		{"kmsconn/jsonrpc", "kmsconn/kmd", false},
		{"inventory", "wire", true},
		{"inventory", "capture", false},
		{"stats", "timeline", false},
		{"graph", "graph/dot", true},
		{"session", "kmssim", false},
		{"kmssim", "kmsconn/jsonrpc", false},
		{"ui/paint", "session", true},
		{"ui", "kmsconn/kmd", true},
		{"ui", "kmsconn", false},
		{"ui", "kmsconn/jsonrpc", false},
		{"cmd/kmssim", "ui/theme", false},
		{"cmd/kmscope-rec", "session", true},
		{".", "ui", true},
	} {
		if got := roomOf(c.from).mayImport(roomOf(c.to)); got != c.want {
			t.Errorf("%s may import %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if roomOf("stray") != nil || roomOf("uiother") != nil {
		t.Error("a folder that is no room was given one")
	}
	src := "package p\nimport clk \"time\"\nfunc f() { go f(); _ = clk.Now(); _ = clk.Unix(0, 0) }\n"
	if got := impurities(t, "made-up.go", src); len(got) != 2 {
		t.Errorf("impurities of the made-up file: %q, want 2", got)
	}
}
