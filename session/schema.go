package session

import (
	"encoding/json"

	"kmscope/inventory"
	"kmscope/kmsconn/kmd"
	"kmscope/wire"
)

// schemaReader gathers the descriptions that getKmd gives, live and in replay
// alike: they come with the frames.
type schemaReader struct {
	version string
	modules []*kmd.Module
}

// feed takes a fact and gives a new schema when the fact brought a description
// or the server's version, else nil.
func (r *schemaReader) feed(f wire.Fact) *kmd.Schema {
	if f.Kind != wire.KindCall || f.Method != "invoke" || f.Object != inventory.ManagerID || f.Err != nil {
		return nil
	}
	switch f.Operation {
	case "getInfo":
		var info struct {
			Version string `json:"version"`
		}
		if json.Unmarshal(f.Result, &info) != nil || info.Version == "" || info.Version == r.version {
			return nil
		}
		r.version = info.Version
		r.modules = nil // another server, other modules
		return kmd.Builtin(r.version)
	case "getKmd":
		var text string
		if json.Unmarshal(f.Result, &text) != nil {
			return nil
		}
		m, err := kmd.Parse([]byte(text))
		if err != nil {
			return nil // the built-in description serves
		}
		r.modules = append(r.modules, m)
		// The server's own word goes before the built-in; what it did not say
		// (a getKmd that failed) is still described.
		return kmd.Merge(append(kmd.Builtin(r.version).Modules(), r.modules...)...)
	}
	return nil
}
