// Package control owns every change that this program makes to a server: what
// may be sent, when, how it is taken back, and the record of it.
//
// Watching changes nothing; see package kmsconn. The few things that a person
// may want changed all go through the Desk of their server:
//
//	Desk     off until a person turns it on; sends one Change at a time, remembers
//	         what takes it back, and takes everything back when it is turned off
//	Change   what is sent, what is read before it, and what undoes it
//	Log      the audit: what was sent, how it ended, when it was taken back
//
// A desk that is off refuses, and has no connection that it could send anything
// on. One that is on has a connection of its own: what travels on it is what a
// person asked for, so the timeline knows our commands from those of others in
// a capture.
//
// The audit learns from records alone, like the rest of the model: the desk
// writes a note per command into the capture (docs/capture-format.md), and the
// Log reads it there, live and in a replay alike. The note comes after the
// reply. What the desk itself remembers is only what it still has to take back.
//
// To let a person change something else, add a constructor of a Change: guard
// list, refusal, audit and undo come with the desk.
//
// Rejected: taking the audit from the frames on the desk's connection, which
// tell neither what a command undoes nor what was never sent; and turning the
// desk off by itself when a change cannot be taken back because the server does
// not answer: the window would say read-only while a change of ours is in force.
package control
