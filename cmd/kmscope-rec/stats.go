package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"kmscope/metrics"
)

// statsOptions are what stats was asked for.
type statsOptions struct {
	file   string
	format metrics.Format
	metric *regexp.Regexp
}

func statsArgs(args []string) (statsOptions, error) {
	var o statsOptions
	flags := true
	for i := 0; i < len(args); i++ {
		a := args[i]
		name, value, inOne := strings.Cut(a, "=")
		switch {
		case flags && a == "--":
			flags = false
		case flags && (a == "--csv" || a == "--jsonl" || a == "--openmetrics"):
			if o.format != "" && o.format != metrics.Format(a[2:]) {
				return o, errors.New("stats writes one format at a time: --csv, --jsonl or --openmetrics")
			}
			o.format = metrics.Format(a[2:])
		case flags && name == "--metric":
			if !inOne {
				if i++; i >= len(args) {
					return o, errors.New("--metric needs a regular expression, for example --metric '^(bitrate|loss)$'")
				}
				value = args[i]
			}
			var err error
			if o.metric, err = regexp.Compile(value); err != nil {
				return o, fmt.Errorf("--metric %s is no regular expression: %w", value, err)
			}
		case flags && (a == "--help" || a == "-help" || a == "-h"):
			return o, errHelp
		case flags && strings.HasPrefix(a, "-") && a != "-":
			return o, fmt.Errorf("stats has no option %s; it has --csv, --jsonl, --openmetrics and --metric", a)
		case o.file != "":
			return o, errors.New("stats takes one file, not several")
		default:
			o.file = a
		}
	}
	if o.file == "" {
		return o, errors.New("stats needs a capture file: kmscope-rec stats --csv FILE")
	}
	if o.format == "" {
		return o, errors.New("say how stats shall write: --csv, --jsonl or --openmetrics")
	}
	return o, nil
}

// exportStats writes every figure of a capture. It holds the state of the
// servers, not their history.
func exportStats(args []string, out, errs io.Writer) (err error) {
	o, err := statsArgs(args)
	if errors.Is(err, errHelp) {
		return help(out)
	}
	if err != nil {
		return err
	}
	x, err := metrics.NewFigures(out, o.format, wanted(o.metric))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	if err := eachRecord(o.file, errs, x.Take); err != nil {
		return err
	}
	return x.Finish()
}

// wanted asks the expression once per name.
func wanted(re *regexp.Regexp) func(string) bool {
	if re == nil {
		return func(string) bool { return true }
	}
	known := make(map[string]bool)
	return func(metric string) bool {
		yes, ok := known[metric]
		if !ok {
			yes = re.MatchString(metric)
			known[metric] = yes // the names are those of the catalogue
		}
		return yes
	}
}
