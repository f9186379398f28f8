package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kmscope/kmsconn"
	"kmscope/kmsconn/kmd"
)

// schemaOf reads what a server says of its modules.
func schemaOf(t *testing.T, c *client) *kmd.Schema {
	t.Helper()
	var modules []*kmd.Module
	for _, name := range []string{"core", "elements", "filters"} {
		text, isText := c.invoke(manager, "getKmd", object{"moduleName": name}).(string)
		if !isText {
			t.Fatalf("the description of %s is no text", name)
		}
		m, err := kmd.Parse([]byte(text))
		if err != nil {
			t.Fatalf("the description of %s: %v", name, err)
		}
		modules = append(modules, m)
	}
	return kmd.Merge(modules...)
}

// specimens are constructor parameters beyond the pipeline, and types that need
// something that a bare server does not have.
var specimens = map[string]object{
	"PlayerEndpoint":   {"uri": "file:///nonexistent/film.webm"},
	"RecorderEndpoint": {"uri": "file:///nonexistent/film.webm"},
	"GStreamerFilter":  {"command": "videoflip", "filterType": "VIDEO"},
}

// notMade: HttpPostEndpoint opens a port of its own; Mixer and the abstract
// ones are of no use or dangerous.
var notMade = map[string]bool{"HttpPostEndpoint": true, "Mixer": true, "MediaPipeline": true, "HubPort": true}

// specimen makes one object of every class that can be made.
func specimen(t *testing.T, c *client, schema *kmd.Schema) (pipeline string, ids map[string]string) {
	t.Helper()
	pipeline = c.create("MediaPipeline", object{})
	ids = map[string]string{"MediaPipeline": pipeline}
	for _, class := range schema.Concrete() {
		if notMade[class.Name] || class.Name == "ServerManager" {
			continue
		}
		args := object{"mediaPipeline": pipeline}
		for k, v := range specimens[class.Name] {
			args[k] = v
		}
		ids[class.Name] = c.create(class.Name, args)
	}
	ids["HubPort"] = c.create("HubPort", object{"hub": ids["Composite"]})
	return pipeline, ids
}

// TestDescribeAgreesWithTheDescriptions: the hierarchy that describe gives is
// the inheritance of the module descriptions.
func TestDescribeAgreesWithTheDescriptions(t *testing.T) {
	servers(t, func(t *testing.T, s *server) {
		c := dial(t, s.url)
		schema := schemaOf(t, c)
		pipeline, ids := specimen(t, c, schema)
		ids["ServerManager"] = manager
		if len(ids) < 15 {
			t.Errorf("only %d classes could be made", len(ids))
		}
		for class, id := range ids {
			got := c.call("describe", object{"object": id})
			if got["type"] != class || !strings.HasSuffix(fmt.Sprint(got["qualifiedType"]), "."+class) {
				t.Errorf("%s describes itself as %v, %v", class, got["type"], got["qualifiedType"])
			}
			var ancestors []string
			for _, a := range got["hierarchy"].([]any) {
				name := fmt.Sprint(a)
				ancestors = append(ancestors, name[strings.LastIndexByte(name, '.')+1:])
			}
			var want []string
			for c := schema.Class(class); c != nil && c.Extends != ""; {
				parent := c.Extends[strings.LastIndexByte(c.Extends, '.')+1:]
				want = append(want, parent)
				c = schema.Class(parent)
			}
			if diff := cmp.Diff(want, ancestors); diff != "" {
				t.Errorf("%s (-description +describe):\n%s", class, diff)
			}
		}
		c.call("release", object{"object": pipeline})
	})
}

// TestProperties reads every property of every class, but those on the list of
// dangerous calls, and compares what fresh objects say with testdata/properties.txt.
func TestProperties(t *testing.T) {
	const file = "testdata/properties.txt"
	if *update && *kms != "" {
		if err := os.WriteFile(filepath.FromSlash(file), []byte(strings.Join(properties(t, realServer()), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(raw)), "\n")
	servers(t, func(t *testing.T, s *server) {
		if diff := cmp.Diff(want, properties(t, s)); diff != "" {
			t.Errorf("(-expected +got):\n%s", diff)
		}
	})
}

// varying properties say what a machine is like; their kind is compared.
var varying = map[string]bool{
	"creationTime": true, "usedMemory": true, "cpuCount": true, "sessions": true, "pipelines": true, "metadata": true,
	"info": true, "stunServerAddress": true, "networkInterfaces": true, "externalAddress": true, "elementGstreamerDot": true, "gstreamerDot": true,
}

func properties(t *testing.T, s *server) []string {
	t.Helper()
	c := dial(t, s.url)
	schema := schemaOf(t, c)
	pipeline, ids := specimen(t, c, schema)
	ids["ServerManager"] = manager
	d := &dialogue{names: map[string]string{}}
	for class, id := range ids {
		d.names[id] = "$" + class
	}
	var lines []string
	for class, id := range ids {
		for _, p := range schema.Properties(class) {
			if kmsconn.CheckOp(kmsconn.Invoke(id, p.Getter(), nil), schema) != nil {
				continue
			}
			reply, err := c.request("invoke", object{"object": id, "operation": p.Getter()})
			if err != nil {
				t.Fatalf("%s.%s: %v", class, p.Name, err)
			}
			var value any
			if number, kind := code(reply); number != 0 {
				value = fmt.Sprintf("refused: %d %s", number, kind)
			} else if value = dig(reply, "result", "value"); varying[p.Name] {
				value = shape(value)
			}
			if list, ok := value.([]any); ok {
				sort.Slice(list, func(i, k int) bool { return d.normal(list[i]) < d.normal(list[k]) })
			}
			lines = append(lines, class+"."+p.Name+" "+d.normal(value))
		}
	}
	c.call("closeSession", object{"sessionId": ""})
	c.call("release", object{"object": pipeline})
	sort.Strings(lines)
	return lines
}
