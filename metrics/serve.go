package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Path is where the endpoint answers.
const Path = "/metrics"

// maxScrapes bounds the answers that are made at a time.
const maxScrapes = 4

// Handler answers with the current figures of everything watched, as
// OpenMetrics or in the older text format, whichever is asked for. Any goroutine.
func Handler(o Options) http.Handler {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(NewCollector(o))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{
		EnableOpenMetrics: true, MaxRequestsInFlight: maxScrapes,
		ErrorHandling: promhttp.ContinueOnError, // one odd series must not cost the others
		Timeout:       20 * time.Second,
	})
}

// Endpoint is a listening endpoint. Any goroutine may call its methods.
type Endpoint struct {
	server *http.Server
	addr   string
	ended  chan struct{}
}

// Address completes the address to listen on: one without a host is of this
// machine alone ("9464" and ":9464" are 127.0.0.1:9464). Other machines are let
// in only where the host says so ("0.0.0.0:9464").
func Address(s string) (string, error) {
	if !strings.Contains(s, ":") {
		s = ":" + s
	}
	host, port, err := net.SplitHostPort(s)
	if err == nil {
		var n int
		if n, err = strconv.Atoi(port); err == nil && (n < 0 || n > 65535) {
			err = errors.New("no such port")
		}
	}
	if err != nil {
		return "", fmt.Errorf("%q is no address to give metrics at; write host:port, for example 127.0.0.1:9464", s)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// Listen begins to answer at an address (see Address). Errors are one sentence.
func Listen(address string, o Options) (*Endpoint, error) {
	address, err := Address(address)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("metrics cannot be given at %s; choose another address with --metrics: %w", address, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+Path, Handler(o))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintln(w, "kmscope: the metrics are at "+Path)
	})
	var handler http.Handler = mux
	if a, ok := l.Addr().(*net.TCPAddr); ok && a.IP.IsLoopback() {
		handler = localOnly(mux)
	}
	e := &Endpoint{
		addr: l.Addr().String(), ended: make(chan struct{}),
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
			WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		},
	}
	go e.serve(l)
	return e, nil
}

func (e *Endpoint) serve(l net.Listener) {
	defer close(e.ended)
	if err := e.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		slog.Warn("metrics are no longer given", "error", err)
	}
}

// localOnly refuses requests in the name of another host: a page in a browser
// may have had its own name resolved to this machine, to read what is not its
// business.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		host = strings.Trim(host, "[]")
		if net.ParseIP(host) == nil && !strings.EqualFold(host, "localhost") {
			http.Error(w, "metrics are given to this machine alone, as localhost or 127.0.0.1", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Addr is host and port that it listens on.
func (e *Endpoint) Addr() string { return e.addr }

// farewell is how long answers under way may take at the end.
const farewell = time.Second

// Close ends it; answers under way may finish within a second.
func (e *Endpoint) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if e.server.Shutdown(ctx) != nil {
		e.server.Close()
	}
	<-e.ended
}
