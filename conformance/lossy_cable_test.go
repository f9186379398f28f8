//go:build linux && lossylink

package conformance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// kernelHasNetem asks by trying, in a namespace made for it.
func kernelHasNetem(t *testing.T) bool {
	t.Helper()
	ns := fmt.Sprintf("kmscope-n%d", os.Getpid())
	run(t, "ip", "netns", "add", ns)
	defer run(t, "ip", "netns", "del", ns)
	return exec.Command("tc", "-n", ns, "qdisc", "add", "dev", "lo", "root", "netem", "loss", "1%").Run() == nil
}

// netem is a veth pair with the kernel's own emulator at both ends.
type netem struct{ server, peer string }

func (n netem) spoil(t *testing.T, f fault) {
	t.Helper()
	for _, ns := range []string{n.server, n.peer} {
		run(t, "tc", "-n", ns, "qdisc", "replace", "dev", "cable", "root", "netem", "limit", "10000",
			"delay", fmt.Sprintf("%dms", f.delay.Milliseconds()), "loss", fmt.Sprintf("%g%%", f.loss*100))
	}
}

func (n netem) passage(t *testing.T, ns string) (p passage) {
	t.Helper()
	text := run(t, "tc", "-n", ns, "-s", "qdisc", "show", "dev", "cable")
	_, text, _ = strings.Cut(text, "Sent ")
	var bytes float64
	if _, err := fmt.Sscanf(text, "%f bytes %f pkt (dropped %f,", &bytes, &p.sent, &p.dropped); err != nil {
		t.Fatalf("tc says nothing of packets: %v: %s", err, text)
	}
	return p
}

// tunnel is two TUN interfaces (Linux, networking/tuntap) whose packets the test
// carries from one to the other. It does what netem does when told a loss and a
// delay without variation: each packet is lost by a throw of its own, and those
// that are not arrive in order, each after the delay.
type tunnel struct {
	ends  map[string]*os.File
	mu    sync.Mutex
	fault fault
	went  map[string]passage
}

func layTunnel(t *testing.T, a, b string) *tunnel {
	t.Helper()
	n := &tunnel{ends: map[string]*os.File{}, went: map[string]passage{}}
	for _, ns := range []string{a, b} {
		if err := inside(ns, func() (err error) {
			n.ends[ns], err = openTUN("cable")
			return err
		}); err != nil {
			t.Fatalf("a TUN interface in %s: %v", ns, err)
		}
	}
	var carriers sync.WaitGroup
	carriers.Go(func() { n.carry(a, b) })
	carriers.Go(func() { n.carry(b, a) })
	t.Cleanup(func() {
		for _, end := range n.ends {
			end.Close()
		}
		carriers.Wait()
	})
	return n
}

// openTUN makes an interface in the caller's namespace.
func openTUN(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	ask, err := unix.NewIfreq(name)
	if err == nil {
		ask.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, ask)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func (n *tunnel) spoil(_ *testing.T, f fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fault = f
}

func (n *tunnel) passage(_ *testing.T, ns string) passage {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.went[ns]
}

// take throws for one packet and gives when it is to arrive.
func (n *tunnel) take(from string) (arrives time.Time, lost bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	went := n.went[from]
	if lost = rand.Float64() < n.fault.loss; lost {
		went.dropped++
	} else {
		went.sent++
	}
	n.went[from] = went
	return time.Now().Add(n.fault.delay), lost
}

// carry ends when an end is closed.
func (n *tunnel) carry(from, to string) {
	type parcel struct {
		packet  []byte
		arrives time.Time
	}
	road := make(chan parcel, 10000)
	var delivery sync.WaitGroup
	delivery.Go(func() {
		for p := range road {
			if wait := time.Until(p.arrives); wait > 0 {
				<-time.After(wait)
			}
			_, _ = n.ends[to].Write(p.packet) // a packet that cannot be delivered is lost, as on any link
		}
	})
	defer delivery.Wait()
	defer close(road)
	buffer := make([]byte, 65536)
	for {
		k, err := n.ends[from].Read(buffer)
		if err != nil {
			return
		}
		if arrives, lost := n.take(from); !lost {
			road <- parcel{append([]byte(nil), buffer[:k]...), arrives}
		}
	}
}
