package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"

	"kmscope/capture"
	"kmscope/kmssim"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kmscope-rec": main})
}

// TestScripts runs the program as people do. Scripts get SERVER, the address of
// a simulated server with the scenario loopback, NOBODY, where nothing listens,
// SELFSIGNED, whose certificate nobody knows, and RECORDINGS, recordings of a real server.
func TestScripts(t *testing.T) {
	recordings, err := filepath.Abs(filepath.Join("..", "..", "testdata", "recordings"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("SERVER", simulate(t, "loopback"))
			signed := httptest.NewUnstartedServer(http.NotFoundHandler())
			signed.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of whom it is refused by
			signed.StartTLS()
			t.Cleanup(signed.Close)
			env.Setenv("SELFSIGNED", "wss"+strings.TrimPrefix(signed.URL, "https")+"/kurento")
			env.Setenv("NOBODY", "ws://"+freeAddress(t)+"/kurento")
			env.Setenv("RECORDINGS", recordings)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"unpack": unpack, "cut": cut, "one-sentence": oneSentence, "count-lines": countLines,
			"interrupt-when": interruptWhen, "holds": holds,
		},
	})
}

// simulate starts a server and gives its address.
func simulate(t *testing.T, scenario string) string {
	t.Helper()
	sc, err := kmssim.FindScenario(scenario)
	if err != nil {
		t.Fatal(err)
	}
	srv := kmssim.New(kmssim.Options{Seed: 7, Speed: 10})
	url, err := srv.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- srv.Play(ctx, sc) }()
	t.Cleanup(func() {
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	return url
}

// freeAddress gives an address on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// unpack writes a compressed file as plain text: unpack FROM TO.
func unpack(ts *testscript.TestScript, _ bool, args []string) {
	packed := ts.ReadFile(args[0])
	d, err := zstd.NewReader(strings.NewReader(packed), zstd.WithDecoderConcurrency(1))
	ts.Check(err)
	defer d.Close()
	var out bytes.Buffer
	_, err = out.ReadFrom(d)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out.Bytes(), 0o600))
}

// cut keeps the beginning of a file: cut FROM TO BYTES.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	var n int
	_, err := fmt.Sscan(args[2], &n)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(ts.ReadFile(args[0])[:n]), 0o600))
}

// oneSentence holds that the last command failed with one line that names the
// program.
func oneSentence(ts *testscript.TestScript, _ bool, _ []string) {
	said := ts.ReadFile("stderr")
	if n := strings.Count(said, "\n"); n != 1 || !strings.HasPrefix(said, "kmscope-rec: ") {
		ts.Fatalf("standard error is not one sentence: %q", said)
	}
}

// countLines holds that the last command wrote so many lines.
func countLines(ts *testscript.TestScript, _ bool, args []string) {
	if n := strings.Count(ts.ReadFile("stdout"), "\n"); fmt.Sprint(n) != args[0] {
		ts.Fatalf("%d lines, want %s", n, args[0])
	}
}

// holds looks into the one JSON object that the last command wrote: holds PATH
// VALUE, the path with dots, the value as JSON, or "+" for any positive number.
func holds(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(dec.Decode(&v))
	if dec.More() {
		ts.Fatalf("more than one JSON value")
	}
	for _, key := range strings.Split(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(x) {
				ts.Fatalf("there is no %s", args[0])
			}
			v = x[i]
		default:
			ts.Fatalf("there is no %s", args[0])
		}
	}
	if n, ok := v.(float64); ok && args[1] == "+" && n > 0 {
		return
	}
	got, err := json.Marshal(v)
	ts.Check(err)
	if string(got) != args[1] {
		ts.Fatalf("%s is %s, want %s", args[0], got, args[1])
	}
}

// interruptWhen sends Ctrl-C to the background commands once a capture file
// holds so many records: interrupt-when FILE RECORDS.
func interruptWhen(ts *testscript.TestScript, _ bool, args []string) {
	var want int
	_, err := fmt.Sscan(args[1], &want)
	ts.Check(err)
	deadline := time.Now().Add(30 * time.Second)
	for n := 0; n < want; n = recordsIn(ts.MkAbs(args[0])) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s holds %d records after 30 s, want %d", args[0], n, want)
		}
		<-time.After(50 * time.Millisecond)
	}
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(os.Interrupt))
	}
}

func recordsIn(path string) int {
	r, err := capture.Open(path)
	if err != nil {
		return 0
	}
	defer r.Close()
	n := 0
	for {
		if _, err := r.Next(); err != nil {
			return n
		}
		n++
	}
}
