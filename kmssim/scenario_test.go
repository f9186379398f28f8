package kmssim

import (
	"context"
	"strings"
	"testing"
	"time"
)

// named finds an object by its name. The caller holds the lock.
func (s *Server) named(name string) *object {
	for _, o := range s.objects {
		if o.name == name {
			return o
		}
	}
	return nil
}

// Every scenario runs, a hundred times as fast as in a demonstration, until
// what it promises is to be seen.
func TestScenarios(t *testing.T) {
	// promise is asked under the server's lock.
	promises := map[string]func(s *Server) bool{
		"conference": func(s *Server) bool {
			r, late := s.named("recorder"), s.named("guest-5")
			return r != nil && r.uri.state == "START" && late != nil && late.flow.in[video] && late.tags["user"] == "guest-5"
		},
		"loopback": func(s *Server) bool {
			e := s.named("loopback-ep")
			return e != nil && e.flow.in[video] && e.flow.out[audio] && e.rtp.mediaState == "CONNECTED"
		},
		"one-to-many": func(s *Server) bool {
			n := 0
			for _, o := range s.objects {
				if strings.HasPrefix(o.name, "viewer-") && o.flow.in[video] && !o.flow.out[video] {
					n++
				}
			}
			return n == 8
		},
		"player-recorder": func(s *Server) bool {
			r, p := s.named("recorder"), s.named("missing file")
			return r != nil && r.uri.state == "START" && p != nil && p.uri.broken
		},
		"ice-failure": func(s *Server) bool {
			home := s.named("home")
			return home != nil && home.rtp.iceStates[1] == "FAILED" && len(home.rtp.pairs) == 0
		},
		"one-way-audio": func(s *Server) bool {
			a, b := s.named("alice"), s.named("bob")
			return a != nil && b != nil && a.flow.out[audio] && b.flow.in[audio] && b.flow.out[video] &&
				!b.flow.out[audio] && !a.flow.in[audio]
		},
		"loss-ramp": func(s *Server) bool {
			m := s.named("mobile")
			if m == nil || m.rtp.peer.LossIn < 0.2 {
				return false
			}
			s.advanceLocked(m)
			return m.rtp.media[audio].in.lost > 10 && m.rtp.media[audio].in.fraction > 12
		},
		"transcoding": func(s *Server) bool {
			n := 0
			for _, o := range s.objects {
				if o.flow.transcoding[video] == transcoding {
					n++
				}
			}
			return n == 8 && s.usedCPULocked() > 100
		},
		"zombie":  func(s *Server) bool { return s.named("left behind 1") == nil && s.named("left behind 3") != nil },
		"restart": func(s *Server) bool { return s.epoch >= 3 && len(s.objects) == 4 },
		"slow":    func(s *Server) bool { return s.faults.Latency == 3*time.Second && len(s.objects) > 8 },
		"huge":    func(s *Server) bool { return len(s.objects) == 5001 },
		"churn":   func(s *Server) bool { return s.serials["WebRtcEndpoint"] > 120 && len(s.objects) < 200 },
	}
	for _, sc := range Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			promise := promises[sc.Name]
			if sc.Summary == "" || promise == nil {
				t.Fatal("a scenario needs a summary and a promise")
			}
			s := New(Options{Speed: 100, Seed: 7, CollectorPeriod: 6 * time.Second})
			defer s.Close()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() { done <- s.Play(ctx, sc) }()
			eventually(t, "the promise of "+sc.Name, func() bool {
				select {
				case err := <-done:
					t.Fatalf("ended early: %v", err)
				default:
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				return promise(s)
			})
			cancel()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFindScenario(t *testing.T) {
	if sc, err := FindScenario("zombie"); err != nil || sc.Name != "zombie" {
		t.Errorf("%v, %v", sc.Name, err)
	}
	if _, err := FindScenario("nope"); err == nil || !strings.Contains(err.Error(), "conference") {
		t.Errorf("an unknown scenario must name the known ones: %v", err)
	}
}
