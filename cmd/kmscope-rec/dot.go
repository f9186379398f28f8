package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"kmscope/inventory"
	"kmscope/session"
)

const dotUsage = `kmscope-rec dot [--number N] [-o FILE] FILE

The dumps of GStreamer's own graph that a capture holds, because somebody asked for
them while it was made.

  --number N        write the dump with this number, in graphviz' language; without it
                    all dumps are listed: number, milliseconds from the start of the
                    capture, bytes, level of detail, type and id of the object
  -o, --output FILE where to write; without it, standard output
`

type dotOptions struct {
	file, output string
	number       int // 0 lists
}

func dotArgs(args []string) (dotOptions, error) {
	var o dotOptions
	var err error
	o.file, err = oneFile("dot", "dot", args, append([]option{{"number", true, func(value string) (err error) {
		if o.number, err = strconv.Atoi(value); err != nil || o.number < 1 {
			return errors.New("it wants a number from the list, for example --number 1")
		}
		return nil
	}}}, fileInto(&o.output)...))
	if err == nil && o.file == "-" {
		err = errors.New("dot needs a capture in a file: kmscope-rec dot FILE")
	}
	return o, err
}

// errFound ends the reading of a capture.
var errFound = errors.New("found")

// showDumps lists the dumps of a capture, or writes one.
func showDumps(ctx context.Context, args []string, out io.Writer) error {
	o, err := dotArgs(args)
	if errors.Is(err, errHelp) {
		_, err := io.WriteString(out, dotUsage)
		return err
	}
	if err != nil {
		return err
	}
	if o.output != "" && sameFile(o.output, o.file) {
		return fmt.Errorf("%s is the capture itself; choose another file for the dump", o.output)
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	n := 0
	err = session.EachDump(ctx, o.file, func(d session.CapturedDump) error {
		switch n++; {
		case o.number == n:
			text.WriteString(d.Text)
			return errFound
		case o.number > 0:
			return nil
		}
		details := d.Details
		if details == "" {
			details = "default"
		}
		_, err := fmt.Fprintf(table, "%d\t%.3f\t%d\t%s\t%s\t%s\n", n, d.TimeMs, len(d.Text), details, inventory.TypeOf(d.Object), d.Object)
		return err
	})
	switch {
	case errors.Is(err, errFound):
	case err != nil:
		return err
	case n == 0:
		return errors.New("the capture holds no dump of GStreamer's graph: dumps are there only if somebody asked for them while it was made")
	case o.number > n:
		return fmt.Errorf("the capture holds %d dumps, there is no number %d", n, o.number)
	default:
		if err := table.Flush(); err != nil {
			return err
		}
	}
	if o.output == "" {
		_, err := io.WriteString(out, text.String())
		return err
	}
	if err := os.WriteFile(o.output, []byte(text.String()), 0o644); err != nil { //nolint:gosec // a graph is for others too
		return fmt.Errorf("the dump cannot be written: %w", err)
	}
	return nil
}
