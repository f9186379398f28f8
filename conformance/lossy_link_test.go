//go:build linux && lossylink

package conformance

import (
	"flag"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"kmscope/inventory"
	"kmscope/session"
	"kmscope/stats"
)

// What kmscope shows of a link whose faults are known. The server and a peer are
// in network namespaces of their own, a cable joins them that can be spoilt (by
// netem where the kernel has it): both ends lose and delay what they send, so that a packet is lost with the
// given chance in either direction and a round trip takes twice the delay. The
// call is made over the clean link, because what is asked here is not whether ICE
// gets through. Control goes past the link: the WebSocket is dialled inside the
// server's namespace.
//
// Audio is the judge of loss: nobody asks for its packets again. Of video both
// sides count what retransmission brought back as never lost, so the table has
// it beside, and nothing is demanded of it.

var (
	kmsBin    = flag.String("kms-bin", "", "the server's program, or a script that ends in exec of it with \"$@\"; it gets --conf-file=FILE")
	lossyKeep = flag.String("lossy-keep", "", "an existing folder for the captures")
	lossyFor  = flag.Int("lossy-samples", 40, "samples of each link, one a second")
)

const (
	lossyPort   = 8899
	lossyServer = "10.77.0.1"
	lossyPeer   = "10.77.0.2"
)

// fault is what the cable does at both ends.
type fault struct {
	loss  float64 // share of packets
	delay time.Duration
}

func (f fault) String() string {
	return fmt.Sprintf("loss %g %%, delay %d ms", f.loss*100, f.delay.Milliseconds())
}

func TestLossyLink(t *testing.T) {
	switch {
	case *kmsBin == "":
		t.Fatal("say which server to run: go test -tags lossylink ./conformance -run TestLossyLink -kms-bin PROGRAM")
	case os.Geteuid() != 0:
		t.Fatal("network namespaces need root")
	case *lossyFor < 10:
		t.Fatal("fewer than 10 samples say nothing")
	}
	l := layLink(t)
	url := l.serve(t)
	var rows []string
	for _, f := range []fault{{}, {loss: 0.01}, {loss: 0.05}, {loss: 0.20},
		{delay: 50 * time.Millisecond}, {delay: 300 * time.Millisecond}, {loss: 0.05, delay: 50 * time.Millisecond}} {
		t.Run(strings.NewReplacer(" ", "", "%", "pc", ",", "-").Replace(f.String()), func(t *testing.T) {
			rows = append(rows, l.try(t, url, f))
		})
	}
	t.Logf("shown, set:\n%s", strings.Join(rows, "\n"))
}

// link is two namespaces and the cable between them, which is called cable at
// both ends.
type link struct {
	server, peer string
	cable        cable
}

// cable is what spoils packets, and counts those that it lost.
type cable interface {
	// spoil makes both ends lose and delay what they send.
	spoil(t *testing.T, f fault)
	// passage is what the end in a namespace has sent and lost so far.
	passage(t *testing.T, ns string) passage
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func layLink(t *testing.T) link {
	t.Helper()
	l := link{server: fmt.Sprintf("kmscope-s%d", os.Getpid()), peer: fmt.Sprintf("kmscope-p%d", os.Getpid())}
	for _, ns := range []string{l.server, l.peer} {
		run(t, "ip", "netns", "add", ns)
		t.Cleanup(func() { run(t, "ip", "netns", "del", ns) })
		run(t, "ip", "-n", ns, "link", "set", "lo", "up")
	}
	if kernelHasNetem(t) {
		run(t, "ip", "link", "add", "cable", "netns", l.server, "type", "veth", "peer", "name", "cable", "netns", l.peer)
		l.cable = netem{l.server, l.peer}
	} else {
		t.Log("this kernel has no netem: the test carries the packets itself, and loses and delays them by the same rule")
		l.cable = layTunnel(t, l.server, l.peer)
	}
	for ns, address := range map[string]string{l.server: lossyServer, l.peer: lossyPeer} {
		run(t, "ip", "-n", ns, "address", "add", address+"/24", "dev", "cable")
		run(t, "ip", "-n", ns, "link", "set", "cable", "up")
	}
	return l
}

// passage is what one end has handed on and dropped: packets of any kind.
type passage struct{ sent, dropped float64 }

// lost gives the share that was dropped since.
func (p passage) lost(since passage) float64 {
	dropped := p.dropped - since.dropped
	return dropped / max(p.sent-since.sent+dropped, 1)
}

// inside runs f on a thread that is in a namespace, to which the sockets that f
// makes belong. The thread ends with it.
func inside(ns string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- func() error {
			at, err := os.Open(filepath.Join("/var/run/netns", ns))
			if err != nil {
				return err
			}
			defer at.Close()
			if err := unix.Setns(int(at.Fd()), unix.CLONE_NEWNET); err != nil {
				return fmt.Errorf("entering %s: %w", ns, err)
			}
			return f()
		}()
	}()
	return <-done
}

