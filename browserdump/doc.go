// Package browserdump reads the dump of a browser's chrome://webrtc-internals
// and lays it beside what is known of a media server: which peer connection of
// the browser is which endpoint of the server, how the two clocks differ, and
// the browser's states and figures as lanes and series on the server's axis.
//
// The model. Read gives a Dump: peer connections with their event log, session
// descriptions, candidates and series of statistics. A Server follows the facts
// of a capture and keeps, per WebRtcEndpoint, what the other side of its
// connection must know too. Match compares the two and gives a Result, a value
// that nobody changes any more.
//
// What is compared. Both sides see the same ufrags, certificate fingerprints,
// session ids (the o-line), SSRCs and candidates. Every such value is a Key; a
// key that exactly one peer connection and exactly one endpoint hold is
// evidence for the two belonging together, one that several hold (a server's
// certificate, the discard port of TCP candidates) hardly is. An observer's
// capture has no descriptions, but SSRCs and candidates, which suffice; a
// redacted capture has pseudonyms for ufrags, which then match nothing and
// contradict nothing.
//
// Two clocks. What one side sent, the other received later: the server
// announces a candidate before the browser adds it, the browser makes its offer
// before the server's media session starts. Each such couple bounds the offset
// from one side, as in NTP. The tightest bounds come from RTCP: a sender report
// carries the server's wall clock, and the browser notes when it came
// (remote-outbound-rtp). Rejected: voting over events of the same name, as it
// is done for the server's log. There both ends read one clock within one
// process; here a network lies between, and a vote cannot tell its delay from
// an offset.
//
// Chrome offers two forms, which say the same: the usual one, and the "rtcstats
// dump" (see rtcstats.go). The formats differ by the browser's age. Times are numbers or the local
// date of whoever made the dump, values JSON or prose, names change. Everything
// is read leniently: what is not understood is counted, and the rest is shown.
// Firefox and Safari write other formats, which are refused with a sentence.
package browserdump
