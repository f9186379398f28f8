package metrics

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"kmscope/stats"
)

// A capture gives values in the order of time; OpenMetrics wants all points of
// a metric in one place, and all metrics of a family. So the points go to a
// temporary file in pieces of one metric each, and are put together at the end:
// memory holds one piece per metric, whatever the length of the capture.
// Rejected: sorting in memory (350 MB for an hour of 100 endpoints), and one
// temporary file per family (metrics of a family would still be mixed).

const (
	pieceValues = 128
	valueBytes  = 16
	pieceBytes  = pieceValues * valueBytes
	// maxMetrics bounds the metrics of one export, and so its memory (2 kB each).
	maxMetrics = 200_000
)

// Export writes values as OpenMetrics text (version 1.0), with the times at
// which they were taken. One goroutine owns it.
type Export struct {
	out      io.Writer
	spool    *os.File
	pieces   int64
	families map[string]*exported
	metrics  map[metricKey]*metric
	dropped  int
}

type exported struct {
	family
	metrics []*metric
}

type metricKey struct {
	server, family string
	stats.Key      // Metric is ""
}

type metric struct {
	labels string
	last   int64
	points []byte
	pieces []int64 // numbers of full pieces in the spool
}

// NewExport begins an export. It needs room for a temporary file; Close removes
// it.
func NewExport(out io.Writer) (*Export, error) {
	f, err := os.CreateTemp("", "kmscope-*.points")
	if err != nil {
		return nil, fmt.Errorf("no room to sort the values; set TMPDIR to a folder with space: %w", err)
	}
	return &Export{out: out, spool: f, families: make(map[string]*exported), metrics: make(map[metricKey]*metric)}, nil
}

// Write takes a value. server and name are as in stats.Table. Values that are
// not younger than the one before of their metric are left out: the format
// wants time to grow.
func (x *Export) Write(server, name string, v *stats.Value) error {
	f, value, ok := familyOf(v)
	if !ok {
		return nil
	}
	k := metricKey{server: server, family: f.name, Key: v.Key}
	k.Metric = ""
	m := x.metrics[k]
	if m == nil {
		if len(x.metrics) >= maxMetrics {
			x.dropped++
			return nil
		}
		m = &metric{labels: labelText(&f, labelsOf(&f, server, name, &v.Key)), last: math.MinInt64}
		x.metrics[k] = m
		e := x.families[f.name]
		if e == nil {
			e = &exported{family: f}
			x.families[f.name] = e
		}
		e.metrics = append(e.metrics, m)
	}
	if v.AtMs < 0 || v.AtMs <= m.last {
		return nil
	}
	m.last = v.AtMs
	m.points = binary.LittleEndian.AppendUint64(m.points, uint64(v.AtMs))
	m.points = binary.LittleEndian.AppendUint64(m.points, math.Float64bits(value))
	if len(m.points) < pieceBytes {
		return nil
	}
	if _, err := x.spool.WriteAt(m.points, x.pieces*pieceBytes); err != nil {
		return fmt.Errorf("no room to sort the values; set TMPDIR to a folder with space: %w", err)
	}
	m.pieces = append(m.pieces, x.pieces)
	m.points = m.points[:0]
	x.pieces++
	return nil
}

// Finish writes the text.
func (x *Export) Finish() error {
	w := bufio.NewWriterSize(x.out, 64<<10)
	list := make([]*exported, 0, len(x.families))
	for _, e := range x.families {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *exported) int { return strings.Compare(a.name, b.name) })
	var line, piece []byte
	piece = make([]byte, pieceBytes)
	for _, e := range list {
		kind := "gauge"
		if e.counter {
			kind = "counter"
		}
		fmt.Fprintf(w, "# TYPE %s %s\n# HELP %s %s\n", e.name, kind, e.name, escape(e.help))
		slices.SortFunc(e.metrics, func(a, b *metric) int { return cmp.Compare(a.labels, b.labels) })
		for i, m := range e.metrics {
			if i > 0 && e.metrics[i-1].labels == m.labels {
				continue // told apart by what was cut off the labels
			}
			head := e.shown() + m.labels
			for _, n := range m.pieces {
				if _, err := x.spool.ReadAt(piece, n*pieceBytes); err != nil {
					return fmt.Errorf("the sorted values could not be read back: %w", err)
				}
				line = appendPoints(line[:0], head, piece)
				if _, err := w.Write(line); err != nil {
					return fmt.Errorf("the values could not be written: %w", err)
				}
			}
			line = appendPoints(line[:0], head, m.points)
			if _, err := w.Write(line); err != nil {
				return fmt.Errorf("the values could not be written: %w", err)
			}
		}
	}
	if _, err := w.WriteString("# EOF\n"); err != nil {
		return fmt.Errorf("the values could not be written: %w", err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("the values could not be written: %w", err)
	}
	if x.dropped > 0 {
		return fmt.Errorf("the capture has more than %d series: %d values of the others were left out; choose with --metric", maxMetrics, x.dropped)
	}
	return nil
}

// Close removes the temporary file.
func (x *Export) Close() error {
	return errors.Join(x.spool.Close(), os.Remove(x.spool.Name()))
}

func appendPoints(b []byte, head string, points []byte) []byte {
	for ; len(points) >= valueBytes; points = points[valueBytes:] {
		b = append(append(b, head...), ' ')
		b = appendFloat(b, math.Float64frombits(binary.LittleEndian.Uint64(points[8:])))
		ms := int64(binary.LittleEndian.Uint64(points))
		b = strconv.AppendInt(append(b, ' '), ms/1000, 10)
		b = append(b, '.', byte('0'+ms/100%10), byte('0'+ms/10%10), byte('0'+ms%10), '\n')
	}
	return b
}

func appendFloat(b []byte, v float64) []byte {
	if a := math.Abs(v); a >= 1e-6 && a < 1e15 {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// labelText writes labels as {a="b",...}; those without a value are left out.
func labelText(f *family, values []string) string {
	var b strings.Builder
	for i, name := range labelNames(f.scope) {
		if values[i] == "" {
			continue
		}
		if b.Len() == 0 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		b.WriteString(name + `="` + escape(values[i]) + `"`)
	}
	if b.Len() > 0 {
		b.WriteByte('}')
	}
	return b.String()
}

var escaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

func escape(s string) string { return escaper.Replace(s) }
