package graph

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"kmscope/graph/viz"
)

// TestMain is also the child of the tests: the test binary starts itself, as
// the program does.
func TestMain(m *testing.M) {
	if IsChild() {
		switch os.Getenv("TEST_CHILD") {
		case "crash":
			fmt.Fprintln(os.Stderr, "something snapped")
			os.Exit(3)
		case "hang":
			select {}
		case "babble":
			fmt.Print("this is no answer at all, whatever was asked")
			select {}
		}
		if err := ServeLayout(os.Stdin, os.Stdout, viz.Plain); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
