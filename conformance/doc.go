// Package conformance holds tests alone: what a Kurento server does, and what
// kmscope does to one.
//
// Everything runs against the simulated server; with
//
//	go test ./conformance -kms ws://127.0.0.1:8888/kurento -collector 6s
//
// it runs against a real server as well, and both must give the same answers.
// Use a server that nobody else uses: the tests count its sessions and objects.
// The flag -collector says which mediaServer.resources.garbageCollectorPeriod
// it has.
//
// A lossy link is a laboratory of its own, on Linux, as root, with iproute2 and a
// kernel that has netem; it starts a server itself, and fails where it cannot:
//
//	go test -tags lossylink ./conformance -run TestLossyLink -v -kms-bin PROGRAM
//
// The dialogues in testdata hold requests and the answers of a real server
// (7.3.1-dev); -update writes the answers anew, from the server of -kms. Where
// the simulated server differs from the real one, it is the one to be mended.
package conformance
