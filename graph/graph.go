// Package graph turns a snapshot into nodes and edges and places them. It draws
// nothing and knows no toolkit.
package graph

// Contract for ui (implemented in this package):
//
//	type Graph struct { Frames []Frame /* one per pipeline */; Nodes []Node; Edges []Edge }
//	func Build(s *inventory.Snapshot, rates Rates) *Graph          // pure
//	type Node struct { ID, Frame, Type, Label, Sub string; Kind Kind; Parent string; States []Badge; Errors int; Dead, Transcoding bool; Health Health; W, H float64; X, Y float64 }
//	type Edge struct { From, To string; Media inventory.Media; Count int; Flow Flow /* FlowUnknown, Flowing, NotFlowing */; RateBps float64 /* <0 unknown */; Path []Point }
//	type Kind: WebRTC, RTP, Player, Recorder, HTTP, Filter, Hub, HubPort, PassThrough, PipelineKind, UnknownKind
//
//	// Layouter places graphs with graphviz in a child process of this same program.
//	func NewLayouter(cmd func() *exec.Cmd) *Layouter
//	func (l *Layouter) Layout(ctx context.Context, g *Graph) (*Graph, error)   // any goroutine; one at a time inside
//	func ServeLayout(r io.Reader, w io.Writer) error                          // the child's side
