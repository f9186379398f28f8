package archtest

// module is the module's path, and so the prefix of every room.
const module = "kmscope"

// A room is a folder of the project with one duty.
type room struct {
	// path is the folder; its sub-folders belong to it unless they are rooms
	// themselves.
	path string
	// imports are the rooms that its code may import. A room may always import
	// its own sub-folders. Test files may import more.
	imports []string
	// anything lifts the column: every room may be imported but those in except.
	anything bool
	except   []string
	// toolkit allows Fyne and the native dialogs.
	toolkit bool
	// pure forbids the clock and goroutines: all time comes from the records.
	pure bool
}

// rooms is the table of docs/ARCHITECTURE.md. A package outside of them fails
// the test, so that a new folder gets its row.
var rooms = []room{
	{path: ".", imports: []string{"ui", "session", "metrics", "report", "kmssim", "capture", "graph"}, toolkit: true},
	{path: "kmsconn", imports: []string{"kmsconn/jsonrpc", "kmsconn/kmd", "rawjson"}},
	{path: "kmsconn/jsonrpc", imports: []string{"rawjson"}},
	{path: "kmsconn/kmd"},
	{path: "rawjson", pure: true},
	{path: "capture", imports: []string{"kmsconn/jsonrpc", "rawjson"}},
	{path: "wire", imports: []string{"capture", "kmsconn/kmd", "rawjson"}, pure: true},
	{path: "inventory", imports: []string{"wire", "kmsconn/kmd", "rawjson"}, pure: true},
	{path: "stats", imports: []string{"wire", "inventory", "rawjson"}, pure: true},
	{path: "timeline", imports: []string{"wire", "inventory", "rawjson"}, pure: true},
	{path: "negotiation", imports: []string{"wire", "inventory", "kmsconn/kmd", "rawjson"}, pure: true},
	{path: "browserdump", imports: []string{"wire", "inventory", "stats", "timeline", "negotiation"}, pure: true},
	{path: "control", imports: []string{"kmsconn", "wire"}, pure: true},
	{path: "graph", imports: []string{"inventory", "stats"}},
	{path: "session", imports: []string{"kmsconn", "kmsconn/jsonrpc", "kmsconn/kmd", "capture", "wire", "inventory", "stats", "timeline", "negotiation", "control"}},
	{path: "metrics", imports: []string{"session", "capture", "wire", "inventory", "stats", "timeline"}},
	{path: "report", imports: []string{"inventory", "timeline", "negotiation", "graph"}, pure: true},
	{path: "kmssim", imports: []string{"kmsconn/kmd"}},
	{path: "ui", anything: true, except: []string{"kmsconn", "kmsconn/jsonrpc"}, toolkit: true},
	{path: "cmd", anything: true, except: []string{"ui"}},
	{path: "conformance"},
	{path: "assets"},
	{path: "archtest"},
}

// toolkits are the import paths, with all below them, that only rooms with
// toolkit may import.
var toolkits = []string{"fyne.io", "github.com/sqweek/dialog", "github.com/go-gl"}

// clock are the functions of package time that read or wait for the clock.
var clock = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true,
	"AfterFunc": true, "Tick": true, "NewTimer": true, "NewTicker": true,
}
