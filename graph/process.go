package graph

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
)

// process is a running child. One goroutine at a time uses it.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr tail
	jobs   int
	boxes  int
	ended  bool
}

// A child leaks about half a kilobyte per box and job: it is replaced in time.
const (
	maxJobsPerChild  = 1_000
	maxBoxesPerChild = 60_000
)

// start starts a child.
func start(command func() *exec.Cmd) (*process, error) {
	p := &process{cmd: command()}
	p.cmd.Stderr = &p.stderr
	hideWindow(p.cmd)
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	return p, nil
}

// place gives the child a job and waits for the answer. After an error the
// child is of no use any more. A cancelled ctx kills it.
func (p *process) place(ctx context.Context, j *job) (*placement, error) {
	stop := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	defer stop()
	p.jobs++
	p.boxes += len(j.Boxes)
	var answer placement
	err := writeFrame(p.in, j)
	if err == nil {
		err = readFrame(p.out, &answer)
	}
	if err != nil {
		p.end() // what it complained about is complete only then
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && p.stderr.String() != "":
		return nil, fmt.Errorf("the layout process ended: %s", p.stderr.String())
	case err != nil:
		return nil, fmt.Errorf("the layout process ended: %w", err)
	case answer.Err != "":
		return nil, errors.New(answer.Err)
	case len(answer.At) != len(j.Boxes) || len(answer.Paths) != len(j.Pairs):
		return nil, errOddAnswer
	}
	return &answer, nil
}

func (p *process) worn() bool { return p.jobs >= maxJobsPerChild || p.boxes >= maxBoxesPerChild }

// end ends the child at once: it owns nothing that needs tidying.
func (p *process) end() {
	if p.ended {
		return
	}
	p.ended = true
	_ = p.in.Close()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// tail keeps the end of what the child complains about. The goroutine of
// exec.Cmd writes it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const maxTail = 4096

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if len(t.b) > maxTail {
		t.b = append([]byte(nil), t.b[len(t.b)-maxTail:]...)
	}
	return len(p), nil
}

// String gives the last line of it.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.TrimSpace(string(t.b))
	return Shorten(s[strings.LastIndexByte(s, '\n')+1:], 200)
}
