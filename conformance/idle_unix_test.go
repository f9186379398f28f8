//go:build unix

package conformance

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"kmscope/kmssim"
	"kmscope/session"
)

// childEnv makes the test binary a simulated server in a process of its own,
// so that its load does not count as the observer's.
const childEnv = "KMSCOPE_CONFORMANCE_SERVER"

// idleEndpoints is how many endpoints that server has.
const idleEndpoints = 100

// serveChild is the life of that process: it ends when its standard input does.
func serveChild() error {
	sim := kmssim.New(kmssim.Options{Seed: 7})
	defer sim.Close()
	url, err := sim.Start("127.0.0.1:0")
	if err != nil {
		return err
	}
	app := sim.NewApp()
	for range idleEndpoints / 10 {
		pipeline, err := app.Create("MediaPipeline", map[string]any{})
		if err != nil {
			return err
		}
		for range 10 {
			id, err := app.Create("WebRtcEndpoint", map[string]any{"mediaPipeline": pipeline})
			if err == nil {
				err = app.Connect(id, id)
			}
			if err == nil {
				err = app.Dial(id, "sendrecv", kmssim.Peer{RTT: 20 * time.Millisecond})
			}
			if err != nil {
				return err
			}
		}
	}
	if _, err := fmt.Println(url); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func init() {
	if os.Getenv(childEnv) == "" {
		return
	}
	if err := serveChild(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// BenchmarkIdleCPU is the load of the whole program without its window, attached
// to 100 endpoints with media, all of which are sampled once a second: in percent
// of one core. Below 3 is the aim.
func BenchmarkIdleCPU(b *testing.B) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childEnv+"=1")
	child.Stderr = os.Stderr
	end, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = end.Close() // it ends
		if err := child.Wait(); err != nil {
			b.Error(err)
		}
	}()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	o := attach(b, strings.TrimSpace(url), session.Options{})
	defer o.detach(b)
	o.wait(b, patience, "all is complete", func() bool { return o.complete(idleEndpoints) })
	o.s.Focus(alive(o.s.Snapshot())...)
	sampled := func(times int) {
		seen, late := o.s.Stats().Samples(), time.After(3*patience)
		for o.s.Stats().Samples() < seen+2*idleEndpoints*times {
			select {
			case <-o.ws.Changed(): // not more often: looking costs as well
			case <-late:
				b.Fatal("the endpoints are not sampled")
			}
		}
	}
	sampled(2)
	load, began := cpuTime(b), time.Now()
	for b.Loop() {
		sampled(10)
	}
	b.ReportMetric(100*float64(cpuTime(b)-load)/float64(time.Since(began)), "cpu-%")
	b.ReportMetric(0, "ns/op")
}

// cpuTime is what this process has used, in user and system mode.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
