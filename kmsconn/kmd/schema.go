package kmd

// Schema is the merged description of all modules of a server. It is immutable
// after Merge and may be used from any goroutine. Lookups accept "WebRtcEndpoint"
// and "kurento.WebRtcEndpoint" alike.
//
// Contract for the other rooms; implemented here:
//
//	func Parse(data []byte) (*Module, error)                 // lenient: comments, raw newlines, trailing commas
//	func Merge(modules ...*Module) *Schema                   // later modules win; never fails
//	func Builtin(version string) *Schema                     // fall-back for 6.7, 6.18, 7.x: nearest by version; names and types only
//	func (s *Schema) Class(name string) *Class               // nil when unknown
//	func (s *Schema) Ancestors(name string) []string         // nearest first, without itself; cycle-safe
//	func (s *Schema) IsA(name, ancestor string) bool
//	func (s *Schema) Properties(name string) []Property      // inherited ones included, ancestors first, each name once
//	func (s *Schema) Methods(name string) []Method           // likewise; overloads of one name are kept
//	func (s *Schema) Method(class, method string) []Method   // the overloads
//	func (s *Schema) Events(name string) []string            // all events the class can raise
//	func (s *Schema) Event(name string) *Event
//	func (s *Schema) Type(name string) *ComplexType
//	func (s *Schema) Classes() []*Class                      // sorted by name
//	func (s *Schema) Concrete() []*Class                     // not abstract, has a constructor
//	func (s *Schema) Modules() []*Module
type Schema struct {
	modules []*Module
	classes map[string]*Class
	types   map[string]*ComplexType
	events  map[string]*Event
}
