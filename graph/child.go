package graph

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// childVariable marks the process that only places graphs.
const childVariable = "KMSCOPE_LAYOUT_CHILD"

// IsChild tells whether this process was started to place graphs. main asks
// before anything else, and if so calls ServeLayout with the standard input and
// output and viz.Plain, and returns.
func IsChild() bool { return os.Getenv(childVariable) == "1" }

// ChildCommand gives the command that starts this very program as the child
// that places graphs: what NewLayouter uses when it is given none.
func ChildCommand() *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childVariable+"=1")
	return cmd
}

// job is what the child is asked: boxes and what connects them, no text. So
// nothing that a server sends reaches graphviz.
type job struct {
	Boxes [][2]float64 `json:"boxes"` // width, height in points
	Pairs [][2]int     `json:"pairs"` // indexes of boxes
	// Ends are, for each pair, the heights below the upper edges at which it
	// leaves the right side of one box and arrives at the left side of the other;
	// empty is as graphviz likes it.
	Ends [][2]int `json:"ends,omitempty"`
	// First and Last are boxes in the leftmost and the rightmost column.
	First []int `json:"first,omitempty"`
	Last  []int `json:"last,omitempty"`
	// Gap is the space between columns in points; 0 is the usual.
	Gap float64 `json:"gap,omitempty"`
}

// placement is the answer.
type placement struct {
	At    []Point   `json:"at"` // upper left corners
	Paths [][]Point `json:"paths"`
	W     float64   `json:"w"`
	H     float64   `json:"h"`
	Err   string    `json:"err,omitempty"`
}

// maxFrameBytes bounds a message between the two processes.
const maxFrameBytes = 64 << 20

func writeFrame(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) > maxFrameBytes {
		return errors.New("the graph is too large to be handed over")
	}
	head := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(b)), uint32(len(b)))
	_, err = w.Write(append(head, b...))
	return err
}

func readFrame(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxFrameBytes {
		return fmt.Errorf("a message of %d bytes is too large", n)
	}
	var b bytes.Buffer // grows with what arrives, not with what was announced
	if m, err := io.CopyN(&b, r, int64(n)); err != nil {
		return fmt.Errorf("a message was cut after %d of %d bytes: %w", m, n, io.ErrUnexpectedEOF)
	}
	return json.Unmarshal(b.Bytes(), v)
}

// ServeLayout is the child's side: it answers jobs until r ends, and then
// returns nil. The messages are JSON, each behind its length in four bytes
// (big-endian). plain is graphviz: it takes a graph in graphviz' language and
// gives its format "plain". It is handed in because graphviz costs every program
// that it is linked into a second at start (see package viz), and programs
// without a window never call it. One goroutine calls plain.
func ServeLayout(r io.Reader, w io.Writer, plain func(dot []byte) ([]byte, error)) error {
	in := bufio.NewReader(r)
	for {
		var j job
		if err := readFrame(in, &j); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("the layout process cannot read its job: %w", err)
		}
		if err := writeFrame(w, runJob(&j, plain)); err != nil {
			return fmt.Errorf("the layout process cannot answer: %w", err)
		}
	}
}

func runJob(j *job, plain func([]byte) ([]byte, error)) *placement {
	if err := j.check(); err != nil {
		return &placement{Err: err.Error()}
	}
	out, err := plain(j.dot())
	if err != nil {
		return &placement{Err: err.Error()}
	}
	p, err := j.parsePlain(string(out))
	if err != nil {
		return &placement{Err: err.Error()}
	}
	return p
}

func (j *job) check() error {
	for _, b := range j.Boxes {
		if !(b[0] > 0 && b[0] < 1e5 && b[1] > 0 && b[1] < 1e5) {
			return errors.New("a box has no sensible size")
		}
	}
	for _, e := range j.Pairs {
		if e[0] < 0 || e[1] < 0 || e[0] >= len(j.Boxes) || e[1] >= len(j.Boxes) {
			return errors.New("an edge leads nowhere")
		}
	}
	if len(j.Ends) != 0 && len(j.Ends) != len(j.Pairs) || len(j.Pairs) > 0xffffff {
		return errors.New("the ends of the edges are not complete")
	}
	for _, b := range slices.Concat(j.First, j.Last) {
		if b < 0 || b >= len(j.Boxes) {
			return errors.New("a column has a box that is not there")
		}
	}
	return nil
}

