//go:build !race

package conformance

const slack = 1
