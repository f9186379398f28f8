// Command kmssim runs a simulated Kurento Media Server with a scenario, for
// demonstrations and for trying a client against faults.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"kmscope/kmssim"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kmssim:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("kmssim", flag.ContinueOnError)
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
		deaf      = flags.Bool("deaf", false, "answer nothing")
	)
	if err := flags.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return fmt.Errorf("see kmssim -h: %w", err)
	}
	if *list {
		for _, sc := range kmssim.Scenarios() {
			fmt.Printf("%-16s %s\n", sc.Name, sc.Summary)
		}
		return nil
	}
	sc, err := kmssim.FindScenario(*scenario)
	if err != nil {
		return err
	}
	srv := kmssim.New(kmssim.Options{
		Version: *version, CollectorPeriod: *collector, Speed: *speed, Seed: *seed,
		Faults: kmssim.Faults{Latency: *latency, ReorderEvents: *reorder, Deaf: *deaf},
	})
	defer srv.Close()
	url, err := srv.Start(*listen)
	if err != nil {
		return err
	}
	fmt.Println(url)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := srv.Play(ctx, sc); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