// serve starts the server in its namespace and gives an address that leads to it
// from outside.
func (l link) serve(t *testing.T) string {
	t.Helper()
	conf := filepath.Join(t.TempDir(), "kurento.conf.json")
	text := fmt.Sprintf(`{"mediaServer":{"resources":{"garbageCollectorPeriod":240},`+
		`"net":{"websocket":{"address":"127.0.0.1","port":%d,"path":"kurento","threads":10}}}}`, lossyPort)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "server.log"))
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command("ip", "netns", "exec", l.server, *kmsBin, "--conf-file="+conf)
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		select {
		case <-ended:
		case <-time.After(patience):
			_ = server.Process.Kill()
			<-ended
		}
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("the server said: %s", said[max(0, len(said)-4000):])
		}
		log.Close()
	})
	target := fmt.Sprintf("127.0.0.1:%d", lossyPort)
	enter := func(address string) (c net.Conn, err error) {
		err = inside(l.server, func() error {
			c, err = net.DialTimeout("tcp4", address, time.Second)
			return err
		})
		return c, err
	}
	eventually(t, 3*patience, "the server listens", func() bool {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the server ended: %v", err)
		default:
		}
		c, err := enter(target)
		if err == nil {
			err = c.Close()
		}
		return err == nil
	})
	_, url := betweenBy(t, "ws://"+target+"/kurento", enter)
	return url
}

