package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// errHelp asks for the usage instead.
var errHelp = errors.New("help")

// option is one that a command takes. Set is called with the value as it was
// typed, "" for an option that takes none; its error is one clause.
type option struct {
	name  string
	value bool
	set   func(value string) error
}

// flagInto is an option without a value.
func flagInto(name string, on *bool) option {
	return option{name, false, func(string) error { *on = true; return nil }}
}

// textInto is an option whose value is taken as it is.
func textInto(name string, text *string) option {
	return option{name, true, func(s string) error { *text = s; return nil }}
}

// fileInto is the options -o and --output.
func fileInto(name *string) []option {
	set := func(s string) error {
		if *name = s; s == "" {
			return errors.New("it needs the name of a file")
		}
		return nil
	}
	return []option{{"o", true, set}, {"output", true, set}}
}

// durationInto is an option whose value is a length of time as it is typed.
func durationInto(name string, d *time.Duration) option {
	return option{name, true, func(s string) (err error) {
		switch *d, err = time.ParseDuration(s); {
		case err != nil:
			return errors.New("a length of time has a unit, such as 90s, 10m or 2h")
		case *d <= 0:
			return errors.New("it must be longer than nothing, such as 90s, 10m or 2h")
		}
		return nil
	}}
}

// readArguments gives what is no option of a command's arguments: files and
// addresses. Options may stand before, between and behind them, with one dash or
// two, their values behind "=" or as the next argument. Behind "--" there is no
// option, and "-" is none.
func readArguments(command string, args []string, known []option) (words []string, err error) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			return append(words, args[i+1:]...), nil
		}
		if a == "-" || !strings.HasPrefix(a, "-") {
			words = append(words, a)
			continue
		}
		name, value, joined := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(a, "-"), "-"), "=")
		if name == "h" || name == "help" {
			return nil, errHelp
		}
		o := find(known, name)
		switch {
		case o == nil:
			return nil, fmt.Errorf("%s has no option %s; it has %s", command, strings.TrimSuffix(a, "="+value), names(known))
		case !o.value && joined:
			return nil, fmt.Errorf("%s takes no value", o)
		case o.value && !joined:
			if i++; i == len(args) {
				return nil, fmt.Errorf("%s needs a value", o)
			}
			value = args[i]
		}
		if err := o.set(value); err != nil {
			return nil, fmt.Errorf("%s: %w", o, err) // without the value: what follows by mistake may be an address with a password
		}
	}
	return words, nil
}

func find(known []option, name string) *option {
	for i := range known {
		if known[i].name == name {
			return &known[i]
		}
	}
	return nil
}

// String gives the option as it is typed.
func (o *option) String() string {
	if len(o.name) == 1 {
		return "-" + o.name
	}
	return "--" + o.name
}

func names(known []option) string {
	var list []string
	for i := range known {
		list = append(list, known[i].String())
	}
	if n := len(list); n > 1 {
		list = append(list[:n-2], list[n-2]+" and "+list[n-1])
	}
	return strings.Join(list, ", ")
}

// oneFile takes the arguments of a command that reads one capture.
func oneFile(command, example string, args []string, known []option) (file string, err error) {
	words, err := readArguments(command, args, known)
	switch {
	case err != nil:
		return "", err
	case len(words) > 1:
		return "", fmt.Errorf("%s takes one file, not several", command)
	case len(words) == 0 || words[0] == "":
		return "", fmt.Errorf("%s needs a capture file: kmscope-rec %s FILE", command, example)
	}
	return words[0], nil
}

// fileAndJSON is oneFile for the commands that have --json alone.
func fileAndJSON(command string, args []string) (file string, asJSON bool, err error) {
	file, err = oneFile(command, command, args, []option{flagInto("json", &asJSON)})
	return file, asJSON, err
}