// dot writes the job in graphviz' language. Names are n0, n1, ...: there is
// nothing to quote. An edge has its number as its colour, for format "plain" tells
// of edges between the same boxes apart by nothing else.
func (j *job) dot() []byte {
	gap := adjustGap / pointsPerInch
	if j.Gap > 0 {
		gap = min(j.Gap, 1e4) / pointsPerInch
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "digraph g {\nrankdir=LR; nodesep=0.35; ranksep=%.4f; splines=true;\n"+
		"node [shape=box, fixedsize=true, label=\"\"]; edge [arrowhead=none];\n", gap)
	sides := j.sides()
	for i, box := range j.Boxes {
		if s := sides[i]; s != nil {
			s.node(&b, i, box)
			continue
		}
		fmt.Fprintf(&b, "n%d [width=%.4f, height=%.4f];\n", i, box[0]/pointsPerInch, box[1]/pointsPerInch)
	}
	for _, column := range []struct {
		rank  string
		boxes []int
	}{{"source", j.First}, {"sink", j.Last}} {
		if len(column.boxes) == 0 {
			continue
		}
		fmt.Fprintf(&b, "{ rank=%s;", column.rank)
		for _, n := range column.boxes {
			fmt.Fprintf(&b, " n%d;", n)
		}
		b.WriteString(" }\n")
	}
	for i, e := range j.Pairs {
		from, to := "", ""
		if len(j.Ends) > 0 {
			from, to = ":e", ":w"
			if sides[e[0]] != nil {
				from = fmt.Sprintf(":o%d:e", j.Ends[i][0])
			}
			if sides[e[1]] != nil {
				to = fmt.Sprintf(":i%d:w", j.Ends[i][1])
			}
		}
		fmt.Fprintf(&b, "n%d%s -> n%d%s [color=\"#%06x\"];\n", e[0], from, e[1], to, i)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

const pointsPerInch = 72

// parsePlain reads graphviz' format "plain": inches, the origin at the lower
// left, boxes by their centres.
func (j *job) parsePlain(s string) (*placement, error) {
	p := &placement{At: make([]Point, len(j.Boxes)), Paths: make([][]Point, len(j.Pairs))}
	seen := 0
	for line := range strings.Lines(s) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		switch f[0] {
		case "graph":
			if len(f) < 4 {
				return nil, errOddAnswer
			}
			p.W, p.H = inches(f[2]), inches(f[3])
		case "node":
			if len(f) < 6 {
				return nil, errOddAnswer
			}
			n := boxNumber(f[1])
			if n < 0 || n >= len(j.Boxes) {
				return nil, errOddAnswer
			}
			p.At[n] = Point{inches(f[2]) - j.Boxes[n][0]/2, p.H - inches(f[3]) - j.Boxes[n][1]/2}
			seen++
		case "edge":
			if len(f) < 4 {
				return nil, errOddAnswer
			}
			i, errEdge := strconv.ParseInt(strings.TrimPrefix(f[len(f)-1], "#"), 16, 32)
			n, err := strconv.Atoi(f[3])
			if errEdge != nil || i < 0 || int(i) >= len(j.Pairs) || err != nil || n < 4 || len(f) < 4+2*n {
				return nil, errOddAnswer
			}
			path := make([]Point, n)
			for k := range path {
				path[k] = Point{inches(f[4+2*k]), p.H - inches(f[5+2*k])}
			}
			p.Paths[i] = path
		}
	}
	if seen != len(j.Boxes) {
		return nil, errOddAnswer
	}
	return p, nil
}

var errOddAnswer = errors.New("graphviz gave an answer that cannot be read")

func inches(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v * pointsPerInch
}

func boxNumber(s string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "n"))
	if err != nil {
		return -1
	}
	return n
}