// try makes a call, spoils the link, and compares what is shown with what was
// set. It gives a row of the table.
func (l link) try(t *testing.T, url string, f fault) string {
	l.cable.spoil(t, fault{})
	file := filepath.Join(t.TempDir(), "capture.kmscope")
	if *lossyKeep != "" {
		file = filepath.Join(*lossyKeep, fmt.Sprintf("loss%g-delay%d.kmscope", f.loss*100, f.delay.Milliseconds()))
	}
	app := dial(t, url)
	o := attach(t, url, session.Options{CaptureFile: file})
	defer o.detach(t)
	pipeline := app.create("MediaPipeline", object{})
	defer app.call("release", object{"object": pipeline})
	id := app.create("WebRtcEndpoint", object{"mediaPipeline": pipeline})
	app.invoke(id, "connect", object{"sink": id})
	o.wait(t, patience, "the endpoint is seen", func() bool { return o.sees(id) })
	o.s.Focus(id)
	var socket net.PacketConn
	if err := inside(l.peer, func() (err error) {
		socket, err = net.ListenPacket("udp4", lossyPeer+":0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ringFrom(t, app, id, socket)
	o.wait(t, patience, "audio and video flow", func() bool {
		return !slices.ContainsFunc([]inventory.Media{inventory.Audio, inventory.Video}, func(m inventory.Media) bool {
			return o.s.Snapshot().Object(id).State(inventory.FlowOut(m)).Value != "FLOWING"
		})
	})
	points := func(metric string, dir stats.Direction, media string, from time.Time) []float64 {
		var best []float64 // of the stream that has most: others are phantoms
		for _, s := range o.s.Stats().Series(stats.Query{Element: id, Metrics: []string{metric}, Dir: dir, Media: media, From: from}) {
			if len(s.Points) > len(best) {
				best = nil
				for _, p := range s.Points {
					best = append(best, p.V)
				}
			}
		}
		return best
	}
	l.cable.spoil(t, f)
	spoilt := time.Now()
	o.wait(t, patience, "the reports are of the spoilt link", func() bool { return len(points(stats.RTT, stats.Out, "AUDIO", spoilt)) >= 8 })
	from := time.Now()
	peerBefore, serverBefore := l.cable.passage(t, l.peer), l.cable.passage(t, l.server)
	o.wait(t, time.Duration(*lossyFor)*4*time.Second, "samples enough", func() bool {
		return len(points(stats.Loss, stats.In, "AUDIO", from)) >= *lossyFor && len(points(stats.Loss, stats.In, "VIDEO", from)) >= *lossyFor/2
	})

	type figure struct{ mean, median float64 }
	shown := func(metric string, dir stats.Direction, media string) figure {
		v := points(metric, dir, media, from)
		if len(v) == 0 {
			return figure{math.NaN(), math.NaN()}
		}
		sum := 0.0
		for _, x := range v {
			sum += x
		}
		slices.Sort(v)
		return figure{sum / float64(len(v)), v[len(v)/2]}
	}
	toServer, toPeer := l.cable.passage(t, l.peer).lost(peerBefore), l.cable.passage(t, l.server).lost(serverBefore)
	in := shown(stats.Loss, stats.In, "AUDIO").mean
	out := shown(stats.FractionLost, stats.Out, "AUDIO").mean
	packets := shown(stats.PacketRate, stats.In, "AUDIO").mean * float64(*lossyFor)
	// Four standard deviations of what chance does, and the step of a share that
	// is told in 256ths.
	margin := 4*math.Sqrt(f.loss*(1-f.loss)/packets) + 1.0/256
	for what, v := range map[string]float64{"loss of audio in": in, "fraction lost of audio out": out} {
		if !(math.Abs(v-f.loss) <= margin) {
			t.Errorf("%s is shown as %.2f %%, %.2f ± %.2f %% was set", what, v*100, f.loss*100, margin*100)
		}
	}
	want := float64(2 * f.delay.Milliseconds())
	for _, media := range []string{"AUDIO", "VIDEO"} {
		// What the two programs need comes on top; nothing makes it shorter, but for
		// the clocks' grain.
		if rtt := shown(stats.RTT, stats.Out, media).median; !(rtt >= want-2 && rtt <= want*1.1+20) {
			t.Errorf("round trip of %s is shown as %.1f ms, %.0f ms was set", media, rtt, want)
		}
	}
	return fmt.Sprintf("| %g %% | %d ms | %.2f / %.2f %% | %.2f %% | %.2f %% | %.2f %% | %.2f %% | %.0f ms | %.1f ms | %.1f ms | %.1f / %.1f ms | %.1f / s | %.1f / s | %.1f / s |",
		f.loss*100, f.delay.Milliseconds(), toServer*100, toPeer*100,
		in*100, shown(stats.Loss, stats.In, "VIDEO").mean*100,
		out*100, shown(stats.FractionLost, stats.Out, "VIDEO").mean*100,
		want, shown(stats.RTT, stats.Out, "AUDIO").median, shown(stats.RTT, stats.Out, "VIDEO").median,
		shown(stats.Jitter, stats.In, "AUDIO").median, shown(stats.Jitter, stats.In, "VIDEO").median,
		shown(stats.NACKRate, stats.In, "VIDEO").mean, shown(stats.NACKRate, stats.Out, "VIDEO").mean,
		shown(stats.PLIRate, stats.In, "VIDEO").mean)
}
