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
	"syscall"
	"time"

	"kmscope/kmssim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kmssim:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. It prints the address to stdout once it listens.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("kmssim", flag.ContinueOnError)
	flags.SetOutput(stderr)
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
			return nil
		}
		return fmt.Errorf("see kmssim -h: %w", err)
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
