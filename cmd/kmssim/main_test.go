package main

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, tc := range []struct {
		name string
		args []string
		out  string // part of the output
		err  string // part of the refusal; "" is none
	}{
		{"list", []string{"-list"}, "conference", ""},
		{"unknown scenario", []string{"-scenario", "nope"}, "", "choose one of"},
		{"unknown flag", []string{"-nope"}, "", "kmssim -h"},
		{"no address", []string{"-listen", "256.0.0.1:1"}, "", "listen on"},
		{"address in use", []string{"-listen", taken.Addr().String()}, "", "another program listens at " + taken.Addr().String()},
		{"a word more", []string{"loopback"}, "", `"loopback" is no option`},
		{"version", []string{"-version", "5"}, "", `no version "5"`},
		{"too small", []string{"-size", "-1"}, "", "-size is a number"},
		{"too large", []string{"-size", "100000000"}, "", "-size is a number"},
		{"stands still", []string{"-speed", "0"}, "", "-speed is more than 0"},
		{"no speed", []string{"-speed", "NaN"}, "", "-speed is more than 0"},
		{"more than all", []string{"-reorder", "7"}, "", "-reorder is a share"},
		{"never collects", []string{"-collector", "0s"}, "", "-collector is a length of time"},
		{"answers before it is asked", []string{"-latency", "-1s"}, "", "-latency cannot be negative"},
		{"help", []string{"-h"}, "-scenario string", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			err := run(context.Background(), tc.args, &out)
			if (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("refusal %v, want %q", err, tc.err)
			}
			if !strings.Contains(out.String(), tc.out) {
				t.Errorf("output %q", out.String())
			}
		})
	}
}

// lines hands on what is written, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- strings.TrimSpace(string(p))
	return len(p), nil
}

func TestRunServesAScenario(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	out, done := make(lines, 1), make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-listen", "127.0.0.1:0", "-scenario", "loopback"}, out)
	}()
	select {
	case url := <-out:
		ws, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = ws.Close()
	case err := <-done:
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
