//go:build race

package conformance

// slack is how much longer things may take under the race detector.
const slack = 3
