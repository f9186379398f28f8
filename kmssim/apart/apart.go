// Package apart runs a simulated server in a process of its own, for benchmarks whose
// load must not have the server's in it. The process is the test binary once more:
// TestMain calls Serve first.
package apart

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"kmscope/kmssim"
)

// variable makes a process the server; its value is the number of viewers.
const variable = "KMSSIM_APART"

// Serve is the life of that process and does not come back; in any other it does
// nothing. Call it first in TestMain.
func Serve() {
	viewers := os.Getenv(variable)
	if viewers == "" {
		return
	}
	if err := serve(viewers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve plays the scenario until its standard input ends.
func serve(viewers string) error {
	n, err := strconv.Atoi(viewers)
	if err != nil {
		return err
	}
	sc, err := kmssim.FindScenario("one-to-many")
	if err != nil {
		return err
	}
	sim := kmssim.New(kmssim.Options{Seed: 7, Size: n})
	defer sim.Close()
	url, err := sim.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	if _, err := fmt.Println(url); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it
		cancel()
	}()
	if err := sim.Play(ctx, sc); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// Start starts such a server, with one presenter and that many viewers who get the
// media of the presenter, and gives its address. It ends with the test.
func Start(tb testing.TB, viewers int) (url string) {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), variable+"="+strconv.Itoa(viewers))
	child.Stderr = os.Stderr
	end, err := child.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := child.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = end.Close() // it ends
		if err := child.Wait(); err != nil {
			tb.Error(err)
		}
	})
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(url)
}
