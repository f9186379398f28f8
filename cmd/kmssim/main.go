// Command kmssim runs a simulated Kurento Media Server with a scenario, for
// demonstrations and for trying a client against faults.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"kmscope/kmssim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kmssim:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It prints the address to stdout once it listens.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("kmssim", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what is wrong is said once, by main
	flags.Usage = func() {}
	var (
		listen    = flags.String("listen", "127.0.0.1:8888", "address to listen on")
		scenario  = flags.String("scenario", "conference", "what happens on the server; see -list")
		list      = flags.Bool("list", false, "list the scenarios and exit")
		collector = flags.Duration("collector", 240*time.Second, "garbage collector period")
		version   = flags.String("version", "7.3.1-dev", "version to speak: 7.x, 6.18.0 or 6.7.2")
		speed     = flags.Float64("speed", 1, "let the scenario run this much faster")
		seed      = flags.Int64("seed", 0, "seed of ids and figures; 0 takes one from the time")
		latency   = flags.Duration("latency", 0, "delay of every answer")
		reorder   = flags.Float64("reorder", 0, "share of events out of order (0..1); 0 is what the real server does, -1 none")
		size      = flags.Int("size", 0, "viewers of one-to-many, guests of conference, pipelines of huge; 0 is the scenario's own number")
		deaf      = flags.Bool("deaf", false, "answer nothing")
	)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return help(flags, stdout)
		}
		return fmt.Errorf("%w (kmssim -h tells what there is)", err)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no option of kmssim; a scenario is named with -scenario, an address with -listen", flags.Arg(0))
	}
	if err := check(*version, *size, *speed, *reorder, *collector, *latency); err != nil {
		return err
	}
	if *list {
		for _, sc := range kmssim.Scenarios() {
			if _, err := fmt.Fprintf(stdout, "%-16s %s\n", sc.Name, sc.Summary); err != nil {
				return fmt.Errorf("write the list: %w", err)
			}
		}
		return nil
	}
	sc, err := kmssim.FindScenario(*scenario)
	if err != nil {
		return err
	}
	srv := kmssim.New(kmssim.Options{
		Version: *version, CollectorPeriod: *collector, Speed: *speed, Seed: *seed, Size: *size,
		Faults: kmssim.Faults{Latency: *latency, ReorderEvents: *reorder, Deaf: *deaf},
	})
	defer srv.Close()
	url, err := srv.Start(*listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("another program listens at %s already; stop it, or choose another address with -listen", *listen)
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(stdout, url); err != nil {
		return fmt.Errorf("write the address: %w", err)
	}
	if err := srv.Play(ctx, sc); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func help(flags *flag.FlagSet, stdout io.Writer) error {
	if _, err := fmt.Fprintln(stdout, "kmssim simulates a Kurento Media Server. Options:"); err != nil {
		return fmt.Errorf("write the options: %w", err)
	}
	flags.SetOutput(stdout)
	flags.PrintDefaults()
	return nil
}

// maxSize bounds what a scenario builds: huge has twenty objects per pipeline.
const maxSize = 5000

// maxSpeed keeps timers apart: an hour passes in less than four seconds.
const maxSpeed = 1000

// check refuses what would run as something else than was asked for.
func check(version string, size int, speed, reorder float64, collector, latency time.Duration) error {
	switch {
	case !strings.HasPrefix(version, "6.") && !strings.HasPrefix(version, "7."):
		return fmt.Errorf("there is no version %q to speak: choose one such as 7.3.1-dev, 6.18.0 or 6.7.2", version)
	case size < 0 || size > maxSize:
		return fmt.Errorf("-size is a number from 0 to %d, not %d", maxSize, size)
	case !(speed > 0 && speed <= maxSpeed):
		return fmt.Errorf("-speed is more than 0 and at most %d, not %g", maxSpeed, speed)
	case !(reorder <= 1 && (reorder >= 0 || reorder == -1)):
		return fmt.Errorf("-reorder is a share from 0 to 1, or -1, not %g", reorder)
	case collector <= 0:
		return fmt.Errorf("-collector is a length of time such as 6s, not %s", collector)
	case latency < 0:
		return fmt.Errorf("-latency cannot be negative, as %s is", latency)
	}
	return nil
}
