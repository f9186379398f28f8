package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"

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
	var known []option
	for _, f := range []string{"csv", "jsonl", "openmetrics"} {
		known = append(known, option{f, false, func(string) error {
			if o.format != "" && o.format != metrics.Format(f) {
				return fmt.Errorf("stats writes one format at a time, and --%s was named already", o.format)
			}
			o.format = metrics.Format(f)
			return nil
		}})
	}
	known = append(known, option{"metric", true, func(value string) (err error) {
		if o.metric, err = regexp.Compile(value); err != nil {
			return fmt.Errorf("it is no regular expression: %w", err)
		}
		return nil
	}})
	var err error
	o.file, err = oneFile("stats", "stats --csv", args, known)
	if err == nil && o.format == "" {
		err = errors.New("say how stats shall write: --csv, --jsonl or --openmetrics")
	}
	return o, err
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
