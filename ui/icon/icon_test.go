package icon

import (
	"testing"

	"kmscope/assets"
	"kmscope/graph"
)

func TestEveryIconDraws(t *testing.T) {
	names := assets.IconNames()
	if len(names) < 20 {
		t.Fatalf("only %d icons", len(names))
	}
	for _, name := range names {
		m := Mask(name, 32)
		covered, edge := 0, 0
		for y := range 32 {
			for x := range 32 {
				if m.AlphaAt(x, y).A > 128 {
					covered++
					if x == 0 || y == 0 || x == 31 || y == 31 {
						edge++
					}
				}
			}
		}
		if covered < 40 || covered > 700 || edge > 0 {
			t.Errorf("%s covers %d of 1024 pixels, %d of them at the edge", name, covered, edge)
		}
	}
}

func TestEveryKindHasItsIcon(t *testing.T) {
	seen := map[string]graph.Kind{}
	for k := graph.UnknownKind; k <= graph.PipelineKind; k++ {
		name := Of(k)
		if assets.Icon(name) == nil {
			t.Errorf("kind %v: there is no icon %q", k, name)
		}
		if other, twice := seen[name]; twice {
			t.Errorf("kinds %v and %v share the icon %q", k, other, name)
		}
		seen[name] = k
	}
}
