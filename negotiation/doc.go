// Package negotiation reads what two peers agreed on, and what they did not:
// the ICE candidates and pairs of an endpoint, its session descriptions with
// notes in plain language, what is wrong with them, and how far the expected
// order of a WebRtcEndpoint came.
//
// The model. A Log follows the facts of a stream and keeps, per endpoint, what
// the inventory does not: every session description that was said or read, in
// order, and when each step of the connection came first. Of joins that
// History with the endpoint as the inventory knows it and gives a Negotiation,
// a value that nobody changes any more.
//
// Two clocks meet here. Events carry the server's timestamps, calls only the
// time at which this side saw them. All times of a Negotiation are the
// server's: a local time is moved by the smallest difference between arrival
// and timestamp that was seen at this endpoint (History.Skew), which is the
// difference of the clocks and the shortest way together.
//
// Absence of data is not evidence. Candidates that another client hands to the
// server are in no answer and no event; a step is called missing only when
// somebody was subscribed to its event before it could happen, and unknown
// otherwise.
//
// A description is split into lines by this package and checked by pion/sdp.
// Rejected: working on pion's tree alone. It refuses a whole description for
// one bad line, and a damaged description is the very thing that people look
// at; what cannot be parsed is shown as it is, and everything around it too.
// The cost is one pass over the lines and one of pion, some ten microseconds.
package negotiation
